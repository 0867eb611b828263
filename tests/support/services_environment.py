"""A town: every installed integration with its service on a loopback socket, one host file, and a desk that can die.

The sockets are opened once; each history begins with new services behind them, a new clock and a new ledger.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

from starlette.types import ASGIApp, Receive, Scope, Send

from orderdesk_devkit.simulators.server import Served, serve
from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_devkit.testing.harness import connection_config
from orderdesk_devkit.testing.plugin_under_test import NOWHERE, PluginUnderTest
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.rules.model import Rule
from orderdesk_sdk.runtime.connection_config import ConnectionConfig

__all__ = ["SimulatedCrash", "ServiceEnvironment"]

P = ParamSpec("P")
T = TypeVar("T")

_LEDGER_WRITES = (
    "open_cancellation",
    "claim_notifications",
    "complete_notifications",
    "write",
    "append",
    "alias_key",
    "open_case",
    "begin_registration",
    "discard_registration",
)
_HOST_WRITES = ("duplicate", "add_remote_order", "record_status", "move")


class SimulatedCrash(BaseException):
    """The process ends here: nothing that it has not written is known to anybody."""


class CrashSwitch:
    """One life of a desk: ends at the boundary it is told, and from then on nothing of it writes any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.remaining: int | None = None
        """How many more boundaries are crossed; None lives on."""
        self.is_over = False

    def check(self) -> None:
        with self._lock:
            if self.remaining is not None:
                self.remaining -= 1
                self.is_over = self.is_over or self.remaining < 0
            if self.is_over:
                raise SimulatedCrash

    def guard(self, target: object, methods: Sequence[str]) -> None:
        for name in methods:
            setattr(target, name, self._between(getattr(target, name)))

    def _between(self, method: Callable[P, T]) -> Callable[P, T]:
        @wraps(method)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
            self.check()
            result = method(*args, **kwargs)
            self.check()
            return result

        return guarded


class Router:
    """What is served for a place: whoever lives there now."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None, "nobody lives there yet"
        await self.app(scope, receive, send)


class _Policy:
    """A listener with a veto, or none."""

    def __init__(self) -> None:
        self.veto: str | None = None

    @hookimpl
    def orderdesk_before_cancel(self, request: CancelRequest) -> str | None:
        """The reason against it."""
        return self.veto and f"{self.veto} ({request.order.number})"


class ServiceEnvironment:
    """The places, by the slug of their integration. A context manager: leaving it closes the sockets."""

    def __init__(self, plugins: Sequence[PluginUnderTest]) -> None:
        self.plugins: Mapping[str, PluginUnderTest] = {subject.slug: subject for subject in plugins}
        self._policy = _Policy()
        self._registry = PluginRegistry()
        for subject in plugins:
            if subject.plugin is not None:
                self._registry.register(subject.plugin, subject.slug)
        self._routers = {subject.slug: Router() for subject in plugins if subject.has_service}
        self._served: dict[str, Served] = {slug: serve(door) for slug, door in self._routers.items()}
        self.clock = VirtualClock()
        self.simulators: dict[str, Simulator] = {}
        self.folder = Path()
        self._config: Config | None = None
        self._desks: list[Desk] = []
        self._crash_switch = CrashSwitch()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for served in self._served.values():
            served.stop()

    @property
    def ledger(self) -> Path:
        """The file of ledger and host."""
        return self.folder / "orderdesk.db"

    def start(self, rules: tuple[Rule, ...]) -> None:
        """Begin a history: new services without orders, a new clock, an empty ledger, a desk."""
        self.clock = VirtualClock()
        self.folder = Path(tempfile.mkdtemp(prefix="orderdesk-town-"))
        self._policy.veto = None
        connections: dict[str, ConnectionConfig] = {}
        for slug, subject in self.plugins.items():
            simulator = subject.new_simulator(self.clock)
            if simulator is not None:
                self.simulators[slug] = simulator
                self._routers[slug].app = simulator.app
            url = self._served[slug].url if slug in self._served else NOWHERE
            connections[slug] = connection_config(slug, subject.connection_settings(simulator, url), self._registry)
        self._config = Config(self.ledger, connections, rules=rules)
        self.open()

    def open(self) -> None:
        """Open a desk on the file, as a new process would."""
        assert self._config is not None, "no history has begun"
        self._crash_switch = CrashSwitch()
        desk = Desk(self._config, clock=self.clock, registry=self._registry, listeners=[self._policy])
        self._crash_switch.guard(desk.ledger, _LEDGER_WRITES)
        self._crash_switch.guard(desk.order_store, _HOST_WRITES)
        self._desks.append(desk)

    def stop(self) -> None:
        """End the history: desks are closed, the file is gone."""
        for desk in self._desks:
            desk.close()
        self._desks.clear()
        shutil.rmtree(self.folder)

    def veto(self, reason: str | None) -> None:
        """Let a listener speak against every cancellation for this reason; None: against none."""
        self._policy.veto = reason

    @property
    def desk(self) -> Desk:
        """The desk that lives now."""
        return self._desks[-1]

    def crash_after(self, boundaries: int) -> None:
        """Let the desk die after so many more boundaries: before and after each write."""
        self._crash_switch.remaining = boundaries

    @property
    def has_crashed(self) -> bool:
        """Whether the desk has died."""
        return self._crash_switch.is_over
