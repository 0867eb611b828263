"""Listeners: policies that may veto a cancellation before it goes out, and observers that hear what happened."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING

import pluggy

from orderdesk_sdk import hookspecs
from orderdesk_sdk.errors import PluginFault
from orderdesk_sdk.hookspecs import PROJECT

if TYPE_CHECKING:
    from orderdesk_sdk.case import Case, Event
    from orderdesk_sdk.request import CancelRequest

__all__ = ["LISTENER_HOOKS", "Listeners"]

LISTENER_HOOKS = frozenset({"orderdesk_before_cancel", "orderdesk_case_changed"})
"""The hooks that listeners implement, and nobody else."""


class Listeners:
    """All listeners, loaded on first use. One that fails is noted and passed over; it never stops a case."""

    def __init__(self, given: Sequence[object], find: Callable[[], Iterable[EntryPoint]]) -> None:
        self._given = given
        self._find = find
        self._lock = threading.Lock()
        self._manager: pluggy.PluginManager | None = None
        self.faults: dict[str, PluginFault] = {}

    def veto(self, request: CancelRequest) -> tuple[str | None, tuple[str, ...]]:
        """The first reason against a cancellation, or None; and the faults of listeners that failed to say."""
        answers, faults = self._call("orderdesk_before_cancel", {"request": request})
        reasons = [answer for answer in answers if isinstance(answer, str) and answer.strip()]
        junk = [f"a listener answered {answer!r}, not a reason" for answer in answers if not isinstance(answer, str)]
        return (reasons[0] if reasons else None), (*faults, *junk)

    def changed(self, case: Case, event: Event) -> tuple[str, ...]:
        """Tell every observer; the faults of those that failed."""
        return self._call("orderdesk_case_changed", {"case": case, "event": event})[1]

    def load(self) -> Mapping[str, PluginFault]:
        """Load every listener without calling one; the faults of those that cannot be used, by name."""
        self._loaded()
        return dict(self.faults)

    def _call(self, hook: str, arguments: Mapping[str, object]) -> tuple[list[object], tuple[str, ...]]:
        answers: list[object] = []
        faults: list[str] = []
        # One by one, because pluggy ends the whole call at the first listener that raises.
        for found in getattr(self._loaded().hook, hook).get_hookimpls():
            try:
                answer = found.function(*(arguments[name] for name in found.argnames))
                answers += [answer] if answer is not None else []
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a listener's error is noted, whatever it is
                faults.append(f"the listener {found.plugin_name} failed in {hook}: {type(error).__name__}: {error}")
        return answers, tuple(faults)

    def _loaded(self) -> pluggy.PluginManager:
        with self._lock:
            if self._manager is None:
                manager = pluggy.PluginManager(PROJECT)
                manager.add_hookspecs(hookspecs)
                for number, listener in enumerate(self._given, start=1):
                    name = getattr(listener, "__name__", f"listener {number}")
                    self._register(manager, name, "registered in code", lambda listener=listener: listener)  # type: ignore[misc]
                for point in self._find():
                    self._register(manager, point.name, point.dist.name if point.dist else point.value, point.load)
                self._manager = manager
            return self._manager

    def _register(
        self, manager: pluggy.PluginManager, name: str, source: str, load: Callable[[], object]
    ) -> None:  # fmt: skip
        try:
            manager.register(load(), name=name)
            foreign = {
                caller.name for caller in manager.get_hookcallers(manager.get_plugin(name)) or ()
            } - LISTENER_HOOKS
            if foreign:
                manager.unregister(name=name)
                raise TypeError(f"a listener may not implement {', '.join(sorted(foreign))}")
        except BaseException as error:  # noqa: BLE001 - also SystemExit: a listener's import must not end the host
            self.faults[name] = PluginFault(
                f"the listener cannot be used: {type(error).__name__}: {error}",
                place=f"listener {name} ({source})",
                remedy="update or uninstall it, or report this to its author",
            )
