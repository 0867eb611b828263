"""Events out under SIGKILL: wherever the process dies, each event is heard at least once, in order, under one name."""

from __future__ import annotations

import itertools
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrs import evolve

from orderdesk_devkit.testing.failpoints.child import DIED
from orderdesk_devkit.testing.failpoints.fork_server import ForkServer
from orderdesk_devkit.testing.failpoints.runner import FAILPOINTS
from orderdesk_sdk.cases.event_webhooks import DeliveryState
from orderdesk_sdk.clock import VirtualClock, seconds
from orderdesk_sdk.desk.event_webhooks.dispatcher import LEASE
from orderdesk_sdk.orders.order import Order, OrderLine
from orderdesk_sdk.secret import Secret
from tests.support.event_receiver import EventReceiver, receiving
from tests.support.event_webhook_child import CLAIMED, EventTask

pytestmark = pytest.mark.crash
EXPECTED_POINTS = {
    "before SqliteLedger.record_deliveries",
    "after SqliteLedger.record_deliveries",
    CLAIMED,
    "before the request leaves (POST)",
    "after the request left (POST)",
    "after the response was read (POST)",
    "before SqliteLedger.update_delivery",
    "after SqliteLedger.update_delivery",
}
HEARD = ["case.requested", "case.action_required"]


@pytest.fixture(scope="module")
def fork_server() -> Iterator[ForkServer]:
    with ForkServer(at_once=1, module="tests.support.event_webhook_child") as raised:
        yield raised


def prepared(folder: Path, url: str) -> tuple[EventTask, Secret]:
    """A desk with an order that a person cancels by phone, and an endpoint."""
    folder.mkdir()
    clock = VirtualClock()
    task = EventTask(str(folder), clock.now(), 0)
    with task.open(clock) as desk:
        desk.orders.import_orders([Order("id-1042", "1042", lines=(OrderLine(1, code="MUG"),))], by="a test")
        desk.orders.register("1042", connection="phone", by="a test")
        _, secret = desk.event_webhooks.add(url, by="a test")
    return task, secret


def check_after_death(task: EventTask, receiver: EventReceiver, secret: Secret, where: str) -> None:
    """Go on in another process, and see that everything is heard."""
    clock = VirtualClock(task.now)
    with task.open(clock) as desk:
        task.cancel(desk)
        clock.advance(LEASE + seconds(1))
        for _ in range(4):
            desk.run_due()
            desk.event_webhooks.wait_until_idle()
        (endpoint,) = desk.event_webhooks.list()
        states = [one.state for one in desk.event_webhooks.deliveries(endpoint.id)]
        assert states == [DeliveryState.DELIVERED] * len(HEARD), where
    bodies = {request.message_id: request.body for request in receiver.requests}
    assert {(one.message_id, one.body) for one in receiver.requests} == set(bodies.items()), (
        f"{where}: one name, one body"
    )
    firsts = list(dict.fromkeys(request.message_id for request in receiver.requests))
    told = {request.message_id: request.verify(secret)["type"] for request in receiver.requests}
    assert [told[message_id] for message_id in firsts] == HEARD, where
    assert len(receiver.requests) <= len(HEARD) + 1, f"{where}: only what was under way is sent twice"


@pytest.mark.slow
def test_wherever_the_process_dies_every_event_is_heard(
    fork_server: ForkServer, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    deaths: list[str] = []
    with receiving() as receiver:
        for number in itertools.count(1):
            receiver.requests.clear()
            task, secret = prepared(tmp_path / str(number), receiver.url)
            ended = fork_server.run(evolve(task, kill_at=number))
            died_at = next((line.removeprefix(DIED).strip() for line in ended.output if line.startswith(DIED)), None)
            assert ended.code == (0 if died_at is None else -signal.SIGKILL), ended
            check_after_death(task, receiver, secret, f"{number}: {died_at}")
            if died_at is None:
                break
            deaths.append(died_at)
    assert set(deaths) >= EXPECTED_POINTS
    record_property(FAILPOINTS, f"an event out: killed at {len(deaths)} points")
