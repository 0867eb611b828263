"""Rules as they are read and decided: faults have a place and a hint, filters know their names and types."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from attrs import evolve

from orderdesk_devkit.testing.plugin_under_test import sample_order
from orderdesk_sdk.cases.events import OrderEvent, OrderEventKind
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.bulkhead import Bulkhead
from orderdesk_sdk.rules.conditions import check_filters, evaluate, field_values
from orderdesk_sdk.rules.filters import FIELDS, STATES
from orderdesk_sdk.rules.reader import read_rules

ORDER = sample_order()
SOUND = {"name": "r", "event": "order moved", "do": ["Cancel Order at Post"]}


def read(*tables: object) -> None:
    check_filters(read_rules(list(tables), "desk.toml: [[rules]]"))


def decided(when: str, facts: Mapping[str, str] | None = None) -> tuple[bool, str]:
    (rule,) = read_rules([{**SOUND, "when": when}], "[[rules]]")
    moved = OrderEvent("x", OrderEventKind.ORDER_MOVED, ORDER.id, VirtualClock().now(), facts or {})
    (decision,) = evaluate([rule], ORDER, moved)
    return decision.matches, decision.explanation


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"wen": "x"}, ""),
        ({"name": " "}, ""),
        ({"name": 3}, ""),
        ({"when": 3}, ""),
        ({"when": "a" * 2001}, ""),
        ({"enabled": "yes"}, ""),
        ({"event": "order eaten"}, ".event"),
        ({"event": None}, ".event"),
        ({"do": []}, ".do"),
        ({"do": "Cancel"}, ".do"),
        ({"do": [3]}, ".do[0]"),
        ({"do": ["ok", {"folder": "x"}]}, ".do[1]"),
        ({"do": [{"action": "x", "reason": 3}]}, ".do[0]"),
        ({"do": [{"action": "x", "foldr": "y"}]}, ".do[0]"),
        ({"when": "folder =="}, ".when"),
        ({"when": "foldr == 'x'"}, ".when"),
        ({"when": "folder > 3"}, ".when"),
        ({"when": "order_total =~ 'x'"}, ".when"),
    ],
)
def test_what_is_wrong_with_a_rule_is_said_at_its_place(changed: Mapping[str, object], place: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(SOUND, {**SOUND, "name": "other", **changed})
    assert caught.value.location == f"desk.toml: [[rules]][1]{place}"


def test_a_filter_with_an_unknown_name_is_told_the_known_ones() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read({**SOUND, "when": "foldr == 'x'"})
    assert caught.value.hint == f"names are {', '.join(FIELDS)}"


@pytest.mark.parametrize(
    "when",
    [
        "state == 'cancelled'",
        "'cancelled' != state",
        'order_total > 5 and not (state == "cancelled")',
        "state in ['canceled', 'cancelled']",
        "state not in {'cancelled',}",
    ],
)
def test_a_state_that_no_settled_case_has_is_told_with_those_there_are(when: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read({**SOUND, "when": when})
    assert caught.value.message == "the filter is wrong: no settled case is 'cancelled', so it never matches"
    assert caught.value.location == "desk.toml: [[rules]][0].when"
    assert caught.value.hint == (
        "the states are: canceled, partially canceled, rejected, unsupported, withdrawn, shipped anyway"
    )


@pytest.mark.parametrize("state", [*STATES, ""])
def test_a_state_that_a_settled_case_has_is_taken(state: str) -> None:
    read({**SOUND, "when": f"state == '{state}' or state in ['{state}'] or folder == 'pending'"})


def test_an_open_state_is_refused_because_no_event_tells_it() -> None:
    with pytest.raises(ConfigurationError, match="no settled case is 'pending'"):
        read({**SOUND, "when": "state == 'pending'"})


def test_two_rules_of_one_name_and_what_is_no_list_are_faults() -> None:
    with pytest.raises(ConfigurationError, match="two rules are named 'r'"):
        read(SOUND, SOUND)
    with pytest.raises(ConfigurationError, match="a table was expected"):
        read("r")
    with pytest.raises(ConfigurationError, match="a list of tables was expected"):
        read_rules({"r": SOUND}, "place")


@pytest.mark.parametrize(
    ("when", "fires"),
    [
        ("folder == 'Canceled'", True),
        ("folder == 'Closed' or from_folder == 'New'", True),
        ("rejection == ''", True),
        ("order_total > 1000000", False),
        ("quantity >= 1 and 'NO-SUCH' in skus", False),
        (f"number == '{ORDER.number}'", True),
    ],
)
def test_a_filter_sees_the_order_and_what_happened(when: str, fires: bool) -> None:
    found = decided(when, {"folder": "Canceled", "from_folder": "New"})
    assert found == (fires, f"{when} is {'true' if fires else 'false'}")


def test_a_filter_that_cannot_be_evaluated_does_not_fire_and_says_why() -> None:
    fires, why = decided("skus[99] == 'x'")
    assert not fires
    assert why.startswith("the filter cannot be evaluated: ")


def test_every_fact_has_a_value_of_its_type() -> None:
    moved = OrderEvent("x", OrderEventKind.ORDER_MOVED, ORDER.id, VirtualClock().now(), {"folder": "New"})
    facts = field_values(ORDER, moved)
    assert set(facts) == set(FIELDS) | {"folder"}
    assert all(isinstance(facts[name], str) for name, kind in FIELDS.items() if kind == "STRING")


def test_a_rule_waits_for_its_own_event() -> None:
    (rule,) = read_rules([SOUND], "[[rules]]")
    came = OrderEvent("x", OrderEventKind.ORDER_IMPORTED, ORDER.id, VirtualClock().now())
    (decision,) = evaluate([rule], ORDER, came)
    assert (decision.matches, decision.explanation) == (
        False,
        "the rule is for 'order moved', the event is 'order imported'",
    )


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("email =~ '(a+)+$'", "regular expressions are not taken"),
        ("email !~ '.*'", "regular expressions are not taken"),
        ("email =~~ email", "regular expressions are not taken"),
        ("'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' !~~ '(a+)+$'", "regular expressions are not taken"),
        ("9 ** 9 ** 9 ** 9 == 1", "powers"),
        ("(1 << 99999999999) > 1", "powers"),
        ("$range(100000000000).length > 1", "$range is not taken"),
        ("skus[1e99999999] == 'x'", "too large"),
        (f"0x{'f' * 1900} > 1", "too large or too long"),
        ("number.encode('hex') == email", "there is no .encode"),
        ("$any([[y for y in skus] for x in skus])", "one `for`"),
        (f"{'(' * 900}true{')' * 900}", "1801 words and signs"),
        ("d'9999-12-31' + t'P1D' > $now", "OverflowError"),
        ("nan > 3", "InvalidOperation"),
    ],
)
def test_a_filter_that_might_never_end_is_refused_before_anything_of_it_is_computed(when: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read({**SOUND, "when": when})
    assert told in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    "when",
    [
        "number.to_flt > 1000",
        "number.to_int == 3",
        "$parse_float(number) > 1",
        "$parse_datetime(number) > $now",
        "skus[number.length] == 'x'",
        "$split(email, '') == skus",
    ],
)
def test_a_filter_that_fails_on_an_order_is_its_own_rules_trouble(when: str) -> None:
    order = evolve(ORDER, number="WEB-7")
    rules = read_rules([{**SOUND, "name": "failing", "when": when}, {**SOUND, "when": "number == 'WEB-7'"}], "rules")
    moved = OrderEvent("x", OrderEventKind.ORDER_MOVED, order.id, VirtualClock().now())
    failing, sound = evaluate(rules, order, moved)
    assert (failing.matches, failing.failed, sound.matches, sound.failed) == (False, True, True, False)
    assert failing.explanation.startswith("the filter cannot be evaluated: ")


def test_a_filter_that_does_not_end_is_left_behind_and_the_others_are_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    def matches(when: str, facts: Mapping[str, object]) -> bool:
        while when == "number == 'slow'":
            pass
        return True

    monkeypatch.setattr("orderdesk_sdk.rules.conditions.matches", matches)
    monkeypatch.setattr("orderdesk_sdk.rules.conditions._bulkhead", Bulkhead("rules", 1, 0.1))
    filters = ("number == 'first'", "number == 'slow'", "number == 'last'")
    rules = read_rules([{**SOUND, "name": when, "when": when} for when in filters], "rules")
    moved = OrderEvent("x", OrderEventKind.ORDER_MOVED, ORDER.id, VirtualClock().now())
    found = evaluate(rules, ORDER, moved)
    assert [(decision.rule.name, decision.matches, decision.failed) for decision in found] == [
        (filters[0], True, False),
        (filters[1], False, True),
        (filters[2], True, False),
    ]
