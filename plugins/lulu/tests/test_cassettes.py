"""The plugin against what was recorded: no network, the same answers for ever."""

from __future__ import annotations

from collections.abc import Callable

from orderdesk_devkit.testing.cassette_suite import CassetteSuite
from orderdesk_devkit.testing.harness import Stage
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import ProofKind
from orderdesk_sdk.plugin.answer import Refusal

CANCEL, READ = "PUT /print-jobs/1042/status/", "GET /print-jobs/1042/"


class TestCassettes(CassetteSuite):
    """What every cassette must stand."""


def test_a_cancel_is_proven_by_the_job_that_is_read_after_it(cassette: Callable[[str], Stage]) -> None:
    """The reply itself is a status that names no job."""
    stage = cassette("cancel-honored")
    assert (stage.case.state, stage.proof.kind) == (State.CANCELED, ProofKind.REPLY)
    assert stage.calls == [f"{CANCEL} 200", f"{READ} 200"]


def test_a_refusal_is_explained_by_the_status(cassette: Callable[[str], Stage]) -> None:
    stage = cassette("in-production")
    assert (stage.case.state, stage.case.refusal) == (State.REFUSED, Refusal.TOO_LATE)
    assert stage.calls == [f"{CANCEL} 400", f"{READ} 200"]


def test_what_passes_in_minutes_is_waited_for(cassette: Callable[[str], Stage]) -> None:
    stage = cassette("while-it-is-paid")
    assert stage.case.state is State.CANCELED
    assert stage.calls == [f"{CANCEL} 400", f"{READ} 200", f"{CANCEL} 200", f"{READ} 200"]


def test_a_lost_reply_is_read_back(cassette: Callable[[str], Stage]) -> None:
    stage = cassette("reply-lost")
    assert (stage.case.state, stage.proof.kind) == (State.CANCELED, ProofKind.READ_BACK)
    assert stage.calls == [f"{CANCEL} 503", f"{READ} 200"]


def test_where_nothing_paid_is_canceled_that_is_no_matter_of_time(cassette: Callable[[str], Stage]) -> None:
    case = cassette("paid-is-too-late").case
    assert (case.state, case.refusal, case.status) == (State.REFUSED, Refusal.NOT_ALLOWED, "PRODUCTION_DELAYED")
