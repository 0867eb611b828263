"""Which kind of proof an answer is: only the service's own word is a read-back, and numbers are called numbers."""

from __future__ import annotations

import httpx
import pytest

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import Proof, ProofKind
from orderdesk_sdk.cases.policy.events import proof_by_reading, proof_by_reply
from orderdesk_sdk.plugin.answer import EXCHANGE_NUMBER, Answer, LineAnswer, Refusal, canceled, partly_canceled, refused
from tests.test_case import case_in

REPLY = httpx.Response(200, extensions={EXCHANGE_NUMBER: 3})
LINES = (LineAnswer("MUG", 2, 2),)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (canceled(REPLY, status="Cancelled"), ProofKind.READ_BACK),
        (canceled(REPLY, status="Cancelled", lines=LINES), ProofKind.READ_BACK),
        (canceled(REPLY), ProofKind.READ_BACK),
        (canceled(REPLY, lines=LINES), ProofKind.LINES),
        (partly_canceled(REPLY, LINES), ProofKind.LINES),
        (partly_canceled(REPLY, LINES, status="success"), ProofKind.READ_BACK),
        (refused(REPLY, Refusal.SHIPPED, lines=LINES), ProofKind.LINES),
    ],
)
def test_what_is_read_proves_by_a_word_or_where_there_is_none_by_numbers(answer: Answer, kind: ProofKind) -> None:
    case = case_in(State.ASKED)
    assert proof_by_reading(case, answer) == Proof(kind, attempt=case.attempt, exchange=3)


def test_what_answers_the_request_itself_is_a_reply_with_or_without_numbers() -> None:
    case = case_in(State.SENDING)
    for answer in (canceled(REPLY), canceled(REPLY, lines=LINES)):
        assert proof_by_reply(case, answer) == Proof(ProofKind.REPLY, attempt=case.attempt, exchange=3)
