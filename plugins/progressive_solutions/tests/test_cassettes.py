"""The plugin against what was recorded over the simulator-defined wire: no network, the same answers for ever."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orderdesk_sdk.answer import Refusal
from orderdesk_sdk.case import ProofKind, State
from orderdesk_sdk.testing.cassette_suite import CassetteSuite
from orderdesk_sdk.testing.stage import Stage
from orderdesk_sdk.testing.wire_simulator import BASE

Play = Callable[[str], Stage]


class TestCassettes(CassetteSuite):
    """Those of the invented wire."""


def test_a_request_that_is_taken_is_canceled_by_what_was_read_back(cassette: Play) -> None:
    stage = cassette("cancel-honored")
    assert (stage.case.state, stage.proof.kind) == (State.CANCELED, ProofKind.READ_BACK)
    assert stage.calls == [f"POST {BASE}/1042/stop 202", *[f"GET {BASE}/1042 200"] * 2]


@pytest.mark.parametrize(
    ("name", "refusal"),
    [("too-late", Refusal.TOO_LATE), ("taken-but-shipped", Refusal.SHIPPED), ("unknown-order", Refusal.NOT_ALLOWED)],
)
def test_what_the_profile_calls_a_refusal_is_one(cassette: Play, name: str, refusal: Refusal) -> None:
    stage = cassette(name)
    assert (stage.case.state, stage.case.refusal) == (State.REFUSED, refusal)
