"""Law 7 by chance: services and plugins that say anything at all, for months; everything ends or waits for a person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from orderdesk_devkit.testing.raw_server import RawServer, http_response, responding
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cli.worker import has_automatic_work
from orderdesk_sdk.clock import VirtualClock, hours, minutes, seconds
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.orders.order import ConnectionRole, Order, OrderLine, RemoteOrder
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, LineAnswer, Rejection
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration, NewNumber, SettableStatus
from orderdesk_sdk.plugin.order_numbers import NotStated
from orderdesk_sdk.plugin.requests import CancelRequest, PollRequest, ResubmitRequest, StatusChangeRequest
from orderdesk_sdk.plugin.routes import (
    Always,
    Button,
    Confirmation,
    FinalResponse,
    ManualConfirmation,
    Polling,
    Portal,
    RuleAction,
    WhileStatus,
    Window,
    WithinTime,
)
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.plugin.webhooks import NotificationKind
from tests.support.fake_services import FakeManualService, FakeServiceSettings, fake_webhook, open_fake_desk

ROUNDS = 4_000
AWAITING = (State.ACTION_REQUIRED, State.ACTION_REQUIRED)
JUMPS = (seconds(1), seconds(20), minutes(3), minutes(61), hours(5), hours(30), hours(24 * 9))


class RandomPlugin(FakeManualService):
    """A service and its plugin, which do what chance says."""

    def __init__(self, slug: str, role: ConnectionRole, random: Random) -> None:
        self.slug, self.role, self._random = slug, role, random
        self._ladder = tuple(self._route() for _ in range(random.randrange(4)))

    def _route(self) -> Button | Portal:
        random = self._random
        every = minutes(random.choice([1, 7, 60]))
        confirms: list[Confirmation] = [
            FinalResponse(),
            Polling(every, every * random.choice([1, 10])),
            ManualConfirmation(),
        ]
        windows: list[Window] = [Always(), WithinTime(minutes(5)), WhileStatus({"open", "new"}, "made")]
        confirm, window = random.choice(confirms), random.choice(windows)
        fallback_on = frozenset(random.sample(list(Rejection), random.randrange(3)))
        return Button(confirm, window, fallback_on) if random.random() < 0.7 else Portal("Call them.", window=window)

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return Integration(
            slug=self.slug,
            title=self.slug.title(),
            settings=FakeServiceSettings,
            base_url="endpoint",
            role=self.role,
            cancel=self._ladder,
            resubmission=NewNumber(),
            identified_by={"*": NotStated("chance says it")},
            statuses=(SettableStatus("held", "On hold"),) if self.role is ConnectionRole.CART else (),
            actions=(RuleAction(f"Cancel Order at {self.slug.title()}"),) if self._ladder else (),
        )

    def _flow(self, number: str, service: Service[FakeServiceSettings]) -> Flow[Answer]:
        """Some calls, and any answer, or none."""
        random = self._random
        response = None
        for _ in range(random.choice([0, 1, 1, 1, 2, 3])):
            if random.random() < 0.5:
                response = yield service.get(f"/{self.slug}", number)
            else:
                response = yield service.post(
                    f"/{self.slug}", number, json={"do": "it"}, idempotent=random.random() < 0.5
                )
        if random.random() < 0.05:
            raise KeyError("chance")
        word = random.choice([None, "open", "made"])
        if response is None:
            return random.choice(
                [answer.unknown(None), answer.not_processed(None), answer.rejected(None, Rejection.TOO_LATE)]
            )
        if random.random() < 0.06:
            return answer.canceled(response, status="canceled", lines=[LineAnswer("MUG", 2, 2)])
        wait = random.choice([None, None, seconds(1), hours(2), hours(24 * 400)])
        return random.choice(
            [
                answer.acknowledged(response, status=word),
                answer.pending(response, status=word),
                answer.pending(response, status=word),
                answer.unknown(response),
                answer.not_processed(response, retry_after=wait),
                answer.not_processed(response),
                answer.changed(response) if random.random() < 0.2 else answer.unknown(response),
                answer.rejected(response, random.choice(list(Rejection)))
                if random.random() < 0.3
                else answer.pending(response),
            ]
        )

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[FakeServiceSettings]) -> Flow[Answer]:
        return (yield from self._flow(request.remote_id, service))

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[FakeServiceSettings]) -> Flow[Answer]:
        return (yield from self._flow(request.remote_id, service))

    @hookimpl
    def orderdesk_change_status(
        self, request: StatusChangeRequest, service: Service[FakeServiceSettings]
    ) -> Flow[Answer]:
        return (yield from self._flow(request.remote_id, service))

    @hookimpl
    def orderdesk_resubmit(
        self, request: ResubmitRequest, service: Service[FakeServiceSettings]
    ) -> Flow[Answer | RemoteOrder]:
        told = yield from self._flow(request.order.number, service)
        return service.remote_order(request.order.number) if self._random.random() < 0.1 else told


class RandomService:
    """What comes back: anything."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def __call__(self, request: bytes) -> bytes:
        random = self._random
        if random.random() < 0.15:
            return b""
        status = random.choice([200, 200, 200, 201, 202, 400, 401, 403, 404, 409, 408, 429, 500, 503])
        return http_response(status, json.dumps({"status": random.choice(["open", "canceled", 7])}).encode())


