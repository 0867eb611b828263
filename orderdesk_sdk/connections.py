"""The connections of a configuration, made ready on first use: integration, settings, client and threads."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime

from attrs import evolve

from orderdesk_sdk.clock import Clock
from orderdesk_sdk.config import ConnectionConfig, make_settings
from orderdesk_sdk.declaration import Integration
from orderdesk_sdk.errors import NotFoundError, OrderDeskError, PluginFault
from orderdesk_sdk.http.client import CallLimits, ConnectionClient
from orderdesk_sdk.http.service import Service, user_agent
from orderdesk_sdk.ladders import identities_of, ladder_of
from orderdesk_sdk.registry import Loaded, Registry
from orderdesk_sdk.workers import Bulkhead

__all__ = ["Connection", "Connections"]


class Connection:
    """One store's account at an integration, ready for calls.

    integration: its declaration, with this connection's ladder. identities: where its responses state an order's
    number, by operation.
    """

    def __init__(
        self, configured: ConnectionConfig, loaded: Loaded, settings: object, clock: Clock, limits: CallLimits
    ) -> None:
        """Raises what `ladder_of` and `identities_of` raise."""
        self.name = configured.name
        self.loaded = loaded
        self.settings = settings
        declared = loaded.integration
        ladder = ladder_of(declared, loaded.manager, settings, f"{configured.place}.settings")
        self.integration: Integration = evolve(declared, cancel=ladder)
        self.identities = identities_of(declared, settings, f"{configured.place}.settings")
        self.client = ConnectionClient(declared, settings, clock, limits)
        self._agent = user_agent(loaded.integration.slug, loaded.version or "0")

    def service(self, now: datetime) -> Service[object]:
        """What a flow that began at `now` holds in its hands."""
        name = self.integration.base_url
        base_url: str = getattr(self.settings, name) if name is not None else ""  # None: no call is ever made.
        return Service(self.name, self.settings, base_url, now, self._agent, self.integration.role)


class Connections:
    """All connections by name. Safe from many threads."""

    def __init__(
        self,
        configured: Mapping[str, ConnectionConfig],
        registry: Registry,
        clock: Clock,
        limits: CallLimits,
        patience: float,
    ) -> None:
        self._configured = configured
        self._registry = registry
        self._clock = clock
        self._limits = limits
        self._patience = patience
        self._lock = threading.Lock()
        self._ready: dict[str, Connection] = {}
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
            made = self._made(loaded, configured)
            with self._lock:
                ready = self._ready.setdefault(name, made)
            if ready is not made:
                made.client.close()
        return ready

    def _made(self, loaded: Loaded, configured: ConnectionConfig) -> Connection:
        known: OrderDeskError
        try:
            settings = make_settings(loaded.integration.settings, configured)
            return Connection(configured, loaded, settings, self._clock, self._limits)
        except OrderDeskError as error:
            known = error
        except BaseException as error:  # noqa: BLE001 - the plugin's own code, its settings and credentials, runs here
            # Its words may quote a setting, so only the kind is told.
            known = PluginFault(
                f"the connection cannot be made: {type(error).__name__} in the plugin",
                place=f"connection {configured.name!r}, integration {loaded.integration.slug}",
                remedy="check the connection's settings; report it to the plugin's author",
            )
        # Without the frames below, whose variables hold secrets and the environment: whoever logs it may show them.
        raise known.with_traceback(None)

    def integration(self, name: str) -> Integration | str:
        """A connection's declaration, or the text of what keeps it from being used."""
        try:
            return self.get(name).integration
        except OrderDeskError as error:
            return str(error)

    def bulkhead(self, name: str) -> Bulkhead:
        """The threads of a connection, there even when the connection itself cannot be made ready."""
        with self._lock:
            bulkhead = self._bulkheads.get(name)
            if bulkhead is None:
                bulkhead = self._bulkheads[name] = Bulkhead(name, self._limits.in_flight, self._patience)
            return bulkhead

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
