"""Declarations: folded words, and a clear rejection of what cannot be meant."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderdesk_sdk.clock import hours, minutes, seconds
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.plugin.answer import Answer, Outcome, Rejection
from orderdesk_sdk.plugin.integration import IdentifierFormat, Integration, Limit, NewNumber, NoResubmission
from orderdesk_sdk.plugin.routes import (
    Button,
    FinalResponse,
    ManualConfirmation,
    Polling,
    Portal,
    WhileStatus,
    WithinTime,
    normalize_status,
)


def integration(**changes: Any) -> Integration:
    values: dict[str, Any] = {"slug": "acme", "title": "Acme", "settings": object, "base_url": "endpoint", "cancel": ()}
    return Integration(**values | changes)


@pytest.mark.parametrize(
    ("word", "folded"),
    [
        ("CANCELLED", "canceled"),
        ("Canceled", "canceled"),
        ("complete_partialled", "completepartialled"),
        ("In-Process ", "inprocess"),
        ("Réçu 2", "réçu2"),
        ("", ""),
        ("1000", "1000"),
        ("-1000", "-1000"),
        ("1.0", "1.0"),
        ("10", "10"),
        ("Canceled.", "canceled"),
        ("отправлен", "отправлен"),
        ("--", ""),
    ],
)
def test_status_words_are_compared_without_case_punctuation_and_british_spelling(word: str, folded: str) -> None:
    assert normalize_status(word) == folded


@given(st.text())
def test_of_ascii_a_folded_word_holds_only_what_may_turn_its_meaning_and_case_never_counts(word: str) -> None:
    assert re.fullmatch(r"[a-z0-9!?~.,\-\x80-\U0010ffff]*", normalize_status(word))
    assert normalize_status(word.lower()) == normalize_status(word)


@pytest.mark.parametrize(
    "word", ["Cancelled?", "!canceled", "~canceled", "не canceled", "未 Canceled", "¬Canceled", "✗ canceled"]
)
def test_a_word_that_says_something_else_is_never_folded_into_canceled(word: str) -> None:
    assert normalize_status(word) != normalize_status("Canceled")


@pytest.mark.parametrize(
    "make",
    [
        lambda: WithinTime(minutes(0)),
        lambda: WithinTime(minutes(-1)),
        lambda: Polling(seconds(0), hours(1)),
        lambda: Polling(hours(2), hours(1)),
        lambda: ManualConfirmation(hours(0)),
        lambda: Limit(0, burst=1),
        lambda: Limit(-1, burst=1),
        lambda: Limit(float("nan"), burst=1),
        lambda: Limit(1, burst=0),
        lambda: Answer(Outcome.REJECTED),
        lambda: Answer(Outcome.CANCELED, Rejection.SHIPPED),
    ],
)
def test_numbers_and_durations_that_mean_nothing_are_refused(make: Any) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        make()


@pytest.mark.parametrize("slug", ["", "Acme", "a_b", "-a", "a-", "a--b", "a b", "a\n", "ä"])
def test_a_slug_is_lower_case_words_joined_by_hyphens(slug: str) -> None:
    with pytest.raises(ValueError, match="slug"):
        integration(slug=slug)
    assert integration(slug="amazon-mcf-2").slug == "amazon-mcf-2"


@pytest.mark.parametrize(
    ("name", "junk"),
    [
        ("cancel", Button(FinalResponse())),
        ("cancel", [Button(FinalResponse())]),
        ("cancel", ("button",)),
        ("cancel", (Button,)),
        ("role", "cart"),
        ("resubmission", NewNumber),
        ("remote_id_format", "[0-9]+"),
        ("limits", {"*": 2}),
    ],
)
def test_junk_in_a_declaration_is_refused_where_it_is_written(name: str, junk: object) -> None:
    with pytest.raises(TypeError, match=r"must be"):
        integration(**{name: junk})


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Button, {"confirm": FinalResponse}),
        (Button, {"confirm": None}),
        (Button, {"confirm": FinalResponse(), "window": minutes(2)}),
        (Portal, {"instruction": "call", "confirm": FinalResponse()}),
        (Portal, {"instruction": "call", "window": "always"}),
    ],
)
def test_a_route_takes_declarations_and_not_their_classes(kind: type, values: dict[str, object]) -> None:
    with pytest.raises(TypeError, match="must be an instance of"):
        kind(**values)


def test_an_integration_promises_nothing_by_default() -> None:
    made = integration()
    assert made.role is ConnectionRole.FULFILLMENT
    assert isinstance(made.resubmission, NoResubmission)
    assert (made.auth, made.remote_id_format, made.rate_header, dict(made.limits)) == (None, None, None, {})


def test_names_are_folded_once() -> None:
    assert WhileStatus({"In Process", "CANCELLED"}, "picking").statuses == {"inprocess", "canceled"}
    made = integration(redact_fields=("Card-Number",), evidence_headers=["x-request-id"])
    assert made.redact_fields == {"cardnumber"}
    assert made.evidence_headers == {"x-request-id"}


def test_labels_tell_whether_a_button_is_final() -> None:
    checked = Polling(minutes(1), hours(1))
    labels = [
        Button(FinalResponse()).label,
        Button(checked).label,
        Button(ManualConfirmation()).label,
        Portal("call").label,
    ]
    assert labels == ["button", "button (asks)", "button (asks)", "a person"]


def test_id_rules_are_about_the_whole_number() -> None:
    rule = IdentifierFormat("[A-Z0-9-]+", 5, "others are cut")
    assert rule.error("A-1") is None
    assert "has 6 characters; at most 5" in str(rule.error("A-1234"))
    for bad in ("a-1", "A 1", "A-1\n", ""):
        assert "others are cut" in str(rule.error(bad))


@pytest.mark.parametrize(
    ("confirm", "name", "label"),
    [
        (FinalResponse(), None, "button"),
        (Polling(minutes(1), minutes(2)), None, "button (asks)"),
        (FinalResponse(), "by force", "button (by force)"),
        (Polling(minutes(1), minutes(2)), "plain", "button (plain, asks)"),
    ],
)
def test_the_name_of_a_button_stands_in_its_label(
    confirm: Polling | FinalResponse, name: str | None, label: str
) -> None:
    assert Button(confirm, name=name).label == label


@pytest.mark.parametrize("name", ["", "By force", "by  force", "force!", " force"])
def test_a_name_that_is_no_lower_case_word_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="lower-case words"):
        Button(FinalResponse(), name=name)
