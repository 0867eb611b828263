"""A resubmission and a status change end, or wait for a named person, who can settle them: as a cancel does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orderdesk_devkit.testing.request_recorder import RecordedRequest
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.evidence import Evidence, EvidenceKind
from orderdesk_sdk.cases.exchange import Intent
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.clock import hours
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import InvalidStateError, ValidationError
from orderdesk_sdk.orders.order import RemoteOrder
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.requests import ResubmitRequest
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.stores.serialization import dump, load
from tests.support.scripted_shop import Responses, ShopSettings, absent, sends
from tests.support.scripted_shop import ScriptedShop as Shop
from tests.support.scripted_shop import idle_case as idle
from tests.support.scripted_shop import only_case as only
from tests.support.scripted_shop import shop_desk as opened

ERRORS = '{"errors": ["something is wrong"]}'


class Blind(Shop):
    reads_first = False


class Elsewhere(Shop):
    """Its flow polls something else than the order before it creates."""

    @hookimpl
    def orderdesk_resubmit(
        self, request: ResubmitRequest, service: Service[ShopSettings]
    ) -> Flow[Answer | RemoteOrder]:
        yield service.get("/orders", "another")
        response = yield service.post("/orders", request.order.number)
        return service.remote_order(request.order.number) if response.is_success else answer.unknown(response)


class Failing(Shop):
    @hookimpl
    def orderdesk_resubmit(
        self, request: ResubmitRequest, service: Service[ShopSettings]
    ) -> Flow[Answer | RemoteOrder]:
        yield from ()
        raise KeyError("x")


# A person gets it in time


@pytest.mark.parametrize("response", [(500, "{}"), (200, ERRORS), (302, "{}"), (408, "{}")])
def test_a_create_of_unknown_fate_is_sent_four_times_at_most_and_then_a_person_has_it(
    tmp_path: Path, response: tuple[int, str]
) -> None:
    with opened(tmp_path, Shop(), absent(response)) as (desk, tap):
        desk.resubmissions.create("1042", by="Ann")
        work = idle(desk)
        assert (work.state, sends(tap)) == (State.ACTION_REQUIRED, ["POST"] * 4)
        assert "The request was sent 4 times" in str(work.message)
        assert "confirm or reject" in str(work.hint)
        assert work.updated_at - work.created_at < hours(1), "nobody waits a day for what the machine does no more"


@pytest.mark.slow
def test_a_create_that_is_turned_away_is_tried_for_a_day_as_a_cancel_is(tmp_path: Path) -> None:
    with opened(tmp_path, Shop(), absent((401, "{}"))) as (desk, tap):
        assert desk.resubmissions.create("1042", by="Ann").state is State.PENDING
        work = idle(desk)
        assert (work.state, work.message) == (State.ACTION_REQUIRED, "not let in")
        assert work.updated_at - work.created_at == hours(24)
        assert 140 < len(sends(tap)) < 160


@pytest.mark.slow
def test_a_service_that_is_down_is_left_to_a_person_after_a_day_and_reminders_keep_nobody_busy(tmp_path: Path) -> None:
    with opened(tmp_path, Shop(), lambda seen: (503, "")) as (desk, tap):
        desk.resubmissions.create("1042", by="Ann")
        work = idle(desk)
        assert (work.state, sends(tap)) == (State.ACTION_REQUIRED, [])
        for _ in range(3):
            desk.clock.sleep_until(desk.clock.monotonic() + hours(4).total_seconds())
            desk.run_due()
        assert str(only(desk).message).endswith("(reminder 3: 8 h overdue)")
        assert idle(desk).is_open


def test_a_flow_that_would_create_again_without_a_look_creates_once(tmp_path: Path) -> None:
    with opened(tmp_path, Blind(), absent((500, "{}"))) as (desk, tap):
        desk.resubmissions.create("1042", by="Ann")
        work = idle(desk)
        assert (work.state, sends(tap)) == (State.ACTION_REQUIRED, ["POST"])
        assert "without polling first" in str(work.plugin_error)


def test_a_poll_of_another_order_allows_no_second_create(tmp_path: Path) -> None:
    with opened(tmp_path, Elsewhere(), absent((500, "{}"))) as (desk, tap):
        desk.resubmissions.create("1042", by="Ann")
        work = idle(desk)
        assert (work.state, sends(tap)) == (State.ACTION_REQUIRED, ["POST"])
        assert "without polling first" in str(work.plugin_error)


def test_a_plugin_that_fails_again_and_again_leaves_it_to_a_person(tmp_path: Path) -> None:
    with opened(tmp_path, Failing(), absent((500, "{}"))) as (desk, tap):
        desk.resubmissions.create("1042", by="Ann")
        work = idle(desk)
        assert (work.state, work.attempt, sends(tap)) == (State.ACTION_REQUIRED, 4, [])
        assert "KeyError" in str(work.plugin_error)


def test_that_a_second_create_is_refused_says_nothing_of_the_first(tmp_path: Path) -> None:
    """The number is taken, by our own order: the first create had worked, and the read lags behind."""
    posts: list[int] = []

    def lagging(seen: RecordedRequest) -> tuple[int, str]:
        if seen.method == "GET":
            return (200, "{}") if len(posts) > 1 else (404, "{}")
        posts.append(1)
        return (500, "{}") if len(posts) == 1 else (409, "{}")

    with opened(tmp_path, Shop(), lagging) as (desk, tap):
        desk.resubmissions.create("1042", by="Ann")
        work = idle(desk)
        assert (work.state, sends(tap)) == (State.DONE, ["POST", "POST"])


# A person settles it


def stuck(desk: Desk) -> Case:
    desk.resubmissions.create("1042", by="Ann")
    return idle(desk)


def test_a_person_confirms_a_resubmission_and_the_duplicate_is_registered(tmp_path: Path) -> None:
    with opened(tmp_path, Shop(), absent((500, "{}"))) as (desk, _):
        done = desk.cases.confirm(stuck(desk).id, by="Ben", note="they told me on the phone")
        assert (done.state, done.due_at, done.message) == (State.DONE, None, "they told me on the phone")
        assert desk.order_store.find_by_remote_id("shop", "1042-1") == desk.order_store.get_order("1042-1").id
        event = desk.ledger.history(done.id)[-1].content
        assert isinstance(event, Event)
        assert (event.kind, event.message, event.person) == (EventKind.DONE, "they told me on the phone", "Ben")
        assert done.evidence == Evidence(EvidenceKind.PERSON, person="Ben", note="they told me on the phone")
        with pytest.raises(InvalidStateError, match="while done: the case is settled"):
            desk.cases.reject(done.id, by="Ben")


def test_a_person_refuses_a_resubmission_and_another_number_may_follow(tmp_path: Path) -> None:
    with opened(tmp_path, Shop(), absent((500, "{}"))) as (desk, _):
        refused = desk.cases.reject(stuck(desk).id, by="Ben")
        assert (refused.state, refused.evidence) == (State.REJECTED, Evidence(EvidenceKind.PERSON, person="Ben"))
        assert desk.resubmissions.create("1042", by="Ann").order_number == "1042-2"


def test_a_person_sends_a_resubmission_again_and_the_patience_begins_anew(tmp_path: Path) -> None:
    status = [500]
    shop: Responses = lambda seen: (404, "{}") if seen.method == "GET" else (status[0], "{}")  # noqa: E731 - one line says it
    with opened(tmp_path, Shop(), shop) as (desk, tap):
        work = stuck(desk)
        before = len(sends(tap))
        assert desk.cases.retry(work.id, by="Ben").state is State.UNKNOWN
        assert len(sends(tap)) == before + 1
        assert idle(desk).state is State.ACTION_REQUIRED
        assert len(sends(tap)) == before + 1, "only a person sends it once more"
        status[0] = 200
        assert desk.cases.retry(work.id, by="Ben").state is State.DONE
        assert any("as Ben decided" in str(entry.content) for entry in desk.ledger.history(work.id))


def test_what_has_left_us_cannot_be_taken_back_and_what_has_not_can(tmp_path: Path) -> None:
    with opened(tmp_path, Shop(), absent((500, "{}"))) as (desk, _):
        work = stuck(desk)
        with pytest.raises(InvalidStateError, match="sent already"):
            desk.cases.withdraw(work.id, by="Ben")
    with opened(tmp_path / "other", Shop(), absent((401, "{}"))) as (desk, _):
        made = desk.resubmissions.create("1042", by="Ann")
        withdrawn = desk.cases.withdraw(made.id, by="Ben")
        assert (withdrawn.state, withdrawn.message) == (State.WITHDRAWN, "Withdrawn by Ben")
        assert desk.ledger.next_due() is None


def test_nobody_settles_nothing(tmp_path: Path) -> None:
    with opened(tmp_path, Shop(), absent((500, "{}"))) as (desk, _):
        work = stuck(desk)
        for act in (desk.cases.confirm, desk.cases.reject, desk.cases.withdraw, desk.cases.retry):
            with pytest.raises(ValidationError, match="is required"):
                act(work.id, by=" ")
        with pytest.raises(ValidationError, match="an e-mail can be filed with a cancellation"):
            desk.cases.confirm(work.id, by="Ben", email=b"Subject: yes")


def test_a_status_change_that_cannot_be_made_out_is_a_person_s(tmp_path: Path) -> None:
    with opened(tmp_path, Blind(), absent((500, "{}"))) as (desk, _):
        desk.status_changes.create("1042", "held", by="Ann")
        work = only(desk)
        assert (work.state, work.message) == (State.ACTION_REQUIRED, "nobody can look")
        assert "confirm or reject" in str(work.hint)
        assert desk.cases.confirm(work.id, by="Ben").state is State.DONE
        desk.status_changes.create("1042", "held", by="Ann")
        second = desk.cases.list_others()[-1]
        assert desk.cases.reject(second.id, by="Ben", note="the button is gone").message == "the button is gone"


def test_a_status_that_is_never_taken_is_set_four_times_at_most(tmp_path: Path) -> None:
    with opened(tmp_path, Shop(), lambda seen: (200, '{"status": "open"}')) as (desk, tap):
        desk.status_changes.create("1042", "held", by="Ann")
        assert (idle(desk).state, sends(tap)) == (State.ACTION_REQUIRED, ["PUT"] * 4)


def test_what_a_person_has_is_looked_at_before_they_are_reminded_and_sent_no_more(tmp_path: Path) -> None:
    words = ["open"]
    with opened(tmp_path, Shop(), lambda seen: (200, json.dumps({"status": words[0]}))) as (desk, tap):
        desk.status_changes.create("1042", "held", by="Ann")
        before = len(sends(tap)) if idle(desk).is_open else 0
        words[0] = "held"
        desk.clock.sleep_until(desk.clock.monotonic() + hours(5).total_seconds())
        desk.run_due()
        assert (only(desk).state, len(sends(tap))) == (State.DONE, before)


def test_a_person_has_it_read_back_without_sending(tmp_path: Path) -> None:
    with opened(tmp_path, Shop(), absent((500, "{}"))) as (desk, tap):
        made = desk.resubmissions.create("1042", by="Ann")
        looked = desk.cases.poll(made.id)
        assert (looked.state, looked.due_at, sends(tap)) == (State.UNKNOWN, made.due_at, ["POST"])


# What an earlier version wrote


def test_a_row_that_an_earlier_version_wrote_is_read_and_goes_on(tmp_path: Path) -> None:
    with opened(tmp_path, Shop(), absent((401, "{}"))) as (desk, _):
        made = desk.resubmissions.create("1042", by="Ann")
    document = json.loads(dump(made))
    for new in ("deadline", "action_required_since", "person"):
        document.pop(new, None)
    read = load(json.dumps(document), ResubmitCase)
    assert (read.deadline, read.action_required_since, read.evidence, read.state) == (
        None,
        None,
        None,
        State.PENDING,
    )


def intents(desk: Desk, work: Case) -> list[Intent]:
    return [entry.content for entry in desk.ledger.history(work.id) if isinstance(entry.content, Intent)]


def test_a_death_after_the_create_left_is_followed_by_a_look(tmp_path: Path) -> None:
    with opened(tmp_path, Shop(), absent((201, "{}"))) as (desk, tap):
        write = desk.ledger.write

        def dying(*changes: object) -> None:
            if any(not getattr(change, "after").is_open for change in changes):  # noqa: B009 - any kind of change
                raise SystemExit("killed")
            write(*changes)  # type: ignore[arg-type]

        desk.ledger.write = dying  # type: ignore[method-assign]  # the process "dies" at the last commit
        desk.resubmissions.create("1042", by="Ann")
        desk.ledger.write = write  # type: ignore[method-assign]
        assert (only(desk).state, len(intents(desk, only(desk)))) == (State.SENDING, 2)
        tap.override = lambda seen: (200, "{}")
        assert idle(desk).state is State.DONE
        assert sends(tap) == ["POST"]
