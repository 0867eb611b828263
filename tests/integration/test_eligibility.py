"""A marketplace is asked of each order whether it would cancel it: what is kept, shown and relied on."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.exchange import Intent
from orderdesk_sdk.cases.plan import ASK_FIRST, PlanEntry
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.errors import InvalidStateError, ValidationError
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration, Quota
from tests.support.eligibility_toy import BUYER, OTHER, STOCK, AdmitsThatItWrites, AsksFirst, Market
from tests.support.toy_plugin import Toy
from tests.support.toy_simulators import ToyShop

TESTED = PluginUnderTest(slug="toy", plugin=AsksFirst(), simulator=Market)


def market(harness: ConformanceHarness) -> Market:
    assert isinstance(harness.service, Market)
    return harness.service


def entry(harness: ConformanceHarness) -> PlanEntry:
    (planned,) = harness.desk.cancellations.plan(harness.order).entries
    return planned


def notes(harness: ConformanceHarness) -> list[str]:
    history = harness.desk.ledger.history(harness.case.id)
    return [one.content for one in history if isinstance(one.content, str)]


def test_a_plan_says_what_to_do_before_anything_was_read(tmp_path: Path) -> None:
    with TESTED.open_harness(tmp_path) as harness:
        planned = entry(harness)
        assert planned.steps[0].needs == f"reason{ASK_FIRST}"
        assert planned.steps[0].requires_reason
        assert planned.steps[0].reasons == ()
        assert planned.eligibility is not None
        assert planned.eligibility.reading is None
        assert market(harness).asked == []


def test_a_reading_is_kept_with_its_time_and_shown_in_the_plan(tmp_path: Path) -> None:
    with TESTED.open_harness(tmp_path) as harness:
        harness.service.set_option("reasons", "no stock")
        (read,) = harness.desk.eligibility.read(harness.order, by="Ann")
        assert read.reading is not None
        planned = entry(harness)
        assert planned.eligibility is not None
        assert planned.eligibility.reading == read.reading
        assert not planned.eligibility.is_stale
        assert [code.code for code in planned.steps[0].reasons] == [BUYER, OTHER]
        assert planned.steps[0].needs == "reason"
        assert read.reading.read_at == harness.clock.now()
        (exchange,) = read.reading.exchanges
        assert exchange.status == 200
        assert harness.desk.eligibility.latest(harness.order) == (read.reading,)


def test_a_stale_reading_is_shown_as_stale_and_gives_no_reasons(tmp_path: Path) -> None:
    with TESTED.open_harness(tmp_path) as harness:
        harness.desk.eligibility.read(harness.order, by="Ann")
        token = harness.desk.cancellations.plan(harness.order).token
        harness.wait_for(harness.clock.now() + minutes(10))
        planned = entry(harness)
        assert planned.eligibility is not None
        assert planned.eligibility.is_stale
        assert planned.steps[0].needs == f"reason{ASK_FIRST}"
        assert planned.steps[0].reasons == ()
        assert harness.desk.cancellations.plan(harness.order).token != token


def test_an_order_that_is_not_eligible_is_asked_for_all_the_same(tmp_path: Path) -> None:
    """A reading is of one moment: only the answer to the cancel decides."""
    with TESTED.open_harness(tmp_path) as harness:
        harness.wait_for(harness.clock.now() + hours(2))
        (read,) = harness.desk.eligibility.read(harness.order, by="Ann")
        assert read.reading is not None
        assert read.reading.eligibility.is_eligible is False
        assert read.reading.eligibility.message == "the order is shipped"
        case = harness.cancel(BUYER)
        assert case.state is State.REJECTED
        assert case.rejection is Rejection.NOT_ALLOWED
        assert any("not eligible (too late)" in note for note in notes(harness))


def test_a_cancel_reads_the_reasons_itself_before_it_is_recorded(tmp_path: Path) -> None:
    with TESTED.open_harness(tmp_path) as harness:
        case = harness.cancel("customer asked")
        assert case.state is State.ACKNOWLEDGED
        assert len(market(harness).asked) == 1
        (note,) = notes(harness)
        assert note.endswith("for a test: eligible; reasons: BUYER_ASKED, OUT_OF_STOCK, OTHER_REASON")
        assert harness.follow_up().state is State.CANCELED


def test_a_reason_that_the_reading_does_not_name_is_refused_and_nothing_is_recorded(tmp_path: Path) -> None:
    with TESTED.open_harness(tmp_path) as harness:
        harness.service.set_option("reasons", "no stock")
        with pytest.raises(ValidationError, match="OUT_OF_STOCK"):
            harness.cancel(STOCK)
        with pytest.raises(ValidationError, match="out of stock"):
            harness.cancel("out of stock")
        assert harness.desk.ledger.cancellations(TESTED.order.id) == ()
        assert len(market(harness).asked) == 1  # The second time by what was read.


def test_a_reading_that_grew_old_is_read_again(tmp_path: Path) -> None:
    with TESTED.open_harness(tmp_path) as harness:
        harness.desk.eligibility.read(harness.order, by="Ann")
        harness.service.set_option("reasons", "no stock")
        harness.wait_for(harness.clock.now() + minutes(11))
        with pytest.raises(ValidationError, match="one of"):
            harness.cancel(STOCK)
        assert len(market(harness).asked) == 2


def test_a_service_that_is_down_does_not_lose_the_request(tmp_path: Path) -> None:
    with TESTED.open_harness(tmp_path) as harness:
        market(harness).is_down = True
        case = harness.cancel(BUYER)
        assert case.state is State.PENDING
        assert case.message is not None
        assert "did not say whether it would cancel" in case.message
        assert case.last_sent_at is None
        market(harness).is_down = False
        assert harness.follow_up().state is State.CANCELED


class BusyMarket(Market):
    """Wants to be left alone for forty minutes while it is down."""

    def respond(self, request: Request, body: bytes) -> Response:
        if self.is_down and request.url.path == "/eligibility":
            return JSONResponse({"error": "later"}, 429, {"retry-after": "2400"})
        return super().respond(request, body)


def test_a_service_is_asked_again_when_it_wants_to_be(tmp_path: Path) -> None:
    with evolve(TESTED, simulator=BusyMarket).open_harness(tmp_path) as harness:
        market(harness).is_down = True
        case = harness.cancel(BUYER)
        assert case.state is State.PENDING
        assert case.due_at is not None
        assert minutes(40) <= case.due_at - harness.clock.now() < minutes(41)


def test_a_login_that_is_refused_is_told_with_its_remedy(tmp_path: Path) -> None:
    with TESTED.open_harness(tmp_path) as harness:
        market(harness).key = "another"
        case = harness.cancel(BUYER)
        assert (case.state, case.hint) == (State.PENDING, "the key")


class AsksOnceADay(AsksFirst):
    """Of a marketplace that takes one question a day."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return evolve(super().orderdesk_integration(), quotas={"eligibility": Quota(1)})


