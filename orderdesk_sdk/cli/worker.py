"""The worker: processes due cases, waits for the next, and reports every change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from threading import Event as Signal

from attrs import field, frozen

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.response import ResponseCase
from orderdesk_sdk.cases.state_machine import Event
from orderdesk_sdk.cli.output.pages import each_case
from orderdesk_sdk.cli.sandbox_client import SandboxClock
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.cases import OtherCase
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.run_loop import RunLoop
from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.plugin.hookspecs import hookimpl

__all__ = ["ChangeListener", "Worker", "has_automatic_work"]

_AUTOMATIC_STATES = (State.PENDING, State.REPORTED, State.SENDING, State.ACKNOWLEDGED, State.UNKNOWN)
_ROUNDS_WITHOUT_PROGRESS = 5
_RETRY_PAUSE = 1.0
"""Seconds between two attempts at cases that stay due: they failed, or another process has them."""


class ChangeListener:
    """A listener that reports every change of a case."""

    def __init__(self, report: Callable[[CancelCase, Event], None]) -> None:
        self._report = report

    @hookimpl
    def orderdesk_case_changed(self, case: CancelCase, event: Event) -> None:
        self._report(case, event)


def has_automatic_work(desk: Desk) -> bool:
    """Whether a case is open that does not wait for a person, or a message waits to be handled.

    A case at a cart waits for the order's fulfillment services, so nothing is done for it while one of them is open.
    """
    if desk.messages.has_waiting:
        return True
    if any(_goes_on(desk, case) for case in desk.cases.list_others(open_only=True)):
        return True
    for case in each_case(desk, states=_AUTOMATIC_STATES):
        if case.role is not ConnectionRole.CART or case.state is not State.PENDING:
            return True
        others = desk.ledger.cases(CancelCase, order_id=case.order_id)  # Of all its cancellations.
        if not any(other.is_open and other.role is not ConnectionRole.CART for other in others):
            return True
    return False


def _goes_on(desk: Desk, case: OtherCase) -> bool:
    """Whether something is done for a case that is no cancellation; a response may wait for those of its order."""
    if case.state is State.ACTION_REQUIRED:
        return False
    if not isinstance(case, ResponseCase) or case.state is not State.PENDING:
        return True
    return not any(other.is_open for other in desk.ledger.cases(CancelCase, order_id=case.order_id))


@frozen
class Worker:
    """Processes the due cases of a desk. On a virtual clock, waits take no time.

    Args:
        interval: seconds between two looks for cases that other processes created.
        stop: ends the worker when set.
        on_wait: called while it waits, with the time when the next case is due.
        report: called with each new problem.
    """

    desk: Desk
    interval: float = 5.0
    stop: Signal = field(factory=Signal)
    on_wait: Callable[[datetime | None], None] | None = None
    report: Callable[[str], object] = lambda _: None

    def run(self, *, until_idle: bool) -> tuple[int, tuple[str, ...]]:
        """The number of processed steps and the problems of the last round, once stopped or (until_idle) idle.

        Once stopped, cases in progress are finished and no other is begun. Raises OrderDeskError, with `until_idle`
        only, where the same cases fail again and again.
        """
        rounds = RunLoop(self.desk, self.report)
        with self.desk.ending_on(self.stop):
            try:
                return self._run(rounds, until_idle=until_idle)
            finally:
                rounds.end()

    def _run(self, rounds: RunLoop, *, until_idle: bool) -> tuple[int, tuple[str, ...]]:
        handled, failed = 0, 0
        while True:
            report = rounds.run_once()
            handled += report.handled if report is not None else 0
            if self.stop.is_set() or (until_idle and report is not None and self._is_idle(rounds)):
                return handled, rounds.problems
            stays_due = report is None or (report.next_due is not None and report.next_due <= self.desk.clock.now())
            failed = failed + 1 if rounds.problems and stays_due else 0
            if until_idle and failed == _ROUNDS_WITHOUT_PROGRESS:
                raise OrderDeskError(
                    "; ".join(rounds.problems), location="due cases", hint="run `orderdesk doctor`; no case is lost"
                )
            if report is not None and not stays_due:
                self._wait(report.next_due)
            elif rounds.problems or (report is not None and not report.handled):
                self.stop.wait(_RETRY_PAUSE)

    def _is_idle(self, rounds: RunLoop) -> bool:
        try:
            return not has_automatic_work(self.desk)
        except OrderDeskError as error:  # The ledger became unavailable after the round.
            rounds.report_new([*rounds.problems, str(error)])
            return False

    def _wait(self, due: datetime | None) -> None:
        clock = self.desk.clock
        if due is not None and isinstance(clock, VirtualClock | SandboxClock) and has_automatic_work(self.desk):
            if isinstance(clock, SandboxClock):
                clock.advance_to(due)
            else:
                clock.advance(due - clock.now())
            return
        left = self.interval
        if due is not None and not isinstance(clock, VirtualClock | SandboxClock):
            left = min(left, max(0.0, (due - clock.now()).total_seconds()))
        while left > 0 and not self.stop.is_set():
            if self.on_wait is not None:
                self.on_wait(due)
            self.stop.wait(min(left, 1.0))
            left -= 1.0
