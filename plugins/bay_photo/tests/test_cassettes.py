"""The plugin against what was recorded of Bay Photo's simulator: no network, the same answers for ever."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orderdesk_bay_photo.simulator import CLIENT_ID, CLIENT_SECRET, TOKEN
from orderdesk_devkit.testing.api_suite import WireConversations
from orderdesk_devkit.testing.cassette_suite import CassetteSuite
from orderdesk_devkit.testing.harness import Stage
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.errand import ErrandState
from orderdesk_sdk.cases.evidence import ProofKind

Play = Callable[[str], Stage]


class TestCassettes(WireConversations, CassetteSuite):
    private = (TOKEN, CLIENT_ID, CLIENT_SECRET, "issued-token")


def test_with_a_token_of_v2_the_same_is_said(cassette: Play) -> None:
    stage, first = cassette("cancel-honored-v2"), cassette("cancel-honored")
    assert (stage.case.state, stage.proof.kind) == (State.CANCELED, ProofKind.READ_BACK)
    assert stage.calls == first.calls


@pytest.mark.parametrize("name", ["resubmit", "resubmit-v2"])
def test_a_canceled_order_is_created_again_under_a_new_number(cassette: Play, name: str) -> None:
    (made,) = cassette(name).desk.receipt("1042").resubmissions
    assert (made.state, made.remote_id) == (ErrandState.DONE, "1042-1")