@pytest.fixture
def opened(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Desk, Random, VirtualClock]]:
    random, clock = Random(request.param), VirtualClock()  # noqa: S311 - chance, not a secret
    services = [
        RandomPlugin("cart", ConnectionRole.CART, random),
        *(RandomPlugin(slug, ConnectionRole.FULFILLMENT, random) for slug in ("mill", "press")),
    ]
    with RawServer(responding(RandomService(random))) as server:
        orders = [Order(f"id-{number}", number, lines=(OrderLine(2, code="MUG"),)) for number in ("1042", "1043")]
        with open_fake_desk(tmp_path / "desk.db", clock, server.url, services, orders=orders) as desk:
            yield desk, random, clock


def something(desk: Desk, random: Random) -> None:
    """Whatever somebody may do."""
    number, place = random.choice(["1042", "1043"]), random.choice(["cart", "mill", "press"])
    work: Case | None = random.choice([*desk.cases.list(), *desk.cases.list_others(), None])
    with suppress(OrderDeskError):
        match random.randrange(9):
            case 0 | 1:
                desk.orders.register(number, connection=place, by="Ann")
            case 2 | 3:
                desk.cancel(number, by="Ann", send_now=random.random() < 0.7)
            case 4:
                desk.notifications.handle_webhook(
                    place, fake_webhook(number, random.choice(list(NotificationKind)), delivery=str(random.random()))
                )
            case 5:
                desk.resubmissions.create(number, by="Ann")
            case 6:
                desk.status_changes.create(number, "held", by="Ann")
            case 7 if work is not None:
                desk.cases.retry(work.id, by="Ben")
            case _ if work is not None and random.random() < 0.3:
                desk.cases.confirm(work.id, by="Ben")


def open_works(desk: Desk) -> list[Case]:
    return [
        *(case for case in desk.cases.list() if case.is_open),
        *desk.cases.list_others(open_only=True),
    ]


def described(works: list[Case]) -> str:
    return "; ".join(f"{work.id} at {work.connection} is {work.state.value}: {work.message}" for work in works)


def until_idle(desk: Desk, clock: VirtualClock) -> int:
    """As `orderdesk work --until-idle`; how many rounds it took."""
    for number in range(ROUNDS):
        if not has_automatic_work(desk):
            return number
        due = desk.ledger.next_due()
        assert due is not None, described(open_works(desk))
        clock.advance(max(due - clock.now(), seconds(0)))
        desk.run_due()
    raise AssertionError(f"{ROUNDS} rounds, and no end: {described(open_works(desk))}")


@pytest.mark.slow
@pytest.mark.parametrize("opened", range(12), indirect=True)
def test_whatever_is_said_everything_ends_or_waits_for_a_person(opened: tuple[Desk, Random, VirtualClock]) -> None:
    desk, random, clock = opened
    for _ in range(30):
        something(desk, random)
        if random.random() < 0.6:
            clock.advance(random.choice(JUMPS))
            desk.run_due()
    until_idle(desk, clock)
    waiting = [work for work in open_works(desk) if work.state in AWAITING]
    for work in open_works(desk):
        follows = isinstance(work, CancelCase) and work.role is ConnectionRole.CART and work.state is State.PENDING
        assert work.state in AWAITING or (follows and waiting), described([work])
        assert work.due_at is not None
        assert work.message or work.hint, described([work])
    before = sum(len(desk.ledger.history(work.id)) for work in open_works(desk))
    for _ in range(30):  # A month without anybody.
        clock.advance(hours(24))
        desk.run_due()
    until_idle(desk, clock)
    written = sum(len(desk.ledger.history(work.id)) for work in open_works(desk)) - before
    assert written <= 60 * 12 * max(1, len(waiting)), f"{written} lines in a month in which nobody did anything"
    for work in open_works(desk):  # And a person can end it.
        if work.state in AWAITING:
            assert not desk.cases.reject(work.id, by="Ben").is_open
