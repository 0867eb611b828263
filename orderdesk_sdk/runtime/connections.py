"""The connections of a configuration, made ready on first use: integration, settings, client and threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from attrs import evolve

from orderdesk_sdk.clock import Clock
from orderdesk_sdk.errors import ConfigurationError, NotFoundError, OrderDeskError, PluginFault
from orderdesk_sdk.plugin.bulkhead import Bulkhead
from orderdesk_sdk.plugin.guard import Fault
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.plain_values import plain_text
from orderdesk_sdk.plugin.registry import Loaded, Registry
from orderdesk_sdk.plugin.routes import Route
from orderdesk_sdk.plugin.service import Service, user_agent
from orderdesk_sdk.plugin.token_keeper import TokenKeeper
from orderdesk_sdk.plugin.validation import identities_of, ladder_of, texts_of, watched
from orderdesk_sdk.runtime.connection_config import ConnectionConfig, make_settings
from orderdesk_sdk.transport.http.client import CallLimits, ConnectionClient
from orderdesk_sdk.transport.http.kept_tokens import keeper_beside
from orderdesk_sdk.transport.shutdown import Ending

__all__ = ["Connection", "Connections"]

LOOK_AGAIN = 300.0
"""Seconds for which a plugin that hung while a connection was made is not asked again: each time costs everybody its
whole patience."""


class Connection:
    """One store's account at an integration, ready for calls.

    integration: its declaration, with this connection's ladder. texts: of the settings that its mails are made of.
    identities: where its responses state an order's number, by operation.
    """

    def __init__(
        self,
        configured: ConnectionConfig,
        loaded: Loaded,
        settings: object,
        clock: Clock,
        limits: CallLimits,
        bulkhead: Bulkhead,
        keeper: TokenKeeper | None = None,
        ending: Ending | None = None,
    ) -> None:
        """To be made under a guard, since it runs the plugin's code; what that says of the settings is kept.

        Raises what `ladder_of` raises.
        """
        self.name = configured.name
        self.loaded = loaded
        self.settings = settings
        declared = loaded.integration
        ladder = ladder_of(declared, loaded.manager, settings, f"{configured.place}.settings")
        self.texts = texts_of(ladder, settings)
        self.identities = identities_of(declared, settings)
        said: object = declared.unavailable(settings) if declared.unavailable is not None else None
        why = plain_text(said) if said is not None else None
        self.client = ConnectionClient(declared, settings, clock, limits, keeper, ending)
        place = f"integration {declared.slug}, connection {configured.name!r}"
        ladder = watched(ladder, bulkhead, self.client.redactor.text, place)
        self.integration: Integration = evolve(declared, cancel=ladder, unavailable=lambda _: why)
        self._base_url = plain_text(getattr(settings, declared.base_url)) if declared.base_url is not None else ""
        self._agent = user_agent(loaded.integration.slug, loaded.version or "0")

    def route(self, index: int) -> Route:
        """A route of the ladder. Raises PluginFault where there is none of that place any more, after an update say."""
        if index < len(self.integration.cancel):
            return self.integration.cancel[index]
        raise PluginFault(
            f"it no longer declares the way by which this was asked (its number {index + 1})",
            place=f"connection {self.name!r}, integration {self.integration.slug}",
            remedy="find out at the service, then confirm or refuse the case",
        )

    def service(self, now: datetime) -> Service[object]:
        """What a flow that began at `now` holds in its hands."""
        return Service(self.name, self.settings, self._base_url, now, self._agent, self.integration.role)


class Connections:
    """All connections by name. Safe from many threads."""

    def __init__(
        self,
        configured: Mapping[str, ConnectionConfig],
        registry: Registry,
        clock: Clock,
        limits: CallLimits,
        patience: float,
        ledger: Path | None = None,
        ending: Ending | None = None,
    ) -> None:
        """ledger: the file beside which refresh tokens are kept that services give; None keeps none."""
        self._configured = configured
        self._ledger = ledger
        self._ending = ending or Ending()
        self._registry = registry
        self._clock = clock
        self._limits = limits
        self.patience = patience
        self._lock = threading.Lock()
        self._ready: dict[str, Connection] = {}
        self._making: dict[str, threading.Lock] = {}
        self._hung: dict[str, tuple[float, PluginFault]] = {}
        self._bulkheads: dict[str, Bulkhead] = {}

    def names(self) -> tuple[str, ...]:
        """The configured connections."""
        return tuple(self._configured)

    def declared(self) -> Mapping[str, Integration | str]:
        """By slug the declarations of the integrations that are connected, however their connections are set up.

        In place of one that cannot be used stands the text of what keeps it from it.
        """
        slugs = dict.fromkeys(configured.integration for configured in self._configured.values())
        return {slug: self._registry.declared(slug) for slug in slugs}

    def slug(self, name: str) -> str:
        """The integration of a connection. Raises NotFoundError for a connection that is not configured."""
        return self._config(name).integration

    def configured_slug(self, name: str) -> str:
        """The integration of a connection; "" for one that is no longer configured, whose cases a person gets."""
        configured = self._configured.get(name)
        return configured.integration if configured is not None else ""

    def get(self, name: str) -> Connection:
        """A connection, ready for calls.

        Raises NotFoundError (not configured), ConfigurationError (a setting is wrong) or PluginFault (its plugin
        cannot be used).
        """
        ready = self._ready.get(name)
        if ready is None:
            configured = self._config(name)
            loaded = self._registry.load(configured.integration)
            with self._lock:
                turn = self._making.setdefault(name, threading.Lock())
            with turn:  # One makes it; the others wait for that, at most as long as the plugin may take.
                ready = self._ready.get(name)
                if ready is None:
                    ready = self._ready[name] = self._made(loaded, configured)
        return ready

    def _made(self, loaded: Loaded, configured: ConnectionConfig) -> Connection:
        hung = self._hung.get(configured.name)
        if hung is not None and time.monotonic() < hung[0]:
            raise hung[1].with_traceback(None)
        bulkhead = self.bulkhead(configured.name)

        def made() -> Connection:
            settings = make_settings(loaded.integration.settings, configured)
            keeper = keeper_beside(self._ledger, configured.name) if self._ledger is not None else None
            return Connection(configured, loaded, settings, self._clock, self._limits, bulkhead, keeper, self._ending)

        # What the guard lets through is made anew, without the frames below, whose variables hold secrets and the
        # environment: whoever logs it may show them.
        found = bulkhead.aside(made, passes=(ConfigurationError, PluginFault))
        if isinstance(found, Fault):
            # Its words may quote a setting, so only the kind is told.
            fault = PluginFault(
                f"the connection cannot be made: {f'{found.kind} in the plugin' if found.kind else found.text}",
                place=f"connection {configured.name!r}, integration {loaded.integration.slug}",
                remedy="check the connection's settings; report it to the plugin's author",
            )
            if not found.kind:
                self._hung[configured.name] = (time.monotonic() + LOOK_AGAIN, fault)
            raise fault
        if isinstance(found, OrderDeskError):
            raise found
        return found

    def integration(self, name: str) -> Integration | str:
        """A connection's declaration, or the text of what keeps it from being used."""
        try:
            return self.get(name).integration
        except OrderDeskError as error:
            return str(error)

    def usable(self, names: Iterable[str]) -> tuple[Mapping[str, Integration | str], Mapping[str, object]]:
        """By name the declarations of connections, as `integration` gives them, and the settings of those usable."""
        declared = {name: self.integration(name) for name in names}
        settings = {name: self.get(name).settings for name, found in declared.items() if not isinstance(found, str)}
        return declared, settings

    def bulkhead(self, name: str) -> Bulkhead:
        """The threads of a connection, there even when the connection itself cannot be made ready."""
        with self._lock:
            bulkhead = self._bulkheads.get(name)
            if bulkhead is None:
                bulkhead = self._bulkheads[name] = Bulkhead(name, self._limits.in_flight, self.patience)
            return bulkhead

    def are_idle(self) -> bool:
        """Whether nothing is under way at any connection; what hangs is given up."""
        with self._lock:
            bulkheads = tuple(self._bulkheads.values())
        for bulkhead in bulkheads:
            bulkhead.reap()
        return all(bulkhead.is_idle for bulkhead in bulkheads)

    def close(self) -> None:
        """Close every client and let the threads end."""
        with self._lock:
            for bulkhead in self._bulkheads.values():
                bulkhead.close()
            for connection in self._ready.values():
                connection.client.close()

    def _config(self, name: str) -> ConnectionConfig:
        configured = self._configured.get(name)
        if configured is None:
            known = ", ".join(self._configured) or "none"
            raise NotFoundError(
                "no such connection is configured",
                place=f"connection {name!r}",
                remedy=f"add [connections.{name}] to orderdesk.toml; configured are: {known}",
            )
        return configured
