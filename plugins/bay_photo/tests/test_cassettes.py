"""The plugin against what was recorded of Bay Photo's simulator: no network, the same answers for ever."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orderdesk_bay_photo.simulator import CLIENT_ID, CLIENT_SECRET, TOKEN
from orderdesk_devkit.testing.api_suite import ApiProfileConversationTests
from orderdesk_devkit.testing.cassette_suite import CassetteTests
from orderdesk_devkit.testing.harness import PluginHarness
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import EvidenceKind

Play = Callable[[str], PluginHarness]


class TestCassettes(ApiProfileConversationTests, CassetteTests):
    personal_texts = (TOKEN, CLIENT_ID, CLIENT_SECRET, "issued-token")


def test_with_a_token_of_v2_the_same_is_said(cassette: Play) -> None:
    stage, first = cassette("cancel-honored-v2"), cassette("cancel-honored")
    assert (stage.case.state, stage.evidence.kind) == (State.CANCELED, EvidenceKind.POLLED_STATUS)
    assert stage.calls == first.calls


@pytest.mark.parametrize("name", ["resubmit", "resubmit-v2"])
def test_a_canceled_order_is_created_again_under_a_new_number(cassette: Play, name: str) -> None:
    (made,) = cassette(name).desk.cancellations.receipt("1042").resubmissions
    assert (made.state, made.remote_id) == (State.DONE, "1042-1")
