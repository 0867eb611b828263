"""Messages on a ledger in PostgreSQL: several workers share them, and each is handled once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from orderdesk_devkit.testing.raw_server import RawServer, responding
from orderdesk_sdk.cases.messages import MessageSource, MessageState
from orderdesk_sdk.clock import SystemClock
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.orders.order import Order, OrderLine
from orderdesk_sdk.secret import Secret
from tests.support.fake_services import FakeFulfillmentService, FakeServices, open_fake_desk
from tests.support.posted_orders import STORE_MESSAGES, php_order, posted_order

NUMBERS = [str(2000 + number) for number in range(24)]


@pytest.fixture
def desks(postgres_url: str, fake_services: FakeServices) -> Iterator[tuple[Desk, ...]]:
    orders = [Order(f"id-{number}", number, lines=(OrderLine(1, code="MUG"),)) for number in NUMBERS]
    with ExitStack() as stack:
        url = stack.enter_context(RawServer(responding(fake_services))).url
        made = [
            stack.enter_context(
                open_fake_desk(
                    Secret(postgres_url),
                    SystemClock(),
                    url,
                    [FakeFulfillmentService()],
                    orders=orders,
                    messages=STORE_MESSAGES,
                )
            )
            for _ in range(3)
        ]
        for number in NUMBERS:
            made[0].orders.register(number, connection="mill", by="a test")
        yield tuple(made)


def test_each_message_is_handled_once_by_one_of_the_workers(
    desks: tuple[Desk, ...], fake_services: FakeServices
) -> None:
    posts = [posted_order(php_order(f"id-{number}", number)) for number in NUMBERS]

    def receive(number: int) -> int:
        posted = posts[number % len(posts)]
        return desks[number % 3].messages.receive(MessageSource.cancel(), posted.headers, posted.body).status

    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(receive, range(3 * len(posts))))
        assert statuses.count(201) == len(posts)
        assert set(statuses) == {200, 201}
        for _ in range(4):
            assert [report.problems for report in pool.map(lambda desk: desk.run_due(), desks)] == [()] * 3
    messages = desks[0].messages.list(limit=100)
    assert {(message.state, message.attempts) for message in messages} == {(MessageState.HANDLED, 1)}
    assert sorted(fake_services.writes) == sorted(f"mill cancel {number}" for number in NUMBERS)
