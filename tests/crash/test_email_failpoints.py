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
from orderdesk_devkit.testing.failpoints.fork_server import ForkServer
from orderdesk_devkit.testing.failpoints.runner import FAILPOINTS
from orderdesk_devkit.testing.plugin_under_test import sample_order
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock, seconds
from orderdesk_sdk.runtime.context import LEASE
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore
from tests.support.email_child import ACTION, EMAIL_ONLY, EmailTask, Task

if TYPE_CHECKING:
    from tests.conftest import MailServer

pytestmark = pytest.mark.crash
ORDER = sample_order()
RULES: list[dict[str, str | list[str]]] = [
    {"name": "Canceled cancels", "event": "order moved", "when": "folder == 'Canceled'", "do": [ACTION]}
]


def prepared(folder: Path, port: int, task: Task) -> EmailTask:
    """A case with an order that was submitted to the e-mail-only integration."""
    clock = VirtualClock()
    rules = RULES if task is Task.MOVE else []
    case = EmailTask(str(folder / "desk.db"), port, clock.now(), ORDER.number, task, 0, rules)
    with SqliteOrderStore(folder / "desk.db", clock=clock) as host:
        host.import_orders([ORDER], by="a test")
    with case.open(clock) as desk:
        desk.orders.register(ORDER.number, connection=EMAIL_ONLY, by="a test")
    return case


@pytest.fixture(scope="module")
def fork_server() -> Iterator[ForkServer]:
    with ForkServer(at_once=1, module="tests.support.email_child") as raised:
        yield raised


def run(task: EmailTask, fork_server: ForkServer) -> str:
    """What the child said: where it died, or which boundaries it crossed."""
    ended = fork_server.run(task)
    assert (ended.code, len(ended.output)) == (-signal.SIGKILL if task.kill_at else 0, 1), ended
    return ended.output[0].removeprefix(DIED if task.kill_at else CROSSED).strip()


def gone_on(task: EmailTask) -> CancelCase:
    """Start again after the death: do what is not done, wait, do what is due. The one case then."""
    clock = VirtualClock(task.now)
    with task.open(clock) as desk:
        done = (
            desk.cases.list(order=ORDER.number)
            if task.task is Task.CANCEL
            else desk.order_store.folder_of(ORDER.id) == "Canceled"
        )
        if not done:
            task.run(desk)
        assert desk.run_due().problems == ()
        clock.advance(LEASE + seconds(1))
        assert desk.run_due().problems == ()
        (case,) = desk.cases.list(order=ORDER.number)
        assert len(desk.ledger.cancellations(ORDER.id)) == 1
        fired = [execution.error for _, execution in desk.ledger.rule_executions(ORDER.id)]
        assert fired == ([None] if task.task is Task.MOVE else [])
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
    fork_server: ForkServer,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    def email_task(number: int) -> EmailTask:
        (tmp_path / str(number)).mkdir()
        return evolve(prepared(tmp_path / str(number), mail_server.port, task), kill_at=number)

    points: list[str] = json.loads(run(email_task(0), fork_server))
    assert arrived(mail_server) == 1
    writes = [number for number, name in enumerate(points) if name == "after SqliteLedger.write"]
    sends = [number for number, name in enumerate(points) if name == "before Smtp.send"]
    responses = [number for number, name in enumerate(points) if name == "after Smtp.getreply"]
    intended, finished = writes[0], writes[-1]
    content, taken = sends[-2], responses[-2]  # The last of each belongs to the goodbye.
    assert intended < content < taken < finished
    deaths = 0
    for number, name in enumerate(points):
        if task is Task.MOVE and "Smtp" in name:
            continue  # The same steps as of a cancel, which dies at them.
        doomed = email_task(number + 1)
        deaths += 1
        assert run(doomed, fork_server) == name
        at_death = arrived(mail_server)
        case = gone_on(doomed)
        mails = at_death + arrived(mail_server)
        where = f"{number + 1}: {name}"
        assert case.state is State.ACTION_REQUIRED, where
        if intended <= number < finished:
            assert f"Message-ID <{case.id}.0@example.com>" in str(case.hint), where
            assert mails <= 1, where
            assert mails == 0 or number > content, where
            assert mails == 1 or number < taken, where
        else:
            assert mails == 1, where
            assert "E-mail sent to desk@example.net" in str(case.message), where
    record_property(FAILPOINTS, f"{task.value} by mail: killed at {deaths} points")
