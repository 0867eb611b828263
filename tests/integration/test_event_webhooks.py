"""Events out: what happens to cases is heard elsewhere, signed, in order, and again until it is taken."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import pytest

from orderdesk_devkit.testing.raw_server import RawServer, http_response, responding
from orderdesk_sdk.cases.event_webhooks import DeliveryState, EventEndpoint, EventType
from orderdesk_sdk.clock import VirtualClock, hours, seconds
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.event_webhooks.config import EventWebhookConfig
from orderdesk_sdk.desk.event_webhooks.dispatcher import LEASE
from orderdesk_sdk.desk.event_webhooks.schedule import DELAYS, JITTER, MAX_TRIES
from orderdesk_sdk.errors import ConfigurationError, InvalidStateError, NotFoundError, ValidationError
from orderdesk_sdk.orders.order import Order, OrderLine
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.opening import LedgerLocation
from tests.support.event_receiver import EventReceiver, receiving
from tests.support.fake_services import FakeFulfillmentService, FakeManualService, FakeServices, open_fake_desk
from tests.support.ledgers import DATABASE_PARAMS, LedgerDatabase, open_database, shared_folder
from tests.support.waiting import eventually

CONFIG = EventWebhookConfig(key=Secret("a key of the tests that nobody guesses"))
ORDERS = [Order(f"id-{number}", str(number), lines=(OrderLine(1, code="MUG"),)) for number in (1042, 1043, 1044)]
Opener = Callable[..., Desk]


@pytest.fixture
def open_desk(fake_services: FakeServices, tmp_path: Path, clock: VirtualClock) -> Iterator[Opener]:
    """Opens the desk, and again as another process does; only the first imports the orders."""
    with ExitStack() as stack:
        url = stack.enter_context(RawServer(responding(fake_services))).url
        opened: list[Desk] = []

        def open_(ledger: LedgerLocation | None = None, events: EventWebhookConfig | None = CONFIG) -> Desk:
            plugins = [FakeFulfillmentService(), FakeManualService()]
            orders = [] if opened else ORDERS
            where = ledger or tmp_path / "desk.db"
            desk = stack.enter_context(open_fake_desk(where, clock, url, plugins, orders=orders, events=events))
            if not opened:
                for order in ORDERS:
                    desk.orders.register(order.number, connection="mill", by="a test")
            opened.append(desk)
            return desk

        yield open_


@pytest.fixture
def desk(open_desk: Opener) -> Desk:
    return open_desk()


@pytest.fixture
def receiver() -> Iterator[EventReceiver]:
    with receiving() as made:
        yield made


def finish(desk: Desk, endpoint: EventEndpoint, *states: DeliveryState) -> None:
    """Do rounds until nothing is pending that is due now."""

    def is_finished() -> bool:
        is_due = _is_due(desk, endpoint)
        if is_due:
            desk.run_due()
        return not is_due

    eventually(is_finished, "the deliveries that are due are tried")
    if states:
        assert {one.state for one in desk.event_webhooks.deliveries(endpoint.id)} == set(states)


def _is_due(desk: Desk, endpoint: EventEndpoint) -> bool:
    pending = desk.event_webhooks.deliveries(endpoint.id, states=[DeliveryState.PENDING])
    now = desk.clock.now()
    # While one is sent it is due again when its lease is over.
    return any(
        one.next_try_at is not None and (one.next_try_at <= now or one.next_try_at == now + LEASE) for one in pending
    )


def _tells(desk: Desk, text: str) -> bool:
    return any(text in problem for problem in desk.run_due().problems)


def test_a_round_says_what_was_not_delivered(desk: Desk, receiver: EventReceiver) -> None:
    receiver.answers(lambda _: 503)
    endpoint, _ = desk.event_webhooks.add(receiver.url, by="Ann")
    desk.cancel("1042", by="Ann")
    eventually(partial(_tells, desk, f"to endpoint {endpoint.id}: the endpoint answered 503"), "the problem is told")


class TestDelivered:
    def test_a_cancel_is_heard_in_order_and_signed_and_tells_nothing_personal(
        self, desk: Desk, receiver: EventReceiver, fake_services: FakeServices, clock: VirtualClock
    ) -> None:
        endpoint, secret = desk.event_webhooks.add(receiver.url, by="Ann Admin")
        (case,) = desk.cancel("1042", by="Ann Person", reason="Mara Lindt moved away").cases
        desk.run_due()
        finish(desk, endpoint, DeliveryState.DELIVERED)
        assert receiver.types() == ["case.requested", "case.sending", "case.acknowledged"]
        fake_services.status["mill", "1042"] = "canceled"
        clock.advance(hours(1))
        desk.run_due()
        finish(desk, endpoint, DeliveryState.DELIVERED)
        assert receiver.types()[-1] == "case.canceled"
        for request in receiver.requests:
            assert request.verify(secret) == request.content
            assert request.headers["content-type"] == "application/json"
            assert not any(name in request.body.decode() for name in ("Ann", "Mara", "moved", "http"))
        last = receiver.requests[-1].content
        assert set(last) == {"type", "timestamp", "data"}
        assert last["data"] == {
            "sequence": last["data"]["sequence"],
            "case_id": case.id,
            "kind": "cancel",
            "cancellation_id": case.cancellation_id,
            "order_id": "id-1042",
            "order_number": "1042",
            "connection": "mill",
            "state": "canceled",
        }
        assert len({request.message_id for request in receiver.requests}) == len(receiver.requests)

    def test_only_what_an_endpoint_wants(self, desk: Desk, receiver: EventReceiver) -> None:
        wanted, _ = desk.event_webhooks.add(receiver.url, types=[EventType.ACKNOWLEDGED], by="Ann")
        desk.event_webhooks.add(receiver.url, connections=["phone"], by="Ann")
        desk.cancel("1042", by="Ann")
        desk.run_due()
        finish(desk, wanted, DeliveryState.DELIVERED)
        assert receiver.types() == ["case.acknowledged"]

    def test_what_happened_before_it_was_added_is_not_told(self, desk: Desk, receiver: EventReceiver) -> None:
        desk.cancel("1042", by="Ann")
        endpoint, _ = desk.event_webhooks.add(receiver.url, by="Ann")
        desk.run_due()
        assert desk.event_webhooks.deliveries(endpoint.id) == ()

    def test_a_test_is_sent_at_once_and_recorded_nowhere(self, desk: Desk, receiver: EventReceiver) -> None:
        endpoint, secret = desk.event_webhooks.add(receiver.url, by="Ann")
        assert desk.event_webhooks.test(endpoint.id).is_success
        assert receiver.requests[0].verify(secret)["type"] == "test"
        receiver.answers(lambda _: 500)
        assert desk.event_webhooks.test(endpoint.id).status == 500
        assert desk.event_webhooks.deliveries(endpoint.id) == ()


class TestRetried:
    def test_the_same_again_on_a_schedule_until_it_is_given_up_and_a_person_sends_it_again(
        self, desk: Desk, receiver: EventReceiver, clock: VirtualClock
    ) -> None:
        receiver.answers(lambda _: 500)
        endpoint, secret = desk.event_webhooks.add(receiver.url, types=[EventType.REQUESTED], by="Ann")
        desk.cancel("1042", by="Ann")
        for tries in range(1, MAX_TRIES + 1):
            desk.run_due()
            finish(desk, endpoint)
            assert len(receiver.requests) == tries
            (delivery,) = desk.event_webhooks.deliveries(endpoint.id)
            assert (delivery.tries, delivery.last_status) == (tries, 500)
            if tries < MAX_TRIES:
                assert delivery.next_try_at is not None
                assert DELAYS[tries - 1] <= delivery.next_try_at - clock.now() <= DELAYS[tries - 1] * (1 + JITTER)
                clock.advance(DELAYS[tries - 1] * (1 + JITTER))
        (delivery,) = desk.event_webhooks.deliveries(endpoint.id)
        assert delivery.state is DeliveryState.FAILED
        assert len({(request.message_id, request.body) for request in receiver.requests}) == 1, "the same each time"
        clock.advance(hours(100))
        desk.run_due()
        assert len(receiver.requests) == MAX_TRIES
        receiver.answers(lambda _: 200)
        desk.event_webhooks.redeliver(endpoint.id, delivery.sequence, by="Ann")
        desk.run_due()
        finish(desk, endpoint, DeliveryState.DELIVERED)
        assert receiver.requests[-1].message_id == delivery.message_id
        receiver.requests[-1].verify(secret)

    @pytest.mark.parametrize(
        "answer",
        [
            http_response(302, b"", location="http://127.0.0.1:1/"),
            http_response(200, b"x" * 2_000_000),
            b"junk\r\n\r\n",
        ],
        ids=["redirect", "too large", "junk"],
    )
    def test_whatever_is_no_2xx_is_no_delivery(self, desk: Desk, receiver: EventReceiver, answer: bytes) -> None:
        receiver.answers(lambda _: answer)
        endpoint, _ = desk.event_webhooks.add(receiver.url, types=[EventType.REQUESTED], by="Ann")
        desk.cancel("1042", by="Ann")
        desk.run_due()
        finish(desk, endpoint, DeliveryState.PENDING)
        (delivery,) = desk.event_webhooks.deliveries(endpoint.id)
        assert delivery.last_problem

    def test_an_endpoint_that_asks_for_longer_is_left_alone_for_longer(
        self, desk: Desk, receiver: EventReceiver, clock: VirtualClock
    ) -> None:
        receiver.answers(lambda _: http_response(429, b"", retry_after="3600"))
        endpoint, _ = desk.event_webhooks.add(receiver.url, types=[EventType.REQUESTED], by="Ann")
        desk.cancel("1042", by="Ann")
        desk.run_due()
        finish(desk, endpoint)
        (delivery,) = desk.event_webhooks.deliveries(endpoint.id)
        assert delivery.next_try_at == clock.now() + hours(1)

    def test_the_later_events_of_a_case_wait_and_those_of_others_do_not(
        self, desk: Desk, receiver: EventReceiver, clock: VirtualClock
    ) -> None:
        endpoint, _ = desk.event_webhooks.add(receiver.url, by="Ann")
        receiver.answers(lambda request: 500 if request.content["data"]["order_number"] == "1042" else 204)
        for number in ("1042", "1043"):
            desk.cancel(number, by="Ann")
        desk.run_due()
        finish(desk, endpoint)
        told = [(one.content["data"]["order_number"], one.content["type"]) for one in receiver.requests]
        assert told.count(("1042", "case.requested")) == 1
        assert [kind for number, kind in told if number == "1042"] == ["case.requested"]
        assert [kind for number, kind in told if number == "1043"] == [
            *("case.requested", "case.sending", "case.acknowledged"),
        ]
        receiver.answers(lambda _: 204)
        clock.advance(seconds(10))
        desk.run_due()
        finish(desk, endpoint, DeliveryState.DELIVERED)
        again = [one.content["type"] for one in receiver.requests if one.content["data"]["order_number"] == "1042"]
        assert again == ["case.requested", "case.requested", "case.sending", "case.acknowledged"]


class TestEndpoints:
    def test_who_is_gone_hears_nothing_more_until_somebody_enables_it_and_then_all_of_it(
        self, desk: Desk, receiver: EventReceiver, clock: VirtualClock
    ) -> None:
        receiver.answers(lambda _: 410)
        endpoint, _ = desk.event_webhooks.add(receiver.url, by="Ann")
        desk.cancel("1042", by="Ann")
        desk.run_due()
        finish(desk, endpoint)
        assert desk.event_webhooks.get(endpoint.id).disabled_reason == "it answered 410 Gone"
        desk.cancel("1043", by="Ann")
        clock.advance(hours(1))
        desk.run_due()
        assert len(receiver.requests) == 1
        receiver.answers(lambda _: 200)
        desk.event_webhooks.enable(endpoint.id, by="Ann")
        desk.run_due()
        finish(desk, endpoint, DeliveryState.DELIVERED)
        assert Counter(receiver.types()[1:])["case.requested"] == 2, "what happened meanwhile, too"

    def test_a_dead_endpoint_holds_up_nobody(self, desk: Desk, receiver: EventReceiver) -> None:
        gate = threading.Event()
        with receiving() as dead:
            dead.answers(lambda _: 204 if gate.wait(20) else 500)
            hanging, _ = desk.event_webhooks.add(dead.url, by="Ann")
            other, _ = desk.event_webhooks.add(receiver.url, by="Ann")
            for number in ("1042", "1043", "1044"):
                desk.cancel(number, by="Ann")
                desk.run_due()
            finish(desk, other, DeliveryState.DELIVERED)
            assert len(receiver.requests) == 9
            assert len(dead.requests) == 1, "one at a time"
            gate.set()
            desk.run_due()
            eventually(lambda: len(dead.requests) == 9, "what waited is sent")
            finish(desk, hanging, DeliveryState.DELIVERED)

    def test_both_secrets_sign_while_one_is_changed(self, desk: Desk, receiver: EventReceiver) -> None:
        endpoint, old = desk.event_webhooks.add(receiver.url, by="Ann")
        _, new = desk.event_webhooks.rotate(endpoint.id, by="Ann")
        assert desk.event_webhooks.test(endpoint.id).is_success
        assert len(receiver.requests[0].headers["webhook-signature"].split()) == 2
        assert receiver.requests[0].verify(old) == receiver.requests[0].verify(new)
        desk.event_webhooks.rotate(endpoint.id, overlap=hours(0), by="Ann")
        desk.event_webhooks.test(endpoint.id)
        assert len(receiver.requests[1].headers["webhook-signature"].split()) == 1

    @pytest.mark.parametrize(
        "url",
        ["http://shop.example/events", "https://10.0.0.8/", "https://169.254.169.254/latest", "https://a@b.example"],
    )
    def test_only_public_places_hear_anything(self, desk: Desk, url: str) -> None:
        with pytest.raises(ConfigurationError):
            desk.event_webhooks.add(url, by="Ann")
        assert desk.event_webhooks.list() == ()

    def test_a_secret_that_the_rules_do_not_allow_is_refused_and_not_shown(self, desk: Desk) -> None:
        for text in ("whsec_c2hvcnQ=", "my-own-word", "whsec_%%%%"):
            with pytest.raises(ValidationError) as refused:
                desk.event_webhooks.add("https://shop.example", secret=Secret(text), by="Ann")
            assert text not in str(refused.value)
        with pytest.raises(NotFoundError):
            desk.event_webhooks.get("none")

    def test_every_change_is_in_the_audit_log(self, desk: Desk, receiver: EventReceiver) -> None:
        endpoint, _ = desk.event_webhooks.add(receiver.url, by="Ann")
        desk.event_webhooks.disable(endpoint.id, by="Ben")
        desk.event_webhooks.enable(endpoint.id, by="Cleo")
        desk.event_webhooks.rotate(endpoint.id, by="Dan")
        told = [(entry.record.actor, entry.record.subject) for entry in desk.audit.list()]
        assert told == [(name, f"endpoint {endpoint.id}") for name in ("Dan", "Cleo", "Ben", "Ann")]


class TestKey:
    def test_without_the_key_nothing_is_sent_and_with_it_everything_is(
        self, open_desk: Opener, receiver: EventReceiver, clock: VirtualClock
    ) -> None:
        first = open_desk()
        endpoint, _ = first.event_webhooks.add(receiver.url, by="Ann")
        without = open_desk(events=None)
        without.cancel("1042", by="Ann")
        without.run_due()
        eventually(lambda: any("no key" in problem for problem in without.run_due().problems), "it is said")
        assert receiver.requests == []
        clock.advance(LEASE)
        first.run_due()
        finish(first, endpoint, DeliveryState.DELIVERED)

    def test_who_changes_the_url_in_the_database_gets_nothing_signed(
        self, desk: Desk, receiver: EventReceiver, tmp_path: Path
    ) -> None:
        endpoint, _ = desk.event_webhooks.add("https://shop.example", by="Ann")
        with closing(sqlite3.connect(tmp_path / "desk.db")) as stranger, stranger:
            stranger.execute("UPDATE event_endpoints SET url = ?", (receiver.url,))
        with pytest.raises(ConfigurationError, match="for another URL"):
            desk.event_webhooks.test(endpoint.id)
        assert receiver.requests == []


@pytest.fixture(params=DATABASE_PARAMS)
def database(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LedgerDatabase]:
    with open_database(request.param, tmp_path, shared_folder(tmp_path_factory)) as opened:
        yield opened


def test_of_many_workers_one_sends_each_event(
    database: LedgerDatabase, open_desk: Opener, receiver: EventReceiver
) -> None:
    desks = [open_desk(database.location) for _ in range(3)]
    endpoint, _ = desks[0].event_webhooks.add(receiver.url, by="Ann")
    for number in ("1042", "1043", "1044"):
        desks[0].cancel(number, by="Ann")
    threads = [threading.Thread(target=lambda desk=desk: [desk.run_due() for _ in range(5)]) for desk in desks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    finish(desks[0], endpoint, DeliveryState.DELIVERED)
    assert Counter(receiver.types()) == {"case.requested": 3, "case.sending": 3, "case.acknowledged": 3}
    for number in ("1042", "1043", "1044"):
        told = [one.content["type"] for one in receiver.requests if one.content["data"]["order_number"] == number]
        assert told == ["case.requested", "case.sending", "case.acknowledged"]


def test_too_many_endpoints_are_refused(desk: Desk) -> None:
    for number in range(20):
        desk.event_webhooks.add(f"https://shop{number}.example", by="Ann")
    with pytest.raises(InvalidStateError, match="20 endpoints"):
        desk.event_webhooks.add("https://another.example", by="Ann")
