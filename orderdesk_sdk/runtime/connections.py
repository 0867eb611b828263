"""The connections of a configuration, made ready on first use: integration, settings, client and threads.

The client is made when calls are wanted: a plan needs the declaration and the settings, and no httpx.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from attrs import evolve, frozen

from orderdesk_sdk.cases.call_counts import QuotaState, quota_states
from orderdesk_sdk.cases.log_records import LogSubject, RoomLogger
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.errors import (
    ConfigurationError,
    NotFoundError,
    OrderDeskError,
    PluginError,
    UnconnectedServiceError,
)
from orderdesk_sdk.plugin.bulkhead import Bulkhead
from orderdesk_sdk.plugin.guard import PluginFailure
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.plain_values import plain_text
from orderdesk_sdk.plugin.registry import LoadedPlugin, PluginRegistry
from orderdesk_sdk.plugin.routes import Route
from orderdesk_sdk.plugin.service import Service, user_agent
from orderdesk_sdk.plugin.validation import email_texts, guard_routes, identities_for, routes_for_connection
from orderdesk_sdk.runtime.connection_config import ConnectionConfig, make_settings
from orderdesk_sdk.transport.http.connection_state import LocalConnectionState, StateOfConnection
from orderdesk_sdk.transport.http.limits import HttpLimits
from orderdesk_sdk.transport.redaction import Redactor
from orderdesk_sdk.transport.shutdown import Shutdown

if TYPE_CHECKING:
    from orderdesk_sdk.transport.http.client import HttpClient

__all__ = ["Connection", "Connections", "WithheldConnection"]

T = TypeVar("T")

_log = RoomLogger("runtime")
_CONNECTION_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
HUNG_RETRY_DELAY = 300.0
"""Seconds for which a plugin that hung while a connection was made is not asked again: each time costs everybody its
whole patience."""


class Connection:
    """One store's account at an integration.

    integration: its declaration, with this connection's list of routes. texts: of the settings that its mails are made
    of. identities: where its responses state an order's number, by operation. client: what makes its calls; None until
    some are wanted. cancel_requests: how others' requests to cancel come in; None: it takes none. request_folder: they
    are open while the order lies in this folder; None: in any.
    """

    def __init__(
        self,
        config: ConnectionConfig,
        plugin: LoadedPlugin,
        settings: object,
        bulkhead: Bulkhead,
    ) -> None:
        """To be made under a guard, since it runs the plugin's code; what that says of the settings is kept.

        Raises what `routes_for_connection` raises.
        """
        self.name = config.name
        self.plugin = plugin
        self.settings = settings
        declared = plugin.integration
        routes = routes_for_connection(declared, plugin.manager, settings, f"{config.location}.settings")
        self.email_texts = email_texts(routes, settings)
        self.identified_by = identities_for(declared, settings)
        asked = declared.cancel_requests
        self.cancel_requests = asked if asked is None or asked.enabled is None or asked.enabled(settings) else None
        window = asked.window if asked is not None else None
        self.request_folder = plain_text(getattr(settings, window.setting)) if window is not None else None
        self.answering = config.cancel_requests
        self.reach = config.reach
        self.redactor = Redactor.of_settings(declared.redact_fields, settings)
        redact = self.redactor.redact_text
        reason: object = declared.unavailable_reason(settings) if declared.unavailable_reason is not None else None
        why = redact(plain_text(reason)) if reason is not None else None
        location = f"integration {declared.slug}, connection {config.name!r}"
        routes = guard_routes(routes, bulkhead, redact, location)
        effects = {effect: switch.for_settings(settings, redact) for effect, switch in declared.side_effects.items()}
        self.integration: Integration = evolve(
            declared, cancel=routes, unavailable_reason=lambda _: why, side_effects=effects
        )
        self._base_url = plain_text(getattr(settings, declared.base_url)) if declared.base_url is not None else ""
        self._user_agent = user_agent(plugin.integration.slug, plugin.version or "0")
        self._client: HttpClient | None = None

    @property
    def is_ready(self) -> bool:
        """Whether calls can be made."""
        return self._client is not None

    @property
    def client(self) -> HttpClient:
        """What makes the calls of a connection that is ready, as those are that `Connections.get` gives."""
        assert self._client is not None, f"the connection {self.name!r} was described only"
        return self._client

    def make_ready(self, client: HttpClient) -> None:
        """Take the client that makes the calls."""
        self._client = client

    def close(self) -> None:
        """Close the client, where there is one."""
        if self._client is not None:
            self._client.close()

    def route(self, index: int) -> Route:
        """A route of the list of routes.

        Raises PluginError where there is none of that place any more, after an update say.
        """
        if index < len(self.integration.cancel):
            return self.integration.cancel[index]
        raise PluginError(
            f"the integration no longer declares the route of this case (number {index + 1})",
            location=f"connection {self.name!r}, integration {self.integration.slug}",
            hint="find out at the service, then confirm or reject the case",
        )

    def service(self, now: datetime) -> Service[object]:
        """What a flow that began at `now` holds in its hands."""
        return Service(self.name, self.settings, self._base_url, now, self._user_agent, self.integration.role)


@frozen
class WithheldConnection:
    """A connection that is there and must not be used. problem: what is raised where it is asked for."""

    integration: str
    problem: OrderDeskError


class Connections:
    """All connections by name. Safe from many threads."""

    def __init__(
        self,
        configs: Mapping[str, ConnectionConfig],
        registry: PluginRegistry,
        clock: Clock,
        limits: HttpLimits,
        timeout: float,
        state_of: StateOfConnection | None = None,
        shutdown: Shutdown | None = None,
    ) -> None:
        """state_of: what is known of each connection beyond this process; None keeps nothing longer than it."""
        self._configs = configs
        self._withheld: Mapping[str, WithheldConnection] = {}
        self._state_of = state_of or (lambda _: LocalConnectionState(clock))
        self._shutdown = shutdown or Shutdown()
        self._registry = registry
        self._clock = clock
        self._limits = limits
        self.timeout = timeout
        self._lock = threading.Lock()
        self._connections: dict[str, Connection] = {}
        self._creation_locks: dict[str, threading.Lock] = {}
        self._hung: dict[str, tuple[float, PluginError]] = {}
        self._logged_failures: dict[str, str] = {}
        self._bulkheads: dict[str, Bulkhead] = {}

    def refresh(self, configs: Mapping[str, ConnectionConfig], withheld: Mapping[str, WithheldConnection]) -> None:
        """Go by this configuration from now on: what has changed in it is made anew when it is next used.

        What is under way at a connection that has changed ends with the call it is in; its case goes on by the new one.

        Args:
            withheld: by name, the connections that must not be used.
        """
        with self._lock:
            before, self._configs, self._withheld = self._configs, configs, withheld
            changed = [name for name in {*before, *configs} if before.get(name) != configs.get(name)]
            replaced = [self._connections.pop(name) for name in changed if name in self._connections]
            for name in changed:
                self._hung.pop(name, None)
                self._logged_failures.pop(name, None)
        for connection in replaced:
            connection.close()

    def apart(self, configured: ConnectionConfig) -> Connections:
        """This connection alone, which whoever uses the others does not see. To be closed."""
        parts = (self._registry, self._clock, self._limits, self.timeout, self._state_of, self._shutdown)
        return Connections({configured.name: configured}, *parts)

    def names(self) -> tuple[str, ...]:
        """The configured connections."""
        return tuple(self._configs)

    def slugs(self) -> Mapping[str, str]:
        """The integration of each configured connection, by the connection's name."""
        return {name: configured.integration for name, configured in self._configs.items()}

    def integrations(self) -> Mapping[str, Integration | str]:
        """By slug the declarations of the integrations that are connected, however their connections are set up.

        In place of one that cannot be used stands the text of what keeps it from it.
        """
        return {slug: self._registry.describe(slug) for slug in dict.fromkeys(self.slugs().values())}

    def integration_slug(self, name: str) -> str:
        """The integration of a connection. Raises NotFoundError for a connection that is not configured."""
        return self._config_of(name).integration

    def integration_slug_or_empty(self, name: str) -> str:
        """The integration of a connection; "" for one that is no longer configured, whose cases a person gets."""
        configured = self._configs.get(name) or self._withheld.get(name)
        return configured.integration if configured is not None else ""

    def get(self, name: str) -> Connection:
        """A connection, ready for calls.

        Raises NotFoundError (not configured), ConfigurationError (a setting is wrong) or PluginError (its plugin
        cannot be used).
        """
        connection = self._connections.get(name)
        if connection is None or not connection.is_ready:
            connection = self.describe(name)
            with self._log_failure(name):
                self._open(connection)
        return connection

    def describe(self, name: str) -> Connection:
        """A connection with its declaration and settings, which may not be ready for calls. Raises what `get` raises.

        What is wrong with the credentials themselves is seen by `get` alone.
        """
        described = self._connections.get(name)
        if described is not None:
            return described
        with self._log_failure(name):
            return self._describe(name)

    def _describe(self, name: str) -> Connection:
        configured = self._config_of(name)
        loaded = self._registry.load(configured.integration)
        bulkhead = self.bulkhead(name)

        def make() -> Connection:
            return Connection(configured, loaded, make_settings(loaded.integration.settings, configured), bulkhead)

        with self._creating(name):
            described = self._connections.get(name)
            if described is None:
                described = self._run_plugin(name, loaded, make)
                with self._lock:
                    is_current = self._configs.get(name) == configured
                    if is_current:
                        self._connections[name] = described
            else:
                is_current = True
        return described if is_current else self._describe(name)  # Else it was changed while it was made.

    def _open(self, described: Connection) -> None:
        from orderdesk_sdk.transport.http.client import HttpClient  # It brings httpx, which only calls need.

        name, plugin = described.name, described.plugin
        state = self._state_of(name)
        limits = evolve(self._limits, reach=described.reach)

        def make() -> HttpClient:
            its, redactor = described.settings, described.redactor
            return HttpClient(plugin.integration, its, redactor, self._clock, limits, state, self._shutdown)

        with self._creating(name):
            if not described.is_ready:
                described.make_ready(self._run_plugin(name, plugin, make))
            if self._connections.get(name) is not described:  # It was changed meanwhile; whoever has it calls nobody.
                described.close()

    @contextmanager
    def _log_failure(self, name: str) -> Iterator[None]:
        """Log what keeps a connection from being made: once, not for each of its cases."""
        try:
            yield
        except OrderDeskError as error:
            kind = type(error).__name__
            if self._logged_failures.get(name) != kind:
                self._logged_failures[name] = kind
                about = LogSubject(connection=name)
                _log.warning("the connection cannot be made (%s); see `orderdesk doctor`", kind, about=about)
            raise

    @contextmanager
    def _creating(self, name: str) -> Iterator[None]:
        """One makes a connection; the others wait for that, at most as long as the plugin may take."""
        with self._lock:
            creation_lock = self._creation_locks.setdefault(name, threading.Lock())
        with creation_lock:
            yield

    def _run_plugin(self, name: str, plugin: LoadedPlugin, make: Callable[[], T]) -> T:
        """What `make` gives, which runs the plugin's code."""
        hung = self._hung.get(name)
        if hung is not None and time.monotonic() < hung[0]:
            raise hung[1].with_traceback(None)
        # What the guard lets through is made anew, without the frames below, whose variables hold secrets and the
        # environment: whoever logs it may show them.
        created = self.bulkhead(name).run_isolated(make, allowed_errors=(ConfigurationError, PluginError))
        if isinstance(created, PluginFailure):
            # Its words may quote a setting, so only the kind is told.
            fault = PluginError(
                "the connection cannot be made: "
                f"{f'{created.error_type} in the plugin' if created.error_type else created.message}",
                location=f"connection {name!r}, integration {plugin.integration.slug}",
                hint="check the connection's settings, or report the error to the plugin's author",
            )
            if not created.error_type:
                self._hung[name] = (time.monotonic() + HUNG_RETRY_DELAY, fault)
            raise fault
        if isinstance(created, OrderDeskError):
            raise created
        return created

    def integration(self, name: str) -> Integration | str:
        """A connection's declaration, or the text of what keeps it from being used."""
        try:
            return self.describe(name).integration
        except OrderDeskError as error:
            return str(error)

    def usable(self, names: Iterable[str]) -> tuple[Mapping[str, Integration | str], Mapping[str, object]]:
        """By name the declarations of connections, as `integration` gives them, and the settings of those usable."""
        declared = {name: self.integration(name) for name in names}
        sound = [name for name, integration in declared.items() if not isinstance(integration, str)]
        return declared, {name: self.describe(name).settings for name in sound}

    def quotas(self, name: str, integration: Integration) -> tuple[QuotaState, ...]:
        """What is left of each daily quota of a connection. Raises StorageError."""
        quotas = integration.quotas
        return quota_states(quotas, self._state_of(name).call_counts, self._clock.now()) if quotas else ()

    def bulkhead(self, name: str) -> Bulkhead:
        """The threads of a connection, there even when the connection itself cannot be made ready."""
        with self._lock:
            bulkhead = self._bulkheads.get(name)
            if bulkhead is None:
                bulkhead = self._bulkheads[name] = Bulkhead(name, self._limits.in_flight, self.timeout)
            return bulkhead

    def deferred_for(self, name: str) -> float:
        """Seconds for which calls of a connection are put off yet, since a rate limit is used up; 0: they are not."""
        connection = self._connections.get(name)
        return connection.client.deferred_for if connection is not None and connection.is_ready else 0.0

    def are_idle(self) -> bool:
        """Whether nothing is under way at any connection; what hangs is given up."""
        with self._lock:
            bulkheads = tuple(self._bulkheads.values())
        for bulkhead in bulkheads:
            bulkhead.abandon_stuck_jobs()
        return all(bulkhead.is_idle for bulkhead in bulkheads)

    def close(self) -> None:
        """Close every client and let the threads end."""
        with self._lock:
            for bulkhead in self._bulkheads.values():
                bulkhead.close()
            for connection in self._connections.values():
                connection.close()

    def _config_of(self, name: str) -> ConnectionConfig:
        configured = self._configs.get(name)
        if configured is None:
            withheld = self._withheld.get(name)
            if withheld is not None:  # Made anew: what is raised carries its frames along.
                problem = withheld.problem
                raise type(problem)(problem.message, location=problem.location, hint=problem.hint)
            raise _not_configured(name, ", ".join(self._configs) or "none")
        return configured


def _not_configured(name: str, names: str) -> NotFoundError:
    """What to raise for a connection that is not configured, or an order store's own name for a service."""
    location = f"connection {name!r}"
    if _CONNECTION_NAME.fullmatch(name):
        hint = (
            f"add [connections.{name}] to orderdesk.toml or, where Order Desk calls a service so, "
            f'{name} = "..." to [orders.connections], with one of the connections: {names}'
        )
        return NotFoundError("the connection is not configured", location=location, hint=hint)
    hint = f'add "{name}" = "..." to [orders.connections] in orderdesk.toml, with one of the connections: {names}'
    return UnconnectedServiceError("no connection of ours stands for this service", location=location, hint=hint)
