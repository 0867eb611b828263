"""Which kind of proof an answer is: only the service's own word is a poll, and numbers are called numbers."""

from __future__ import annotations

import httpx
import pytest

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import Evidence, EvidenceKind
from orderdesk_sdk.cases.policy.events import evidence_from_poll, evidence_from_response
from orderdesk_sdk.plugin.answer import (
    EXCHANGE_NUMBER,
    Answer,
    LineAnswer,
    Rejection,
    canceled,
    partially_canceled,
    rejected,
)
from tests.support.builders import make_case

REPLY = httpx.Response(200, extensions={EXCHANGE_NUMBER: 3})
LINES = (LineAnswer("MUG", 2, 2),)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (canceled(REPLY, status="Cancelled"), EvidenceKind.POLLED_STATUS),
        (canceled(REPLY, status="Cancelled", lines=LINES), EvidenceKind.POLLED_STATUS),
        (canceled(REPLY), EvidenceKind.POLLED_STATUS),
        (canceled(REPLY, lines=LINES), EvidenceKind.LINE_QUANTITIES),
        (partially_canceled(REPLY, LINES), EvidenceKind.LINE_QUANTITIES),
        (partially_canceled(REPLY, LINES, status="success"), EvidenceKind.POLLED_STATUS),
        (rejected(REPLY, Rejection.SHIPPED, lines=LINES), EvidenceKind.LINE_QUANTITIES),
    ],
)
def test_what_is_read_proves_by_a_word_or_where_there_is_none_by_numbers(answer: Answer, kind: EvidenceKind) -> None:
    case = make_case(State.ACKNOWLEDGED)
    assert evidence_from_poll(case, answer) == Evidence(kind, attempt=case.attempt, exchange=3)


def test_what_answers_the_request_itself_is_a_reply_with_or_without_numbers() -> None:
    case = make_case(State.SENDING)
    for answer in (canceled(REPLY), canceled(REPLY, lines=LINES)):
        assert evidence_from_response(case, answer) == Evidence(EvidenceKind.RESPONSE, attempt=case.attempt, exchange=3)
