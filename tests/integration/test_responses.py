"""A buyer at a marketplace asks us to cancel: answered once, in time, and only after the places behind it answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderdesk_devkit.testing.raw_server import RawServer, responding
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.response import ResponseCase
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.health import HealthCode, HealthStatus
from orderdesk_sdk.desk.health_checks import check_health
from orderdesk_sdk.errors import InvalidStateError
from orderdesk_sdk.orders.order import Order, OrderLine
from orderdesk_sdk.plugin import Answer, Flow, PollRequest, Service, answer, hookimpl
from orderdesk_sdk.plugin.answer import LineAnswer, Rejection
from orderdesk_sdk.plugin.cancel_requests import ResponseAnswer, SilenceMeans
from orderdesk_sdk.plugin.webhooks import NotificationKind
from orderdesk_sdk.runtime.connection_config import Answering
from tests.support.fake_market import (
    DEADLINE,
    FakeMarketplace,
    FakeMarketplaceWithoutList,
    FakeMarketServices,
    market_webhook,
)
from tests.support.fake_services import (
    FakeDeskOpener,
    FakeFulfillmentService,
    FakeManualService,
    FakeServiceSettings,
    case_at,
    case_states,
    open_fake_desk,
)
from tests.support.ledgers import DATABASE_PARAMS, open_database, shared_folder

MILL = FakeFulfillmentService()
AUTOMATIC = Answering.AUTOMATIC


class MillInParts(FakeFulfillmentService):
    """A mill that cancels one line of two."""

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[FakeServiceSettings]) -> Flow[Answer]:
        """Read."""
        response = yield service.get("/mill", request.remote_id)
        lines = (LineAnswer("MUG", 1, 1), LineAnswer("TEE", 1, 0))
        return answer.partially_canceled(response, lines)


@pytest.fixture
def fake_services() -> FakeMarketServices:
    return FakeMarketServices()


def response_of(desk: Desk) -> ResponseCase:
    (found,) = desk.responses.list(order="1042")
    return found


def follow(desk: Desk, clock: VirtualClock, until: State = State.DONE, longest: int = 400) -> ResponseCase:
    """The case once it is in this state, after what was due was done each time it was due."""
    for _ in range(longest):
        desk.run_due()
        found = response_of(desk)
        if found.state is until:
            return found
        due = desk.ledger.next_due()
        assert due is not None, f"it is {found.state.value} for ever"
        clock.advance(max(due - clock.now(), minutes(0)))
    raise AssertionError(f"it is {response_of(desk).state.value}: {response_of(desk).message}")


def test_a_request_is_accepted_once_the_mill_has_canceled(
    fake_services_desk: FakeDeskOpener, fake_services: FakeMarketServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(FakeMarketplace(), MILL, at=["market", "mill"], answering=AUTOMATIC)
    fake_services.cancel_outcomes["mill"] = "canceling"
    fake_services.ask()
    desk.notifications.handle_webhook("market", market_webhook())
    clock.advance(minutes(1))
    desk.run_due()
    assert (response_of(desk).state, fake_services.answers) == (State.PENDING, []), "the mill only acknowledged it"
    assert [one for one in fake_services.writes if "mill" in one] == ["mill cancel 1042"]
    fake_services.status["mill", "1042"] = "canceled"
    found = follow(desk, clock)
    assert (found.answer, fake_services.answers) == (ResponseAnswer.ACCEPT, ["1042 R1 accept -"])
    clock.advance(minutes(10))
    desk.run_due()
    assert case_states(desk) == {"mill": State.CANCELED, "market": State.CANCELED}
    assert case_at(desk, "market").is_reported, "the cart's own side was read, and not asked to cancel"
    assert desk.cancellations.receipt("1042").is_canceled


def test_a_refusal_of_the_mill_is_answered_with_the_askers_own_code(
    fake_services_desk: FakeDeskOpener, fake_services: FakeMarketServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(FakeMarketplace(), MILL, at=["market", "mill"], answering=AUTOMATIC)
    fake_services.status["mill", "1042"] = "shipped"
    fake_services.cancel_outcomes["mill"] = "shipped"
    fake_services.ask()
    desk.notifications.handle_webhook("market", market_webhook())
    found = follow(desk, clock)
    assert found.decision is not None
    assert (found.answer, found.decision.rejection) == (ResponseAnswer.REJECT, Rejection.SHIPPED)
    assert fake_services.answers == ["1042 R1 reject SHP"]
    assert "market" not in case_states(desk), "the order stands there"


def test_a_request_is_found_without_a_message(
    fake_services_desk: FakeDeskOpener, fake_services: FakeMarketServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(FakeMarketplace(), MILL, at=["market", "mill"], answering=AUTOMATIC)
    desk.run_due()
    fake_services.ask()
    desk.run_due()
    assert desk.responses.list() == (), "the next list is due in ten minutes"
    clock.advance(minutes(10))
    desk.run_due()
    assert response_of(desk).request.reason == "ordered twice"
    assert follow(desk, clock).answer is ResponseAnswer.ACCEPT


def test_a_message_is_not_believed_where_the_requests_can_be_listed(
    fake_services_desk: FakeDeskOpener,
) -> None:
    desk = fake_services_desk(FakeMarketplace(), MILL, at=["market", "mill"], answering=AUTOMATIC)
    (heard,) = desk.notifications.handle_webhook("market", market_webhook())
    assert (heard.message, desk.responses.list()) == ("The open requests were read", ())


def test_a_request_that_is_told_again_and_again_has_one_case(
    fake_services_desk: FakeDeskOpener, fake_services: FakeMarketServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(FakeMarketplaceWithoutList(), MILL, at=["market", "mill"], answering=AUTOMATIC)
    fake_services.ask()
    for number in range(3):
        request = market_webhook()
        again = type(request)({**request.headers}, request.body + b" " * number)
        desk.notifications.handle_webhook("market", again)
    follow(desk, clock)
    desk.notifications.handle_webhook("market", market_webhook(NotificationKind.CANCEL_REQUESTED))
    assert (len(desk.responses.list()), fake_services.answers) == (1, ["1042 R1 accept -"])
    assert [one for one in fake_services.writes if "mill" in one] == ["mill cancel 1042"]


def test_without_a_setting_a_request_waits_for_a_person(
    fake_services_desk: FakeDeskOpener, fake_services: FakeMarketServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(FakeMarketplace(), MILL, at=["market", "mill"])
    fake_services.ask()
    desk.notifications.handle_webhook("market", market_webhook())
    found = response_of(desk)
    assert found.state is State.ACTION_REQUIRED
    assert found.hint == f"decide with `orderdesk answer {found.id} accept` or `orderdesk answer {found.id} reject`"
    clock.advance(hours(5))
    desk.run_due()
    assert (response_of(desk).reminders, fake_services.writes) == (1, [])
    desk.responses.accept(found.id, by="Ann")
    assert follow(desk, clock).answer is ResponseAnswer.ACCEPT


def test_a_person_rejects_a_request_with_a_reason(
    fake_services_desk: FakeDeskOpener, fake_services: FakeMarketServices
) -> None:
    desk = fake_services_desk(FakeMarketplace(), MILL, at=["market", "mill"])
    fake_services.ask()
    desk.notifications.handle_webhook("market", market_webhook())
    done = desk.responses.reject(response_of(desk).id, by="Ann", rejection=Rejection.TOO_LATE, note="in production")
    assert (done.state, fake_services.answers) == (State.DONE, ["1042 R1 reject LATE"])
    assert fake_services.writes == ["market reject 1042"], "the mill was not asked"
    with pytest.raises(InvalidStateError, match="cannot be decided any more"):
        desk.responses.accept(done.id, by="Ann")


def test_no_answer_is_given_while_a_place_is_not_settled(
    fake_services_desk: FakeDeskOpener, fake_services: FakeMarketServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(
        FakeMarketplace(), MILL, FakeManualService(), at=["market", "mill", "phone"], answering=AUTOMATIC
    )
    fake_services.ask()
    desk.notifications.handle_webhook("market", market_webhook())
    case = response_of(desk)
    found = follow(desk, clock, State.ACTION_REQUIRED)
    assert case.answer_by is not None
    assert found.answer_by is not None
    assert clock.now() >= found.escalate_at == case.answer_by - hours(4)
    assert "phone (action required)" in (found.message or "")
    with pytest.raises(InvalidStateError, match="phone"):
        desk.responses.accept(found.id, by="Ann")
    with pytest.raises(InvalidStateError, match="phone"):
        desk.responses.reject(found.id, by="Ann")
    assert fake_services.answers == []
    desk.cases.confirm(case_at(desk, "phone").id, by="Ann")
    assert follow(desk, clock).answer is ResponseAnswer.ACCEPT
    assert clock.now() < found.answer_by


@pytest.mark.parametrize("silence", SilenceMeans)
def test_a_deadline_that_passes_is_told_with_what_it_means(
    silence: SilenceMeans, fake_services_desk: FakeDeskOpener, fake_services: FakeMarketServices, clock: VirtualClock
) -> None:
    market = FakeMarketplaceWithoutList()
    market.silence = silence
    desk = fake_services_desk(market, MILL, at=["market", "mill"])
    fake_services.ask()
    desk.notifications.handle_webhook("market", market_webhook())
    if silence is SilenceMeans.ACCEPTED:
        fake_services.status["market", "1042"] = "canceled"
    clock.advance(DEADLINE)
    desk.run_due()
    found = response_of(desk)
    assert (found.state, fake_services.answers) == (State.EXPIRED, [])
    assert "The deadline passed without an answer" in (found.message or "")
    clock.advance(minutes(5))
    desk.run_due()
    assert case_states(desk) == ({"market": State.CANCELED} if silence is SilenceMeans.ACCEPTED else {})


@pytest.mark.parametrize("lists", [True, False])
def test_what_is_withdrawn_is_withdrawn_where_nothing_was_sent(
    lists: bool, fake_services_desk: FakeDeskOpener, fake_services: FakeMarketServices, clock: VirtualClock
) -> None:
    market = FakeMarketplace() if lists else FakeMarketplaceWithoutList()
    desk = fake_services_desk(market, MILL, at=["market", "mill"], answering=AUTOMATIC)
    fake_services.ask()
    desk.notifications.handle_webhook("market", market_webhook())
    assert case_states(desk) == {"mill": State.PENDING}
    clock.advance(minutes(1))
    fake_services.requests["1042"]["state"] = "withdrawn"
    desk.notifications.handle_webhook("market", market_webhook(NotificationKind.CANCEL_REQUEST_WITHDRAWN))
    assert (response_of(desk).state, case_states(desk)) == (State.WITHDRAWN, {"mill": State.WITHDRAWN})
    clock.advance(hours(1))
    desk.run_due()
    assert (fake_services.writes, fake_services.answers) == ([], [])


def test_what_was_canceled_before_a_request_was_withdrawn_is_told(
    fake_services_desk: FakeDeskOpener, fake_services: FakeMarketServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(
        FakeMarketplaceWithoutList(), MILL, FakeManualService(), at=["market", "mill", "phone"], answering=AUTOMATIC
    )
    fake_services.ask()
    desk.notifications.handle_webhook("market", market_webhook())
    for _ in range(4):
        desk.run_due()
        clock.advance(minutes(1))
    assert case_states(desk)["mill"] is State.CANCELED
    desk.notifications.handle_webhook("market", market_webhook(NotificationKind.CANCEL_REQUEST_WITHDRAWN))
    found = response_of(desk)
    assert (found.state, "too late at mill" in (found.message or "")) == (State.WITHDRAWN, True)


def test_one_that_was_withdrawn_and_is_made_again_is_a_new_one(
    fake_services_desk: FakeDeskOpener, fake_services: FakeMarketServices
) -> None:
    desk = fake_services_desk(FakeMarketplaceWithoutList(), MILL, at=["market", "mill"])
    fake_services.ask()
    withdrawn = market_webhook(NotificationKind.CANCEL_REQUEST_WITHDRAWN)
    desk.notifications.handle_webhook("market", market_webhook())
    desk.notifications.handle_webhook("market", withdrawn)
    again = market_webhook()
    desk.notifications.handle_webhook("market", type(again)(again.headers, again.body + b" "))
    assert [one.state for one in desk.responses.list()] == [State.WITHDRAWN, State.ACTION_REQUIRED]


def test_a_lost_reply_is_read_and_the_request_answered_only_once(
    fake_services_desk: FakeDeskOpener, fake_services: FakeMarketServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(FakeMarketplace(), MILL, at=["market", "mill"], answering=AUTOMATIC)
    fake_services.loses_replies = True
    fake_services.ask()
    desk.notifications.handle_webhook("market", market_webhook())
    follow(desk, clock)
    assert fake_services.answers == ["1042 R1 accept -"]


def test_an_answer_that_is_never_taken_is_given_a_few_times_and_then_a_persons(
    fake_services_desk: FakeDeskOpener, fake_services: FakeMarketServices, clock: VirtualClock
) -> None:
    market = FakeMarketplace()
    market.deadline = hours(5)
    desk = fake_services_desk(market, MILL, at=["market", "mill"], answering=AUTOMATIC)
    fake_services.forgets = True
    fake_services.ask()
    desk.notifications.handle_webhook("market", market_webhook())
    found = follow(desk, clock, State.ACTION_REQUIRED, longest=400)
    assert found.answer_by is not None
    assert (fake_services.answers, clock.now() < found.answer_by) == (["1042 R1 accept -"] * 4, True)
    with pytest.raises(InvalidStateError):
        desk.responses.reject(found.id, by="Ann")


def test_a_rejection_that_takes_a_person_is_one_persons_task(
    fake_services_desk: FakeDeskOpener, fake_services: FakeMarketServices
) -> None:
    market = FakeMarketplace()
    market.reject_by_hand = "Reject the request in the portal"
    desk = fake_services_desk(market, MILL, at=["market", "mill"])
    fake_services.ask()
    desk.notifications.handle_webhook("market", market_webhook())
    found = desk.responses.reject(response_of(desk).id, by="Ann", note="in production")
    assert (found.state, found.hint) == (
        State.ACTION_REQUIRED,
        "Reject the request in the portal; then confirm the case",
    )
    done = desk.cases.confirm(found.id, by="Ann")
    assert (done.state, fake_services.answers) == (State.DONE, [])


def test_of_a_part_that_is_canceled_these_lines_are_accepted(
    fake_services_desk: FakeDeskOpener, fake_services: FakeMarketServices, clock: VirtualClock
) -> None:
    market = FakeMarketplaceWithoutList()
    market.by_line = True
    desk = fake_services_desk(market, MillInParts(), at=["market", "mill"], answering=AUTOMATIC)
    fake_services.ask()
    desk.notifications.handle_webhook("market", market_webhook())
    found = follow(desk, clock)
    assert found.decision is not None
    assert (found.answer, dict(found.decision.lines)) == (ResponseAnswer.ACCEPT, {"MUG": 1})


def test_where_no_part_can_be_accepted_a_person_decides(
    fake_services_desk: FakeDeskOpener, fake_services: FakeMarketServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(FakeMarketplaceWithoutList(), MillInParts(), at=["market", "mill"], answering=AUTOMATIC)
    fake_services.ask()
    desk.notifications.handle_webhook("market", market_webhook())
    found = follow(desk, clock, State.ACTION_REQUIRED)
    assert "mill (partially canceled)" in (found.message or "")
    done = desk.responses.reject(found.id, by="Ann", rejection=Rejection.TOO_LATE)
    assert (done.state, fake_services.answers) == (State.DONE, ["1042 R1 reject LATE"])


def test_rules_and_checks_hear_of_requests(
    fake_services_desk: FakeDeskOpener, fake_services: FakeMarketServices, clock: VirtualClock
) -> None:
    rule = {
        "name": "Asked back",
        "event": "cancel requested",
        "when": "connection == 'market'",
        "do": [{"action": "Move Order to Folder", "folder": "Prepared"}],
    }
    desk = fake_services_desk(FakeMarketplaceWithoutList(), MILL, at=["market", "mill"], rules=[rule])
    fake_services.ask()
    desk.notifications.handle_webhook("market", market_webhook())
    assert desk.order_store.folder_of("1042") == "Prepared"
    found = response_of(desk)
    clock.advance(found.escalate_at - clock.now())
    late = [one for one in check_health(desk.ledger, clock.now()) if one.code is HealthCode.ANSWERS_OVERDUE]
    assert [(one.status, found.id in (one.hint or "")) for one in late] == [(HealthStatus.DEGRADED, True)]


@pytest.mark.parametrize("kind", DATABASE_PARAMS)
def test_a_request_is_answered_alike_in_every_database(
    kind: str,
    fake_services: FakeMarketServices,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    clock: VirtualClock,
) -> None:
    fake_services.ask()
    order = Order("id-1042", "1042", lines=(OrderLine(1, code="MUG"),))
    with (
        RawServer(responding(fake_services)) as server,
        open_database(kind, tmp_path, shared_folder(tmp_path_factory)) as database,
    ):
        plugins = (FakeMarketplace(), FakeFulfillmentService())
        location = database.location
        with open_fake_desk(location, clock, server.url, plugins, orders=[order], answering=AUTOMATIC) as desk:
            for connection in ("market", "mill"):
                desk.orders.register("1042", connection=connection, by="a test")
            desk.run_due()
            found = follow(desk, clock)
            assert (found.answer, found.request.reason) == (ResponseAnswer.ACCEPT, "ordered twice")
            assert list(desk.ledger.find_flaws()) == []
            assert desk.ledger.case(found.id, ResponseCase) == found
