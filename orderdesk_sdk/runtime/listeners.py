"""Listeners: policies that may veto a cancellation before it goes out, and observers that hear what happened."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING

import pluggy

from orderdesk_sdk.cases.log_records import RoomLogger
from orderdesk_sdk.errors import PluginError
from orderdesk_sdk.plugin.bulkhead import DEFAULT_TIMEOUT, Bulkhead
from orderdesk_sdk.plugin.entry_points import source_of
from orderdesk_sdk.plugin.guard import MAX_MESSAGE_LENGTH, PluginFailure
from orderdesk_sdk.plugin.hookspecs import LISTENER_HOOKS, PROJECT
from orderdesk_sdk.plugin.plain_values import class_name, plain_text
from orderdesk_sdk.runtime import listener_hookspecs

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from orderdesk_sdk.cases.case import Case
    from orderdesk_sdk.cases.state_machine import Event
    from orderdesk_sdk.plugin.requests import CancelRequest

__all__ = ["Listeners"]

_log = RoomLogger("runtime")
LOAD_TIMEOUT = 20.0
"""Seconds that the import of a listener may take."""


class Listeners:
    """All listeners, loaded on first use. One that fails or hangs is noted and passed over; it never stops a case.

    loading: seconds of patience for the import of each.

    Args:
        timeout: seconds for each call of one; while a call hangs, its listener hears nothing more.
    """

    def __init__(
        self,
        registered: Sequence[object],
        find: Callable[[], Iterable[EntryPoint]],
        load_timeout: float = LOAD_TIMEOUT,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> None:
        self._registered = registered
        self._find = find
        self._load_timeout = load_timeout
        self._lock = threading.Lock()
        self._managers: Mapping[str, pluggy.PluginManager] | None = None
        self._bulkheads: dict[str, Bulkhead] = {}
        self.timeout = timeout
        self.errors: dict[str, PluginError] = {}

    @property
    def can_veto(self) -> bool:
        """Whether any listener has a say in cancellations, so that there is something to ask for."""
        return self._is_heard_by("orderdesk_before_cancel")

    @property
    def are_told(self) -> bool:
        """Whether any listener wants to hear what happens to cases."""
        return self._is_heard_by("orderdesk_case_changed")

    def _is_heard_by(self, hook: str) -> bool:
        return any(getattr(manager.hook, hook).get_hookimpls() for manager in self._loaded().values())

    def veto(self, request: CancelRequest) -> tuple[str | None, tuple[str, ...]]:
        """The first reason against a cancellation, or None; and the faults of listeners that failed to say."""
        answers, faults = self._call("orderdesk_before_cancel", {"request": request}, _reason)
        reasons = [answer for answer in answers if answer.strip()]
        return (reasons[0] if reasons else None), faults

    def notify(self, case: Case, event: Event) -> tuple[str, ...]:
        """Tell every observer; the faults of those that failed."""
        return self._call("orderdesk_case_changed", {"case": case, "event": event}, lambda _: "")[1]

    def load(self) -> Mapping[str, PluginError]:
        """Load every listener without calling one; the faults of those that cannot be used, by name."""
        self._loaded()
        return dict(self.errors)

    def _call(
        self, hook: str, arguments: Mapping[str, object], take: Callable[[object], str]
    ) -> tuple[list[str], tuple[str, ...]]:
        answers: list[str] = []
        faults: list[str] = []
        for name, manager in self._loaded().items():
            # One by one, because pluggy ends the whole call at the first listener that raises.
            for implementation in getattr(manager.hook, hook).get_hookimpls():
                if self._bulkheads[name].has_stuck_threads:
                    faults.append(
                        f"the listener {name} was not called in {hook}: an earlier call of the listener still hangs"
                    )
                    continue

                def said(implementation: pluggy.HookImpl = implementation) -> str:
                    return take(implementation.function(*(arguments[argument] for argument in implementation.argnames)))

                answer = self._bulkheads[name].run_isolated(said, timeout=self.timeout)
                if isinstance(answer, str):
                    answers.append(answer)
                elif isinstance(answer, PluginFailure):
                    kind = answer.error_type or "timeout"
                    _log.warning("the listener %s failed in %s (%s)", name, hook, kind)
                    faults.append(f"the listener {name} {_failed(hook, answer)}")
        return answers, tuple(faults)

    def _loaded(self) -> Mapping[str, pluggy.PluginManager]:
        if self._managers is not None:
            return self._managers
        with self._lock:
            if self._managers is None:
                managers: dict[str, pluggy.PluginManager] = {}
                for number, listener in enumerate(self._registered, start=1):
                    name = listener.__name__ if isinstance(listener, ModuleType) else f"listener {number}"
                    self._load(managers, name, "registered in code", lambda listener=listener: listener)  # type: ignore[misc]  # mypy infers no default; it binds the value now
                for point in self._find():
                    self._load(managers, point.name, source_of(point), point.load)
                self._managers = managers
            return self._managers

    def _load(
        self, managers: dict[str, pluggy.PluginManager], name: str, source: str, load: Callable[[], object]
    ) -> None:
        bulkhead = Bulkhead(f"listener {name}", 1, self._load_timeout)
        manager = bulkhead.run_isolated(lambda: _manager_of(name, load()))
        if name in managers:
            manager = PluginFailure("a listener of this name is registered already", "name")
        if isinstance(manager, pluggy.PluginManager):
            managers[name], self._bulkheads[name] = manager, bulkhead
        elif isinstance(manager, PluginFailure):
            _log.warning("the listener %s cannot be used (%s)", name, manager.error_type or "timeout")
            text = manager.message if manager.error_type else f"the import did not end within {self._load_timeout:g} s"
            self.errors[name] = PluginError(
                f"the listener cannot be used: {text}",
                location=f"listener {name} ({source})",
                hint="update or uninstall it, or report this to its author",
            )


def _reason(answer: object) -> str:
    if answer is None:
        return ""
    if not issubclass(type(answer), str):
        raise TypeError(f"the listener answered {class_name(answer)}, not a reason")
    return plain_text(answer)[:MAX_MESSAGE_LENGTH]


def _failed(hook: str, failure: PluginFailure) -> str:
    return f"failed in {hook}: {failure.message}" if failure.error_type else f"hung in {hook} and was abandoned"


def _manager_of(name: str, listener: object) -> pluggy.PluginManager:
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(listener_hookspecs)
    manager.register(listener, name=name)
    foreign = {caller.name for caller in manager.get_hookcallers(listener) or ()} - LISTENER_HOOKS
    if foreign:
        raise TypeError(f"a listener may not implement {', '.join(sorted(foreign))}")
    return manager
