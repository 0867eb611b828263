"""Takes: every flow of a plugin with the real replies to it, to be played again as often as a test likes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from attrs import frozen

from orderdesk_devkit.testing.conformance.baseline_run import Conversation, Rehearsal
from orderdesk_devkit.testing.conformance.mutations import Reply, reply_of
from orderdesk_devkit.testing.conformance.playback import Playback, Played
from orderdesk_devkit.testing.plugin_under_test import Scene
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.desk.desk import Desk

__all__ = ["Take", "takes_at", "takes_of"]

_MOST_CHECKS = 50


@frozen
class Take:
    """A flow with its real replies. canceled: whether these say that the order is canceled, and it is. submits: whether
    it is a resubmission.
    """

    name: str
    play: Callable[[Sequence[Reply]], Played]
    replies: tuple[Reply, ...]
    canceled: bool
    submits: bool = False


def takes_of(stage: Scene, rehearsal: Rehearsal, *, forging: bool = False) -> Iterator[Take]:
    """The takes of the stage's order, whose case is opened for them and stays open."""
    stage.desk.cancel(stage.order, by="conformance", reason=stage.reason, send=False)
    return takes_at(stage.desk, stage.connection, rehearsal.heard, forging=forging)


def takes_at(desk: Desk, connection: str, heard: Conversation, *, forging: bool = False) -> Iterator[Take]:
    """The flows of a desk's one open case with their real replies: the cancel, the first read-back and the last, the
    resubmission. forging: every answer is said to rest on an exchange that nobody had.
    """
    (case,) = desk.cases()
    parts = (desk.connections.get(connection), desk.request(case.id), case)
    playback = Playback(*parts, forging=forging)
    cancel, follow, resubmit = (tuple(map(reply_of, part)) for part in (heard.cancel, heard.follow, heard.resubmit))
    asked = Playback(*parts).cancel(cancel)
    yield Take("the cancel", playback.cancel, cancel, any(one.canceled for one in heard.cancel))
    reference = asked.case.reference if asked.case is not None else None

    def check(replies: Sequence[Reply]) -> Played:
        state = State.UNCLEAR if len(replies[-1].body) % 2 else State.ASKED
        return playback.check(replies, state, reference)

    checks: list[Take] = []
    at = 0
    while at < len(follow) and len(checks) < _MOST_CHECKS:
        calls = check(follow[at:]).calls
        if not calls:
            break
        canceled = any(one.canceled for one in heard.follow[at : at + calls])
        checks.append(Take("the read-back", check, follow[at : at + calls], canceled))
        at += calls
    yield from checks[:1] + checks[1:][-1:]
    if resubmit:
        yield Take("the resubmission", playback.resubmit, resubmit, canceled=False, submits=True)
