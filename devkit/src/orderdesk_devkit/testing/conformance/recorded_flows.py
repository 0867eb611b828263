"""Takes: every flow of a plugin with the real responses to it, to be played again as often as a test likes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from attrs import frozen

from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun, RecordedConversation
from orderdesk_devkit.testing.conformance.mutations import ReplayedResponse, replayed_response
from orderdesk_devkit.testing.conformance.playback import FlowPlayback, PlaybackResult
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.desk.desk import Desk

__all__ = ["RecordedFlow", "recorded_flows_at", "recorded_flows_by", "recorded_flows_of"]

_MAX_POLLS = 50


@frozen
class RecordedFlow:
    """A flow with its real responses.

    Args:
        is_canceled: whether these say that the order is canceled, and it is.
        is_resubmission: whether it submits the order again.
        verdict: what the order is called where it succeeds.
    """

    name: str
    play: Callable[[Sequence[ReplayedResponse]], PlaybackResult]
    responses: tuple[ReplayedResponse, ...]
    is_canceled: bool
    is_resubmission: bool = False
    verdict: str = "canceled"


def recorded_flows_of(
    harness: ConformanceHarness, baseline: BaselineRun, *, forging: bool = False
) -> Iterator[RecordedFlow]:
    """The takes of the stage's order, whose case is opened for them and stays open."""
    harness.desk.cancel(harness.order, by="conformance", reason=harness.reason, send_now=False)
    return recorded_flows_at(harness.desk, harness.connection, baseline.conversation, forging=forging)


def recorded_flows_at(
    desk: Desk, connection: str, conversation: RecordedConversation, *, forging: bool = False
) -> Iterator[RecordedFlow]:
    """The flows of a desk's one open case with their real responses: the cancel, the first poll and the last, the
    resubmission, and the changes of its status.

    Args:
        forging: every answer is said to rest on an exchange that nobody had.
    """
    (case,) = desk.cases.list()
    parts = (desk.connections.get(connection), desk.cases.request_for(case.id), case)
    asked = FlowPlayback(*parts).cancel(tuple(map(replayed_response, conversation.cancel)))
    reference = asked.case.request_reference if asked.case is not None else None
    return recorded_flows_by(FlowPlayback(*parts, forging=forging), conversation, reference)


def recorded_flows_by(
    playback: FlowPlayback, conversation: RecordedConversation, reference: str | None
) -> Iterator[RecordedFlow]:
    """The same flows, by a playback.

    Args:
        reference: what the service called the request to cancel; None where it gave no name.
    """
    cancel, follow, resubmit = (
        tuple(map(replayed_response, part)) for part in (conversation.cancel, conversation.polls, conversation.resubmit)
    )
    if conversation.eligibility:
        read = tuple(map(replayed_response, conversation.eligibility))
        yield RecordedFlow("the reading", playback.read_eligibility, read, is_canceled=False, verdict="eligible")
    yield RecordedFlow("the cancel", playback.cancel, cancel, any(one.canceled for one in conversation.cancel))

    def check(responses: Sequence[ReplayedResponse]) -> PlaybackResult:
        state = State.UNKNOWN if len(responses[-1].body) % 2 else State.ACKNOWLEDGED
        return playback.poll(responses, state, reference)

    yield from _first_and_last(follow, check, [one.canceled for one in conversation.polls])
    if resubmit:
        yield RecordedFlow(
            "the resubmission",
            playback.resubmit,
            resubmit,
            is_canceled=False,
            is_resubmission=True,
            verdict="submitted",
        )
    for status, calls in conversation.status_changes.items():
        yield RecordedFlow(
            f"the change to {status}",
            partial(playback.change_status, status),
            tuple(map(replayed_response, calls)),
            is_canceled=False,
            verdict=status,
        )


def _first_and_last(
    responses: tuple[ReplayedResponse, ...],
    check: Callable[[Sequence[ReplayedResponse]], PlaybackResult],
    canceled: Sequence[bool],
) -> Iterator[RecordedFlow]:
    """The first poll and the last of those that a follow-up is made of.

    Args:
        canceled: whether the order was canceled at each response.
    """
    polls: list[RecordedFlow] = []
    at = 0
    while at < len(responses) and len(polls) < _MAX_POLLS:
        calls = check(responses[at:]).calls
        if not calls:
            break
        polls.append(RecordedFlow("the poll", check, responses[at : at + calls], any(canceled[at : at + calls])))
        at += calls
    yield from polls[:1] + polls[1:][-1:]
