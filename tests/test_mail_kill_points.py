"""Mail under SIGKILL: the process dies at every boundary it crosses; no mail is lost, none sent twice unawares."""

from __future__ import annotations

import json
import signal
import smtplib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from orderdesk_devkit.testing.failpoints.child import CROSSED, DIED
from orderdesk_devkit.testing.failpoints.fork_server import Nursery
from orderdesk_devkit.testing.failpoints.runner import KILLED
from orderdesk_devkit.testing.plugin_under_test import sample_order
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.clock import VirtualClock, seconds
from orderdesk_sdk.runtime.context import LEASE
from orderdesk_sdk.stores.sqlite.orders import LocalHost
from tests.support.email_child import ACTION, POST, Errand, Task

if TYPE_CHECKING:
    from tests.conftest import MailServer

pytestmark = pytest.mark.crash
ORDER = sample_order()
RULES: list[dict[str, str | list[str]]] = [
    {"name": "Canceled cancels", "event": "order moved", "when": "folder == 'Canceled'", "do": [ACTION]}
]


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


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery(at_once=1, module="tests.support.email_child") as raised:
        yield raised


def run(errand: Errand, nursery: Nursery) -> str:
    """What the child said: where it died, or which boundaries it crossed."""
    ended = nursery.run(errand)
    assert (ended.code, len(ended.said)) == (-signal.SIGKILL if errand.kill_at else 0, 1), ended
    return ended.said[0].removeprefix(DIED if errand.kill_at else CROSSED).strip()


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


def arrived(server: MailServer) -> int:
    """How many mails have come. The server is asked something first: it has read by then what came before."""
    with smtplib.SMTP("127.0.0.1", server.port, timeout=10) as client:
        client.noop()
        client.noop()
    taken = len(server.arrived)
    server.arrived.clear()
    return taken


@pytest.mark.slow
@pytest.mark.parametrize("task", Task)
def test_wherever_the_process_dies_a_mail_goes_out_once_and_a_person_hears_what_is_not_known(
    task: Task,
    mail_server: MailServer,
    nursery: Nursery,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    def errand(number: int) -> Errand:
        (tmp_path / str(number)).mkdir()
        return evolve(prepared(tmp_path / str(number), mail_server.port, task), kill_at=number)

    points: list[str] = json.loads(run(errand(0), nursery))
    assert arrived(mail_server) == 1
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
        assert run(doomed, nursery) == name
        at_death = arrived(mail_server)
        case = gone_on(doomed)
        mails = at_death + arrived(mail_server)
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
