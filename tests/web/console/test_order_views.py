"""Views of orders by themselves: what is offered, what is off and why, what has changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.plan import ASK_FIRST, Plan, PlanEntry, PlanStep
from orderdesk_sdk.cases.windows import WindowState
from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.plugin.integration import SideEffect
from orderdesk_sdk.plugin.reasons import ReasonCode, StandardReason
from orderdesk_sdk.plugin.routes import Scope
from orderdesk_sdk.web.console.views.orders.actions import case_actions, role_refusal
from orderdesk_sdk.web.console.views.orders.bulk import make_preview, reason_choices
from orderdesk_sdk.web.console.views.orders.changes import plan_changes, plan_summary
from orderdesk_sdk.web.console.views.orders.places import make_place
from orderdesk_sdk.web.console.views.orders.reasons import make_reasons
from orderdesk_sdk.web.console.views.orders.review import read_quantities
from tests.support.builders import make_case

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
BUTTON = PlanStep("button (asks)", WindowState(is_open=True), "polled", "the service", Scope.ORDER)
EMAIL = PlanStep("e-mail", WindowState(is_open=True), "a person confirms", "a person", Scope.ORDER)
CODES = (
    ReasonCode("NOSTOCK", "No stock", frozenset({StandardReason.OUT_OF_STOCK})),
    ReasonCode("BUYER", "Buyer asked", frozenset({StandardReason.CUSTOMER_ASKED})),
)


def entry(name: str, *steps: PlanStep, chosen: int | None = 0) -> PlanEntry:
    return PlanEntry(name, name, name.upper(), ConnectionRole.FULFILLMENT, "1", steps, chosen)


def plan(*entries: PlanEntry) -> Plan:
    return Plan("id-1", "1", NOW, entries)


class TestPlace:
    def test_a_window_that_a_clock_closes_says_what_comes_after_it(self) -> None:
        closing = evolve(BUTTON, window=WindowState(is_open=True, closes_at=NOW + timedelta(minutes=2)), next_step=1)
        place = make_place(entry("mww", closing, EMAIL), None, is_covered=False, role=Role.OPERATOR)
        assert place.chosen is not None
        assert place.chosen.closes_at == NOW + timedelta(minutes=2)
        assert place.after == "once the window has closed: e-mail, a person confirms"
        assert [route.status for route in place.routes] == ["taken now", "taken if the ones before come to nothing"]

    def test_a_closed_route_says_why(self) -> None:
        closed = evolve(BUTTON, window=WindowState(is_open=False, closed_reason="closed 2 min after the submission"))
        place = make_place(entry("mww", closed, EMAIL, chosen=1), None, is_covered=False, role=Role.OPERATOR)
        assert [route.status for route in place.routes] == ["closed 2 min after the submission", "taken now"]

    def test_what_is_not_done_and_what_is_done_besides_is_said(self) -> None:
        with_refund = evolve(entry("shop", BUTTON), not_done=(SideEffect.STOCK,))
        place = make_place(with_refund, None, is_covered=False, role=Role.OPERATOR)
        assert place.not_done == ("nothing returns into stock",)
        assert "captured money is refunded" in place.also_done


class TestReasons:
    def test_words_are_taken_where_no_place_has_a_list(self) -> None:
        reasons = make_reasons([entry("a", BUTTON), entry("b", evolve(BUTTON, needs="reason (optional)"))])
        assert (reasons.takes_words, reasons.is_required, reasons.wanted_by) == (True, False, ("B",))

    def test_a_reason_that_a_list_does_not_have_is_refused_by_its_place(self) -> None:
        listed = evolve(BUTTON, needs="reason", reasons=CODES)
        reasons = make_reasons([entry("hub", listed), entry("a", BUTTON)])
        standard = {choice.value: choice.refused_by for choice in reasons.groups[0].choices}
        assert (standard["out of stock"], standard["fraud"]) == ((), ("HUB",))
        assert [choice.value for choice in reasons.groups[1].choices] == ["NOSTOCK", "BUYER"]
        assert (reasons.takes_words, reasons.is_required) == (False, True)

    def test_a_code_of_one_list_is_refused_by_another(self) -> None:
        one = evolve(BUTTON, needs="reason", reasons=CODES)
        other = evolve(BUTTON, needs="reason", reasons=(ReasonCode("X1", "Other"),))
        reasons = make_reasons([entry("hub", one), entry("market", other)])
        assert {choice.refused_by for choice in reasons.groups[1].choices} == {("MARKET",)}


class TestChanges:
    def test_each_place_that_is_different_is_told(self) -> None:
        seen = plan_summary(plan(entry("a", BUTTON), entry("b", BUTTON)))
        now = plan(entry("a", BUTTON, EMAIL, chosen=1), entry("c", EMAIL))
        told = [(change.title, change.before, change.after) for change in plan_changes(seen, now)]
        assert told == [("A", "button (asks)", "e-mail"), ("b", "button (asks)", None), ("C", None, "e-mail")]

    @pytest.mark.parametrize("seen", ["", "{}", "[1]", "[[1,2]]", "[" * 5000, '[["a",1]]', "x" * 30_000])
    def test_a_summary_that_nobody_can_read_tells_nothing(self, seen: str) -> None:
        assert plan_changes(seen, plan(entry("a", BUTTON))) == ()


class TestQuantities:
    def test_only_what_is_more_than_nothing_counts(self) -> None:
        typed = {"line-0": "2", "line-1": "", "line-2": "0", "other": "9"}
        assert read_quantities(typed, {"line-0": 3, "line-1": 1, "line-2": 1}) == {"line-0": 2}

    @pytest.mark.parametrize("text", ["4", "-1", "1.5", "x", "\u0662", "1e1", "99999999999"])
    def test_what_is_no_number_of_pieces_is_refused(self, text: str) -> None:
        with pytest.raises(ValidationError, match="not a number of pieces"):
            read_quantities({"line-0": text}, {"line-0": 3})


class TestActions:
    @pytest.mark.parametrize("state", [state for state in State if state not in (State.DONE, State.EXPIRED)])
    def test_a_button_that_is_off_says_why(self, state: State) -> None:
        for role in Role:
            for action in case_actions(make_case(state=state), role):
                assert action.why_off is None or len(action.why_off) > 10

    def test_roles_are_told_whom_to_ask(self) -> None:
        assert role_refusal(Role.VIEWER, Role.OPERATOR) == "an operator may do this; your role is viewer"
        assert role_refusal(Role.OPERATOR, Role.SUPERVISOR) == "a supervisor may do this; your role is operator"
        assert role_refusal(Role.ADMIN, Role.SUPERVISOR) is None


class TestPreview:
    def test_orders_are_summed_by_what_is_done_for_them(self) -> None:
        several = [evolve(plan(entry("mww", BUTTON)), order_id=f"{n}", order_number=f"{n}") for n in range(5)]
        preview = make_preview([*several, evolve(plan(), order_id="9", order_number="9")], {"0": ["mww"]})
        assert [(one.title, one.route, one.count) for one in preview.sums] == [("MWW", "button (asks)", 4)]
        assert [(one.route, one.examples) for one in preview.left_out] == [
            ("canceled, or being canceled, already", ("0",)),
            ("submitted nowhere", ("9",)),
        ]

    def test_a_reason_is_wanted_where_its_list_is_yet_to_be_read(self) -> None:
        unread = evolve(BUTTON, needs=f"reason{ASK_FIRST}")
        assert make_preview([plan(entry("hub", unread))], {}).reason_wanted == ("HUB",)

    def test_only_reasons_that_every_list_has_are_offered(self) -> None:
        listed = evolve(BUTTON, needs="reason", reasons=CODES)
        preview = make_preview([plan(entry("hub", listed))], {})
        assert [value for value, _ in reason_choices(preview)] == ["customer asked", "out of stock"]
        assert preview.reason_wanted == ("HUB",)
