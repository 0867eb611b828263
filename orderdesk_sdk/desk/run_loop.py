"""The run loop: a desk's due work is done round after round, whatever happens in one of them.

    worker = threading.Thread(target=run_until_stopped, args=(desk, stop, logging.error))

A full disk, a locked ledger, an order store that is away: what keeps a round from being done passes, or is mended, and
then the next one does it. Each problem is told when it comes, and again only when it has been gone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event

from orderdesk_sdk.cases.log_records import RoomLogger
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.heartbeat import Heartbeat
from orderdesk_sdk.errors import OrderDeskError, describe_exception
from orderdesk_sdk.runtime.engines.inline import InProcessEngine
from orderdesk_sdk.runtime.problem_reports import ProblemReports
from orderdesk_sdk.runtime.scheduler import RunReport

__all__ = ["RunLoop", "run_until_stopped"]


_log = RoomLogger("desk")


class RunLoop:
    """The rounds of a desk.

    Args:
        report: called with each new problem, one line; what it raises is logged.
    """

    def __init__(self, desk: Desk, report: Callable[[str], object]) -> None:
        self._desk = desk
        self._reports = ProblemReports(report)
        self._heartbeat = Heartbeat(desk)

    @property
    def problems(self) -> tuple[str, ...]:
        """Those of the last round."""
        return self._reports.last

    def run_once(self) -> RunReport | None:
        """Do what is due; None where the round could not be done. Raises nothing."""
        try:
            report = self._desk.run_due()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told, and what is due stays due
            _log.warning("what was due could not be done (%s); the next round does it", type(error).__name__)
            self.report_new([str(error) if isinstance(error, OrderDeskError) else describe_exception(error)])
            return None
        self.report_new(report.problems)
        self._heartbeat.beat()
        return report

    def end(self) -> None:
        """No round comes after this: a worker that ends is not missed. Raises nothing."""
        self._heartbeat.end()

    def report_new(self, problems: Sequence[str]) -> None:
        """Tell those that were not among the last ones. Raises nothing."""
        self._reports.update(problems)


def run_until_stopped(desk: Desk, stop: Event, report: Callable[[str], object], every: float = 1.0) -> None:
    """Do what is due until `stop` is set: then what is under way is finished, and nothing new is begun.

    Args:
        every: seconds between two looks.
        report: as for `RunLoop`. Raises nothing.
    """
    rounds = RunLoop(desk, report)
    engine = InProcessEngine(rounds.run_once, desk.clock, stop, every)
    with desk.ending_on(stop):
        desk.use_engine(engine)
        try:
            engine.run()
        finally:
            desk.use_engine(None)
            rounds.end()
