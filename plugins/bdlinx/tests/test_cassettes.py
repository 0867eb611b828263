"""The plugin against what was recorded over the simulator-defined wire: no network, the same answers for ever."""

from __future__ import annotations

from collections.abc import Callable

from orderdesk_bdlinx.simulator import BdlinxSimulator
from orderdesk_sdk.answer import Refusal
from orderdesk_sdk.case import ProofKind, State
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.testing.cassette_suite import CassetteSuite
from orderdesk_sdk.testing.stage import Stage, simulated
from orderdesk_sdk.testing.wire_simulator import BASE

Play = Callable[[str], Stage]
STOP, READ = f"POST {BASE}/1042/stop", f"GET {BASE}/1042"


class TestCassettes(CassetteSuite):
    """Those of the invented wire."""


def test_a_request_that_is_taken_is_canceled_by_what_was_read_back(cassette: Play) -> None:
    stage = cassette("cancel-honored")
    assert (stage.case.state, stage.case.status) == (State.CANCELED, "stopped")
    assert stage.proof.kind is ProofKind.READ_BACK
    assert stage.calls == [f"{STOP} 202", f"{READ} 200", f"{READ} 200"]


def test_what_the_profile_calls_refused_is_too_late(cassette: Play) -> None:
    stage = cassette("too-late")
    assert (stage.case.state, stage.case.refusal) == (State.REFUSED, Refusal.TOO_LATE)
    assert stage.calls == [f"{STOP} 409"]


def test_a_request_that_was_taken_in_vain_is_refused_by_the_order_that_left(cassette: Play) -> None:
    stage = cassette("taken-but-shipped")
    assert (stage.case.state, stage.case.refusal, stage.case.status) == (State.REFUSED, Refusal.SHIPPED, "gone")
    assert stage.calls[0] == f"{STOP} 202"


def test_a_number_that_is_not_known_there_is_told(cassette: Play) -> None:
    stage = cassette("unknown-order")
    assert (stage.case.state, stage.case.refusal) == (State.REFUSED, Refusal.NOT_ALLOWED)
    assert "does not know 1042" in (stage.case.text or "")


def test_where_a_setting_is_lacking_nothing_is_called_so_there_is_no_cassette_of_it() -> None:
    shop = BdlinxSimulator(VirtualClock())
    shop.add_order("1042")
    with simulated("bdlinx", shop, settings={"auth_mode": "headers", "user_header": ""}) as stage:
        stage.cancel()
        case = stage.follow()
        assert (case.state, stage.calls, stage.tap.requests) == (State.AWAITING_PERSON, [], [])
        assert "wire format not configured: user_header missing" in (case.text or "")
