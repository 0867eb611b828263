"""`work`: does what is due until it is stopped, or until only persons are awaited."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from datetime import datetime
from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import PERSON_NEEDED, Session, shared

if TYPE_CHECKING:
    from orderdesk_sdk.cases.case import Case
    from orderdesk_sdk.cases.state_machine import Event
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["work"]


@click.command()
@click.option("--until-idle", is_flag=True, help="Return when every case is settled or awaits a person.")
@click.option(
    "--every",
    type=click.FloatRange(min=0.1),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="How often to look for what other processes have asked.",
)
@shared
@click.pass_obj
def work(session: Session, until_idle: bool, every: float) -> None:
    """Send, read back and remind, whatever is due, until Ctrl-C.

    It waits for each due time; in a sandbox with virtual time the waits take none. What is under way is finished
    before it ends. Exit code 3 with --until-idle: a case awaits a person, or one shipped although it was canceled.
    """
    from orderdesk_sdk.cases.case import State
    from orderdesk_sdk.cases.errand import ErrandState
    from orderdesk_sdk.cases.state_machine import EventKind
    from orderdesk_sdk.cli.output.cancellations import cases_table
    from orderdesk_sdk.cli.output.cases import errand_lines
    from orderdesk_sdk.cli.output.screen import Screen, printable
    from orderdesk_sdk.cli.output.times import shown, span
    from orderdesk_sdk.cli.signals import stopping
    from orderdesk_sdk.cli.worker import Watcher, Worker, machine_has_work
    from orderdesk_sdk.desk.documents import case_shape, errand_shape, iso

    screen = Screen()
    alarms: list[Case] = []
    waits: dict[str, str | None] = {}

    def tell(case: Case, event: Event) -> None:
        if event.kind is EventKind.SHIPPED:
            alarms.append(case)
        if event.kind is EventKind.WAIT and waits.get(case.id) == event.text:
            return  # A cart looks every minute; that it still waits is told once.
        waits[case.id] = event.text
        if not session.as_json:
            with suppress(OSError):  # A log that is full must not stop the work that it tells of.
                _tell(screen, case, event)

    status = screen.console.status("working") if screen.is_terminal and not session.as_json else None
    with session.desk(listeners=(Watcher(tell),)) as desk, stopping() as stop, status or nullcontext():

        def told(problem: str) -> None:
            click.echo(f"Problem: {printable(problem)}", err=True)

        def waiting(due: datetime | None) -> None:
            if status is not None and due is None:
                status.update("nothing is open; Ctrl-C ends")
            elif status is not None and due is not None:
                left = span(due - desk.clock.now())
                status.update(f"next look {shown(due, seconds=True)}, in {left}; Ctrl-C ends")

        done, problems = Worker(desk, every, stop, waiting, told).run(until_idle=until_idle)
        idle = not machine_has_work(desk)
        persons = desk.cases(states=[State.AWAITING_PERSON])
        errands = [one for one in desk.errands(open_only=True) if one.state is ErrandState.AWAITING_PERSON]
        now = desk.clock.now()

    def draw(screen: Screen) -> None:
        left = "nothing is left to be done" + (" without a person" if persons or errands else "") if idle else "stopped"
        screen.line(f"{done} piece{'' if done == 1 else 's'} of work done; {left}.")
        if persons:
            screen.line("These await a person:", "bold magenta")
            cases_table(screen, [persons])
        for errand in errands:
            errand_lines(screen, errand)
        screen.zone(now)

    shape: dict[str, object] = {
        "at": iso(now),
        "done": done,
        "is_idle": idle,
        "awaiting_person": [case_shape(case) for case in persons],
        "errands_awaiting_person": [errand_shape(errand) for errand in errands],
        "alarms": [case_shape(case) for case in alarms],
        "problems": list(problems),
    }
    session.give(shape, draw)
    if until_idle and (persons or errands or alarms):
        click.get_current_context().exit(PERSON_NEEDED)


def _tell(screen: Screen, case: Case, event: Event) -> None:
    """One change, in a line."""
    from orderdesk_sdk.cli.output.cancellations import event_line
    from orderdesk_sdk.cli.output.times import shown

    head = f"{shown(event.at, seconds=True)}  {case.order_number} at {case.connection}"
    screen.hanging(head, event_line(case, event))
