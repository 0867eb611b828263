"""Mail under SIGKILL: the process dies at every boundary it crosses; no mail is lost, none sent twice unawares."""

from __future__ import annotations

import json
import signal
import smtplib
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from attrs import evolve

from orderdesk_sdk.case import Case, State
from orderdesk_sdk.casebook import LEASE
from orderdesk_sdk.clock import VirtualClock, seconds
from orderdesk_sdk.hosts.local import LocalHost
from orderdesk_sdk.testing.kill_points import KILLED, sample_order
from orderdesk_sdk.testing.mail_child import ACTION, POST, Errand, Task

ORDER = sample_order()
RULES: list[dict[str, str | list[str]]] = [
    {"name": "Canceled cancels", "event": "order moved", "when": "folder == 'Canceled'", "do": [ACTION]}
]


class Inbox:
    """Keeps the Message-IDs of what arrived."""

    def __init__(self) -> None:
        self.arrived: list[str] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        text = (envelope.original_content or b"").decode("ascii")
        self.arrived += [line for line in text.splitlines() if line.startswith("Message-ID: ")]
        return "250 taken"


@pytest.fixture
def served() -> Iterator[tuple[Inbox, int]]:
    inbox = Inbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield inbox, port
    finally:
        controller.stop()


def prepared(folder: Path, port: int, task: Task) -> Errand:
    """An errand with an order that was submitted to the e-mail-only integration."""
    clock = VirtualClock()
    rules = RULES if task is Task.MOVE else []
    errand = Errand(str(folder / "desk.db"), port, clock.now(), ORDER.number, task, 0, rules)
    with LocalHost(folder / "desk.db", clock=clock) as host:
        host.import_orders([ORDER], by="a test")
    with errand.open(clock) as desk:
        desk.place(ORDER.number, at=POST, by="a test")
    return errand


def run(errand: Errand) -> str:
    """What the child said last: where it died, or which boundaries it crossed."""
    program = [sys.executable, "-m", "orderdesk_sdk.testing.mail_child"]
    ran = subprocess.run(program, input=errand.dump(), capture_output=True, check=False, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (-signal.SIGKILL if errand.kill_at else 0, "")
    return ran.stdout.splitlines()[-1].partition(" ")[2].removeprefix("at ")


def gone_on(errand: Errand) -> Case:
    """Start again after the death: do what is not done, wait, do what is due. The one case then."""
    clock = VirtualClock(errand.now)
    with errand.open(clock) as desk:
        done = (
            desk.cases(order=ORDER.number) if errand.task is Task.CANCEL else desk.host.folder(ORDER.id) == "Canceled"
        )
        if not done:
            errand.do(desk)
        assert desk.run_due().problems == ()
        clock.advance(LEASE + seconds(1))
        assert desk.run_due().problems == ()
        (case,) = desk.cases(order=ORDER.number)
        assert len(desk.ledger.cancellations(ORDER.id)) == 1
        fired = [firing.refused for _, firing in desk.ledger.firings(ORDER.id)]
        assert fired == ([None] if errand.task is Task.MOVE else [])
        return case


def arrived(inbox: Inbox, port: int) -> list[str]:
    """What arrived. The server is asked for something first, so that it has read what lay in its sockets before."""
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as server:
        server.noop()
        server.noop()
    taken, inbox.arrived = inbox.arrived, []
    return taken


@pytest.mark.parametrize("task", Task)
def test_wherever_the_process_dies_a_mail_goes_out_once_and_a_person_hears_what_is_not_known(
    task: Task, served: tuple[Inbox, int], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    inbox, port = served

    def errand(number: int) -> Errand:
        (tmp_path / str(number)).mkdir()
        return evolve(prepared(tmp_path / str(number), port, task), kill_at=number)

    points: list[str] = json.loads(run(errand(0)))
    assert len(arrived(inbox, port)) == 1
    writes = [number for number, name in enumerate(points) if name == "after SqliteLedger.write"]
    sends = [number for number, name in enumerate(points) if name == "before Smtp.send"]
    replies = [number for number, name in enumerate(points) if name == "after Smtp.getreply"]
    intended, finished = writes[0], writes[-1]
    content, taken = sends[-2], replies[-2]  # The last of each belongs to the goodbye.
    assert intended < content < taken < finished
    deaths = 0
    for number, name in enumerate(points):
        if task is Task.MOVE and "Smtp" in name:
            continue  # The same steps as of a cancel, which dies at them.
        doomed = errand(number + 1)
        deaths += 1
        assert run(doomed) == name
        at_death = len(arrived(inbox, port))
        case = gone_on(doomed)
        mails = at_death + len(arrived(inbox, port))
        where = f"{number + 1}: {name}"
        assert case.state is State.AWAITING_PERSON, where
        if intended <= number < finished:
            assert f"Message-ID <{case.id}.0@example.com>" in str(case.remedy), where
            assert mails <= 1, where
            assert mails == 0 or number > content, where
            assert mails == 1 or number < taken, where
        else:
            assert mails == 1, where
            assert "a mail went to desk@example.net" in str(case.text), where
    record_property(KILLED, f"{task.value} by mail: killed at {deaths} points")
