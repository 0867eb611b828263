"""Messages under SIGKILL: wherever the process dies, what was answered is handled, and nothing is done twice."""

from __future__ import annotations

import itertools
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrs import evolve

from orderdesk_devkit.testing.failpoints.child import DIED, REPORTED
from orderdesk_devkit.testing.failpoints.fork_server import ForkServer
from orderdesk_devkit.testing.failpoints.runner import FAILPOINTS
from orderdesk_devkit.testing.raw_server import RawServer, responding
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.messages import MessageState
from orderdesk_sdk.clock import VirtualClock, seconds
from orderdesk_sdk.desk.messages.dispatcher import LEASE
from orderdesk_sdk.orders.order import Order, OrderLine
from tests.support.fake_services import FakeServices, case_states, pass_minutes
from tests.support.message_child import CLAIMED, INBOX, ORDER_ID, MessageTask, Way
from tests.support.queued_service import queued_body

pytestmark = pytest.mark.crash
CONNECTION = {Way.WEBHOOK: "mill", Way.POSTED_ORDER: "mill", Way.FILE: "queued"}
EXPECTED_POINTS = {
    "after SqliteLedger.store_messages",
    "between receiving and handling",
    CLAIMED,
    "before SqliteLedger.update_message",
}


@pytest.fixture(scope="module")
def fork_server() -> Iterator[ForkServer]:
    with ForkServer(at_once=1, module="tests.support.message_child") as raised:
        yield raised


def prepared(folder: Path, url: str, way: Way) -> MessageTask:
    """A desk with an order at one service, and the message where it comes in by a file."""
    folder.mkdir()
    clock = VirtualClock()
    task = MessageTask(str(folder), url, clock.now(), way, 0)
    with task.open(clock) as desk:
        desk.orders.import_orders([Order(ORDER_ID, "1042", lines=(OrderLine(1, code="MUG"),))], by="a test")
        desk.orders.register("1042", connection=CONNECTION[way], by="a test")
    if way is Way.FILE:
        (folder / INBOX).mkdir()
        (folder / INBOX / "1.json").write_bytes(queued_body("1042"))
    return task


def run(task: MessageTask, fork_server: ForkServer) -> tuple[str | None, bool]:
    """Where the child died, None where it lived; and whether the sender had its answer."""
    ended = fork_server.run(task)
    died_at = next((line.removeprefix(DIED).strip() for line in ended.output if line.startswith(DIED)), None)
    assert ended.code == (0 if died_at is None else -signal.SIGKILL), ended
    return died_at, any(line.startswith(REPORTED) for line in ended.output)


def check_after_death(task: MessageTask, services: FakeServices, *, is_answered: bool, where: str) -> None:
    """Go on in another process, and see that everything was done, once."""
    clock = VirtualClock(task.now)
    with task.open(clock) as desk:
        # Whether the request of the cancel may have left: it is not sent again, and a person decides.
        may_be_sent = task.way is Way.POSTED_ORDER and any(case.attempt for case in desk.cases.list())
        if not is_answered or task.way is Way.FILE:
            assert task.send(desk) in (200, 201, 202), where
        desk.run_due()
        clock.advance(LEASE + seconds(1))
        desk.run_due()
        pass_minutes(desk, clock)
        states = case_states(desk)
        if may_be_sent and states == {"mill": State.ACTION_REQUIRED}:
            assert len(services.writes) <= 1, where
        else:
            assert states == {CONNECTION[task.way]: State.CANCELED}, where
            assert services.writes == (["mill cancel 1042"] if task.way is Way.POSTED_ORDER else []), where
        assert len(desk.ledger.cancellations(ORDER_ID)) == 1, where
        (message,) = desk.messages.list()
        assert message.state is MessageState.HANDLED, where
        assert task.send(desk) == 200, f"{where}: the message is known"
        if task.way is Way.FILE:
            assert [path.name for path in (Path(task.folder) / INBOX).rglob("*.json")] == ["1.json"], where
            assert (Path(task.folder) / INBOX / "done" / "1.json").exists(), where


@pytest.mark.slow
@pytest.mark.parametrize("way", Way)
def test_wherever_the_process_dies_a_message_is_handled_once(
    way: Way, fork_server: ForkServer, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    services = FakeServices()

    def reset() -> None:
        services.status.clear()
        services.writes.clear()
        if way is not Way.POSTED_ORDER:
            services.status[CONNECTION[way], "1042"] = "canceled"

    deaths: list[str] = []
    with RawServer(responding(services)) as server:
        for number in itertools.count(1):
            reset()
            task = evolve(prepared(tmp_path / str(number), server.url, way), kill_at=number)
            died_at, is_answered = run(task, fork_server)
            check_after_death(task, services, is_answered=is_answered, where=f"{number}: {died_at}")
            if died_at is None:  # How many boundaries there are depends on which thread is first.
                break
            deaths.append(died_at)
    assert set(deaths) >= EXPECTED_POINTS
    record_property(FAILPOINTS, f"a message by {way.value}: killed at {len(deaths)} points")