def test_a_question_beyond_a_daily_quota_is_asked_when_the_next_day_begins(tmp_path: Path) -> None:
    with evolve(TESTED, plugin=AsksOnceADay()).open_harness(tmp_path) as harness:
        harness.desk.eligibility.read(harness.order, by="Ann")
        harness.wait_for(harness.clock.now() + minutes(11))
        case = harness.cancel(BUYER)
        assert (case.state, case.due_at) == (State.PENDING, Quota(1).opens_at(harness.clock.now()))
        assert "not today" in str(case.message)
        assert harness.follow_up().state is State.REJECTED, "the order is shipped by then, and nothing is lost"
        assert len(market(harness).asked) == 2


def test_a_reason_that_turns_out_not_to_be_taken_goes_to_a_person(tmp_path: Path) -> None:
    with TESTED.open_harness(tmp_path) as harness:
        market(harness).is_down = True
        harness.service.set_option("reasons", "no stock")
        assert harness.cancel(STOCK).state is State.PENDING
        market(harness).is_down = False
        for case in harness.steps():
            if case.state is State.ACTION_REQUIRED:
                break
        assert case.state is State.ACTION_REQUIRED
        assert "not allowed for this order" in str(case.message)
        assert case.last_sent_at is None


class NeverShips(Market):
    """Leaves an order open until it is canceled."""

    def actual_status(self, remote_id: str) -> str:
        status = super().actual_status(remote_id)
        return "open" if status == "shipped" else status


def test_a_service_that_stays_down_leaves_it_to_a_person(tmp_path: Path) -> None:
    tested = PluginUnderTest(slug="toy", plugin=AsksFirst(), simulator=NeverShips)
    with tested.open_harness(tmp_path) as harness:
        market(harness).is_down = True
        harness.cancel(BUYER)
        for case in harness.steps():
            if case.state is State.ACTION_REQUIRED:
                break
        assert case.state is State.ACTION_REQUIRED
        assert "did not say whether it would cancel" in str(case.message)
        assert case.last_sent_at is None


def test_what_is_sent_again_is_the_same_request_whatever_was_read_since(tmp_path: Path) -> None:
    with TESTED.open_harness(tmp_path) as harness:
        harness.service.faults.add(Fault.RESET_BEFORE, method="POST", path="^/cancellations$")
        assert harness.cancel(STOCK).state is State.UNKNOWN
        harness.service.set_option("reasons", "no stock")
        harness.wait_for(harness.clock.now() + minutes(1))
        harness.read_eligibility()
        assert STOCK not in [code.code for code in entry(harness).steps[0].reasons]
        harness.desk.cases.retry(harness.case.id, by="Ann")
        history = [one.content for one in harness.desk.ledger.history(harness.case.id)]
        sent = [one for one in history if isinstance(one, Intent) and not one.read_only]
        assert len(sent) == 2
        assert len({(one.digest, one.body) for one in sent}) == 1


def test_what_is_only_recorded_reads_nothing(tmp_path: Path) -> None:
    with TESTED.open_harness(tmp_path) as harness:
        harness.desk.cancel(harness.order, by="Ann", reason=STOCK, send_now=False)
        assert market(harness).asked == []
        assert harness.follow_up().state is State.CANCELED
        assert len(market(harness).asked) == 1


def test_a_reading_that_would_write_is_refused_and_sends_nothing(tmp_path: Path) -> None:
    tested = PluginUnderTest(slug="toy", plugin=AdmitsThatItWrites(), simulator=Market)
    with tested.open_harness(tmp_path) as harness:
        (read,) = harness.desk.eligibility.read(harness.order, by="Ann")
        assert read.reading is None
        assert "only reads, and would send POST" in str(read.problem)
        assert [record.operation for record in harness.service.log] == []


def test_a_connection_where_the_order_is_not_is_named(tmp_path: Path) -> None:
    with TESTED.open_harness(tmp_path) as harness:
        with pytest.raises(InvalidStateError, match="not registered at typo"):
            harness.desk.eligibility.read(harness.order, by="Ann", connections=["toy", "typo"])
        assert market(harness).asked == []


def test_a_service_that_says_nothing_beforehand_is_not_asked(tmp_path: Path) -> None:
    tested = PluginUnderTest(slug="toy", plugin=Toy(), simulator=ToyShop)
    with tested.open_harness(tmp_path) as harness:
        assert entry(harness).eligibility is None
        with pytest.raises(InvalidStateError, match="no service at any connection"):
            harness.desk.eligibility.read(harness.order, by="Ann")
