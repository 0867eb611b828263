"""Replies that the simulated MWW never gives by itself, on a real socket."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from orderdesk_sdk.case import ProofKind, State
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.testing.raw_server import RawServer, answering, http_reply
from orderdesk_sdk.testing.subject import Subject

MWW = Subject(slug="mww", settings={"cancel_window": "no limit"})


def order(state: str) -> bytes:
    document = {"data": {"type": "orders", "id": MWW.number, "attributes": {"state": state}}}
    return http_reply(200, json.dumps(document).encode())


def played(replies: Callable[[bytes], bytes], folder: Path, rounds: int) -> tuple[State, ProofKind | None, list[str]]:
    """Cancel, and look again a few times; how it stands, on what proof, and the methods of the calls."""
    with RawServer(answering(replies)) as server:
        clock = VirtualClock()
        with MWW.before(server.url, folder, clock) as scene:
            scene.cancel()
            for _ in range(rounds):
                clock.advance(minutes(5))
                scene.run_due()
            case = scene.case
            calls = [step.exchange.intent.method for step in scene.receipt.steps if step.exchange is not None]
    return case.state, case.proof.kind if case.proof is not None else None, calls


def test_a_reply_that_says_cancelled_at_once_is_read_back_all_the_same(tmp_path: Path) -> None:
    end = played(lambda _: order("cancelled"), tmp_path, 1)
    assert end == (State.CANCELED, ProofKind.READ_BACK, ["PATCH", "GET"])


@pytest.mark.parametrize("told", [{"retry_after": "60"}, {}], ids=["told when", "not told when"])
def test_a_throttled_request_was_not_taken_and_is_made_again(tmp_path: Path, told: dict[str, str]) -> None:
    asked: list[bytes] = []

    def throttled_first(request: bytes) -> bytes:
        if request.startswith(b"GET "):
            return order("cancelled")
        asked.append(request)
        return http_reply(429, b"{}", **told) if len(asked) == 1 else order("received")

    state, proof, _ = played(throttled_first, tmp_path, 3)
    assert (state, proof, len(asked)) == (State.CANCELED, ProofKind.READ_BACK, 2)
