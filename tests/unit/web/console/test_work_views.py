"""What the pages of work show: each row with its way on, each case with what may be done and why not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.case_actions import CaseAction, action_obstacles
from orderdesk_sdk.cases.inbox import MAX_COUNTED, InboxKind
from orderdesk_sdk.clock import hours
from orderdesk_sdk.desk.inbox import InboxCounts, InboxItem, InboxPage
from orderdesk_sdk.web.console.views.orders.actions import case_actions
from orderdesk_sdk.web.console.views.work.asked import asked_facts, portal_text
from orderdesk_sdk.web.console.views.work.decisions import DECISION_ROLES, make_decisions
from orderdesk_sdk.web.console.views.work.inbox import InboxView, make_inbox, shown_count
from tests.support.builders import LATER, NOW, make_cancellation, make_case, make_resubmission

NOTHING = InboxCounts(dict.fromkeys(InboxKind, 0))


def item(kind: InboxKind = InboxKind.CANCEL, due_in: timedelta = timedelta(0), *, overdue: bool = False) -> InboxItem:
    case = make_case(State.ACTION_REQUIRED, message="why", hint="do it")
    return InboxItem(kind, case, NOW, NOW + due_in, overdue)


def inbox(*items: InboxItem, total: int | None = None, offset: int = 0, connection: str = "") -> InboxView:
    page = InboxPage(items, len(items) if total is None else total, is_cut=False)
    return make_inbox(
        page, NOTHING, NOW, chosen=InboxKind.CANCEL, connection=connection, connections=("shop",), offset=offset
    )


def test_a_row_says_why_it_waits_what_to_do_and_for_how_long_there_is_time() -> None:
    (row,) = inbox(item(due_in=hours(2))).rows
    assert (row.why, row.todo, row.href, row.due_text) == ("why", "do it", "/cases/c1-1", "due in 2 h")
    assert inbox(item(due_in=-hours(3), overdue=True)).rows[0].due_text == "overdue by 3 h"
    assert inbox(item(due_in=hours(3), overdue=True)).rows[0].due_text == "overdue"
    assert inbox(item(InboxKind.ALARM)).rows[0].due_text == "alarm"


def test_the_next_page_keeps_what_was_asked_for() -> None:
    view = inbox(item(), total=60, offset=50, connection="a&b")
    assert (view.next_href, view.first_href) == (
        "/inbox?kind=cancel&connection=a%26b&offset=51",
        "/inbox?kind=cancel&connection=a%26b",
    )
    assert inbox(item()).next_href is None
    assert [one.label for one in view.filters if one.is_chosen] == ["Cancel"]


def test_a_count_that_goes_no_further_has_a_plus() -> None:
    assert [shown_count(count) for count in (0, MAX_COUNTED - 1, MAX_COUNTED)] == ["0", "999", "999+"]


@pytest.mark.parametrize("role", list(Role))
def test_what_a_role_does_not_allow_is_off_and_says_so(role: Role) -> None:
    case = make_case(State.ACTION_REQUIRED)
    decisions = make_decisions(case, action_obstacles(case), role, is_stepped_up=True, is_seen=False)
    for action, needed in DECISION_ROLES.items():
        name = action.value.replace(" ", "-")
        if name in decisions and decisions[name].why_off is None:
            assert role.allows(needed)
    assert (decisions["confirm"].why_off is None) is role.allows(Role.SUPERVISOR)


def test_nothing_is_left_to_do_with_a_settled_case_but_to_see_an_alarm() -> None:
    for state, names in ((State.CANCELED, set()), (State.SHIPPED_ANYWAY, {"mark-seen"})):
        case = make_case(state)
        obstacles = action_obstacles(case)
        assert set(make_decisions(case, obstacles, Role.ADMIN, is_stepped_up=True, is_seen=False)) == names
        assert make_decisions(case, obstacles, Role.ADMIN, is_stepped_up=True, is_seen=True) == {}


def test_while_a_request_is_under_way_nobody_settles_the_case() -> None:
    case = make_case(State.SENDING)
    decisions = make_decisions(case, action_obstacles(case), Role.ADMIN, is_stepped_up=True, is_seen=False)
    assert all(decisions[name].why_off for name in ("confirm", "reject", "poll", "retry", "withdraw"))


def test_to_confirm_takes_a_password_given_a_short_while_ago() -> None:
    case = make_case(State.ACTION_REQUIRED)
    decisions = make_decisions(case, action_obstacles(case), Role.ADMIN, is_stepped_up=False, is_seen=False)
    assert [name for name, one in decisions.items() if one.needs_step_up] == ["confirm"]


@pytest.mark.parametrize(
    ("state", "possible"),
    [
        (State.PENDING, {CaseAction.REJECT, CaseAction.POLL, CaseAction.WITHDRAW}),
        (State.SENDING, {CaseAction.CONFIRM, CaseAction.REJECT}),
        (State.UNKNOWN, {CaseAction.CONFIRM, CaseAction.REJECT, CaseAction.POLL, CaseAction.RETRY}),
        (State.CANCELED, {CaseAction.POLL}),
        (State.SHIPPED_ANYWAY, {CaseAction.MARK_SEEN}),
    ],
)
def test_what_may_be_done_follows_from_the_state(state: State, possible: set[CaseAction]) -> None:
    sent = {} if state is State.PENDING else {"last_sent_at": NOW}
    obstacles = action_obstacles(make_case(state, **sent))
    assert {action for action, obstacle in obstacles.items() if obstacle is None} == possible
    assert all(obstacle != "" for obstacle in obstacles.values())


def test_a_request_that_was_sent_is_not_withdrawn() -> None:
    obstacle = action_obstacles(make_case(State.UNKNOWN, last_sent_at=LATER))[CaseAction.WITHDRAW]
    assert obstacle is not None
    assert "sent already" in obstacle


def test_what_is_asked_is_told_in_names_and_values() -> None:
    facts = dict(asked_facts(make_case(), make_cancellation(), "button"))
    assert (facts["Reason"], facts["By way of"], facts["Number there"]) == ("customer asked", "button", "1042")
    assert "Last word of the service" not in facts, "what there is not, is left away"
    assert dict(asked_facts(make_resubmission(), None, None))["Requested by"] == "Ann"


def test_what_is_copied_into_a_portal_names_both_numbers_and_the_reason() -> None:
    text = portal_text(make_case(remote_id="R-7"), make_cancellation())
    assert text == "Please cancel order R-7.\nOur number: 1042\nReason: customer asked"


@pytest.mark.parametrize(
    ("state", "text"), [(State.ACTION_REQUIRED, "may have been asked"), (State.UNKNOWN, "sent already")]
)
def test_nobody_is_told_that_an_e_mail_was_sent_which_may_be_a_draft(state: State, text: str) -> None:
    case = evolve(make_case(state), last_sent_at=NOW)
    assert text in (action_obstacles(case)[CaseAction.WITHDRAW] or "")
    (withdraw,) = [one for one in case_actions(case, Role.OPERATOR) if one.name == "withdraw"]
    assert ("may have been" in (withdraw.why_off or "")) is (state is State.ACTION_REQUIRED)
