"""The plugin against what was recorded of Site Flow: no simulator, no network, the same answers for ever."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from orderdesk_devkit.testing.cassette_suite import CassetteTests
from orderdesk_devkit.testing.harness import PluginHarness
from orderdesk_hp_site_flow.simulator.service import WEBHOOK_TOKEN
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import EvidenceKind
from orderdesk_sdk.plugin.answer import Rejection

Play = Callable[[str], PluginHarness]
BATCHED = "what was batched by then may still be produced"


class TestCassettes(CassetteTests):
    personal_texts = (WEBHOOK_TOKEN,)


def test_a_cancel_before_production_is_canceled_by_what_was_read_back(cassette: Play) -> None:
    stage = cassette("cancel-before-production")
    assert (stage.case.state, stage.case.message) == (State.CANCELED, None)
    assert stage.evidence.kind is EvidenceKind.POLLED_STATUS
    read, cancel, again = stage.calls
    assert read == again == "GET /order/bysourceid/1042 200"
    assert re.fullmatch(r"PUT /order/[0-9a-f]{24}/cancel 200", cancel)


def test_a_cancel_in_production_is_canceled_with_a_warning(cassette: Play) -> None:
    stage = cassette("cancel-in-production")
    assert stage.case.state is State.CANCELED
    assert str(stage.case.message).startswith(f"it was printready before: {BATCHED}")


@pytest.mark.parametrize(("name", "state"), [("shipped", State.REJECTED), ("cancelled-already", State.CANCELED)])
def test_what_is_final_is_only_read(cassette: Play, name: str, state: State) -> None:
    stage = cassette(name)
    assert (stage.case.state, stage.case.rejection is Rejection.SHIPPED) == (state, state is State.REJECTED)
    assert {call.split()[0] for call in stage.calls} == {"GET"}


def test_a_cancel_whose_reply_was_lost_is_sent_once(cassette: Play) -> None:
    stage = cassette("reply-lost")
    assert stage.case.state is State.CANCELED
    assert [call[-10:] for call in stage.calls if call.startswith("PUT")] == ["cancel 503"]


def test_a_canceled_order_is_submitted_again_under_a_new_number(cassette: Play) -> None:
    (made,) = cassette("resubmit").desk.cancellations.receipt("1042").resubmissions
    assert (made.state, made.remote_id) == (State.DONE, "1042-1")
