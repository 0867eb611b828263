"""The plugin against what was recorded of Site Flow: no simulator, no network, the same answers for ever."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orderdesk_sdk.answer import Refusal
from orderdesk_sdk.case import ProofKind, State
from orderdesk_sdk.errand import ErrandState
from orderdesk_sdk.testing.stage import Stage

Play = Callable[[str], Stage]
BATCHED = "what was batched by then may still be produced"


def calls(stage: Stage) -> list[str]:
    """The calls of the case's story: method, last part of the path, and HTTP status."""
    kept = [step.exchange for step in stage.receipt.steps if step.exchange is not None]
    return [f"{one.intent.method} {one.intent.url.rpartition('/')[2]} {one.status}" for one in kept]


def test_a_cancel_before_production_is_canceled_by_what_was_read_back(cassette: Play) -> None:
    stage = cassette("cancel-before-production")
    assert (stage.case.state, stage.case.text) == (State.CANCELED, None)
    proof = stage.receipt.proof
    assert proof is not None
    assert proof.kind is ProofKind.READ_BACK
    assert proof.exchange is not None
    assert '"cancelled"' in proof.exchange.body
    assert calls(stage) == ["GET 1042 200", "PUT cancel 200", "GET 1042 200"]


def test_a_cancel_in_production_is_canceled_with_a_warning(cassette: Play) -> None:
    stage = cassette("cancel-in-production")
    assert stage.case.state is State.CANCELED
    assert str(stage.case.text).startswith(f"it was printready before: {BATCHED}")


@pytest.mark.parametrize(("name", "state"), [("shipped", State.REFUSED), ("cancelled-already", State.CANCELED)])
def test_what_is_final_is_only_read(cassette: Play, name: str, state: State) -> None:
    stage = cassette(name)
    assert (stage.case.state, stage.case.refusal is Refusal.SHIPPED) == (state, state is State.REFUSED)
    assert {call.split()[0] for call in calls(stage)} == {"GET"}


def test_a_cancel_whose_reply_was_lost_is_sent_once(cassette: Play) -> None:
    stage = cassette("reply-lost")
    assert stage.case.state is State.CANCELED
    assert [call for call in calls(stage) if call.startswith("PUT")] == ["PUT cancel 503"]


def test_a_canceled_order_is_submitted_again_under_a_new_number(cassette: Play) -> None:
    (made,) = cassette("resubmit").desk.receipt("1042").resubmissions
    assert (made.state, made.remote_id) == (ErrandState.DONE, "1042-1")
