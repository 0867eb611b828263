"""The plugin against what was recorded of the simulated shop: no network, the same answers for ever."""

from __future__ import annotations

from collections.abc import Callable

from orderdesk_devkit.testing.cassette_suite import CassetteSuite
from orderdesk_devkit.testing.harness import Stage
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import ProofKind
from orderdesk_sdk.plugin.answer import Refusal

Play = Callable[[str], Stage]


class TestCassettes(CassetteSuite):
    pass


def test_an_order_is_canceled_by_what_was_read_back(cassette: Play) -> None:
    stage = cassette("cancel-honored")
    assert (stage.case.state, stage.proof.kind) == (State.CANCELED, ProofKind.READ_BACK)
    assert len(stage.calls) == 4


def test_what_is_canceled_already_is_only_read(cassette: Play) -> None:
    stage = cassette("already-canceled")
    assert (stage.case.state, len(stage.calls)) == (State.CANCELED, 2)


def test_a_job_that_is_done_is_no_cancellation(cassette: Play) -> None:
    stage = cassette("job-done-but-not-canceled")
    assert (stage.case.state, stage.case.refusal) == (State.REFUSED, Refusal.NOT_ALLOWED)
    assert not stage.desk.receipt("1042").is_canceled


def test_a_job_that_failed_says_why(cassette: Play) -> None:
    stage = cassette("job-failed-with-words")
    assert stage.case.state is State.REFUSED
    assert str(stage.case.text).endswith("SIM: an open return keeps the order from being canceled")


def test_a_throttled_cancel_is_sent_again(cassette: Play) -> None:
    stage = cassette("throttled")
    assert stage.case.state is State.CANCELED
    sent = [step.exchange.tries for step in stage.receipt.steps if step.exchange is not None]
    assert max(sent) == 2


def test_without_the_scope_nothing_was_done(cassette: Play) -> None:
    stage = cassette("scope-missing")
    assert (stage.case.state, stage.case.asked_at) == (State.REQUESTED, None)


def test_an_answer_by_another_version_is_a_warning(cassette: Play) -> None:
    stage = cassette("answered-by-an-older-version")
    assert stage.case.state is State.CANCELED
    assert any("x-shopify-api-version is 2025-10" in str(step.text) for step in stage.receipt.steps)
