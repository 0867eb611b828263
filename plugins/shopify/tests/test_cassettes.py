"""The plugin against what was recorded of the simulated shop: no network, the same answers for ever."""

from __future__ import annotations

from collections.abc import Callable

from orderdesk_devkit.testing.cassette_suite import CassetteTests
from orderdesk_devkit.testing.harness import PluginHarness
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import EvidenceKind
from orderdesk_sdk.plugin.answer import Rejection

Play = Callable[[str], PluginHarness]


class TestCassettes(CassetteTests):
    pass


def test_an_order_is_canceled_by_what_was_read_back(cassette: Play) -> None:
    stage = cassette("cancel-honored")
    assert (stage.case.state, stage.evidence.kind) == (State.CANCELED, EvidenceKind.POLLED_STATUS)
    assert len(stage.calls) == 4


def test_what_is_canceled_already_is_only_read(cassette: Play) -> None:
    stage = cassette("already-canceled")
    assert (stage.case.state, len(stage.calls)) == (State.CANCELED, 2)


def test_a_job_that_is_done_is_no_cancellation(cassette: Play) -> None:
    stage = cassette("job-done-but-not-canceled")
    assert (stage.case.state, stage.case.rejection) == (State.REJECTED, Rejection.NOT_ALLOWED)
    assert not stage.desk.cancellations.receipt("1042").is_canceled


def test_a_job_that_failed_says_why(cassette: Play) -> None:
    stage = cassette("job-failed-with-words")
    assert stage.case.state is State.REJECTED
    assert str(stage.case.message).endswith("SIM: an open return keeps the order from being canceled")


def test_a_throttled_cancel_is_sent_again(cassette: Play) -> None:
    stage = cassette("throttled")
    assert stage.case.state is State.CANCELED
    sent = [step.exchange.attempts for step in stage.receipt.history if step.exchange is not None]
    assert max(sent) == 2


def test_without_the_scope_nothing_was_done(cassette: Play) -> None:
    stage = cassette("scope-missing")
    assert (stage.case.state, stage.case.last_sent_at) == (State.PENDING, None)


def test_an_answer_by_another_version_is_a_warning(cassette: Play) -> None:
    stage = cassette("answered-by-an-older-version")
    assert stage.case.state is State.CANCELED
    assert any("x-shopify-api-version is 2025-10" in str(step.message) for step in stage.receipt.history)
