"""Records of version 0.1 are read by their old names, and no old name means anything else today."""

from __future__ import annotations

import attrs
import pytest

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.events import OrderEvent, OrderEventKind
from orderdesk_sdk.cases.evidence import EmailEvidence, Evidence, EvidenceKind
from orderdesk_sdk.cases.exchange import Certainty, Exchange, Failure, Intent
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.stores import stored_names
from orderdesk_sdk.stores.personal_texts import join_texts, split_texts
from orderdesk_sdk.stores.stored_names import STATES, rename_record

NESTED = {
    Evidence: stored_names._EVIDENCE,
    EmailEvidence: stored_names._EMAIL,
    Failure: stored_names._FAILURE,
    Intent: stored_names._INTENT,
}
CLASSES = {**stored_names._NAMES, **NESTED}


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_old_names_are_free_and_present_names_exist(kind: type) -> None:
    fields = {each.name for each in attrs.fields(kind)}
    renamed = {old: new for old, new in CLASSES[kind].fields.items() if new in fields}
    assert renamed, "a class without a renamed field needs no entry"
    assert not set(renamed) & fields


def test_present_values_exist_and_old_ones_are_free() -> None:
    values = (
        (STATES, State),
        (stored_names._EVENTS, EventKind),
        (stored_names._EVIDENCE.values["kind"], EvidenceKind),
        (stored_names._FAILURE.values["certainty"], Certainty),
        (stored_names._NAMES[OrderEvent].values["kind"], OrderEventKind),
    )
    for renamed, members in values:
        present = {member.value for member in members}
        assert set(renamed.values()) <= present
        assert not set(renamed) & present


def test_a_record_is_renamed_to_its_depth_and_only_once() -> None:
    old: dict[str, object] = {
        "state": "awaiting person",
        "asked_at": 1,
        "status": "Received",
        "proof": {"kind": "message", "message": {"at": 2, "identity": "<x>"}, "unidentified": "none"},
    }
    present = {
        "state": "action required",
        "last_sent_at": 1,
        "service_status": "Received",
        "evidence": {"kind": "email", "email": {"dated_at": 2, "message_id": "<x>"}, "no_order_number_reason": "none"},
    }
    assert rename_record(old, CancelCase) == present
    assert rename_record(present, CancelCase) == present


def test_texts_under_old_names_are_joined_with_the_record() -> None:
    data = '{"kind":"took note","text":"","proof":{"kind":"person","person":""}}'
    texts = '{"salt":"0","text":"by phone","proof.person":"Ben"}'
    assert join_texts(data, texts, Event) == {
        "kind": "acknowledged",
        "message": "by phone",
        "evidence": {"kind": "person", "person": "Ben"},
    }


def test_an_exchange_of_old_names_holds_no_text_in_the_clear_when_it_is_split() -> None:
    old: dict[str, object] = {"body": "Dear Mara", "failure": {"text": "Mara called"}, "intent": {"repeatable": True}}
    stored = split_texts(rename_record(old, Exchange), Exchange)
    assert "Mara" not in stored.data
    assert '"idempotent":true' in stored.data


@pytest.mark.parametrize(
    ("record", "reminders"),
    [
        ({"text": "Call them. (reminder 3: 20 h overdue)"}, 3),
        ({"message": "Call them. (reminder 3: due now)", "reminders": 2}, 2),
        ({"text": "Call them."}, None),
        ({}, None),
    ],
)
def test_reminders_that_an_old_text_counts_are_read_from_it(record: dict[str, object], reminders: int | None) -> None:
    assert rename_record(record, CancelCase).get("reminders") == reminders
    assert rename_record({"text": "(reminder 3: due now)"}, Event) == {"message": "(reminder 3: due now)"}
