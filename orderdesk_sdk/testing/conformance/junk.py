"""Malformed replies, by the hundred for every plugin: no exception, no false canceled, always a due time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import Random

from attrs import frozen

from orderdesk_sdk.case import IllegalTransition, State
from orderdesk_sdk.testing.conformance.base import Count, Standard, needs_calls
from orderdesk_sdk.testing.conformance.mutations import Reply, malformed, reply_of
from orderdesk_sdk.testing.conformance.playback import Playback, Played
from orderdesk_sdk.testing.conformance.rehearsal import Rehearsal
from orderdesk_sdk.testing.conformance.verdict import Law, demand
from orderdesk_sdk.testing.subject import Scene, Subject

__all__ = ["Junk"]

_MOST_TOLD = 12
"""Complaints of one kind that are told; more of them tell no more."""
_MOST_CHECKS = 50


@frozen
class _Take:
    """A flow with its real replies. canceled: whether these say that the order is canceled, and it is."""

    name: str
    play: Callable[[Sequence[Reply]], Played]
    replies: tuple[Reply, ...]
    canceled: bool


class Junk(Standard):
    """Real replies with one thing wrong, through the plugin's own flows; `--fuzz N` says how many."""

    def test_malformed_replies_are_neither_raised_on_nor_believed(
        self, subject: Subject, rehearsal: Rehearsal, tmp_path: Path, fuzz: int, count: Count
    ) -> None:
        """On any call: no exception, no canceled that the real reply does not say, no open case without a due time."""
        needs_calls(rehearsal, subject)
        raised, believed, lost = Counter[str](), list[str](), list[str]()
        with subject.on_stage(tmp_path) as stage:
            takes = list(_takes(_playback(stage), rehearsal))
            for take, reply, replies in islice(_tries(takes, Random(subject.slug)), fuzz):  # noqa: S311 - the same always
                where = f"{take.name}, {reply.name}"
                try:
                    played = take.play(replies)
                except IllegalTransition as error:
                    lost.append(f"{where}: {error}")
                    continue
                if played.fault is not None:
                    raised[f"{played.fault} ({where})"] += 1
                elif played.case is not None and played.case.is_open and played.case.due_at is None:
                    lost.append(f"{where}: it is {played.case.state.value} and never due again")
                elif played.case is not None and played.case.state is State.CANCELED and not take.canceled:
                    believed.append(f"{where}: it is called canceled, and the service has not said so")
        count("malformed replies", fuzz)
        demand(Law.NO_JUNK, list(raised)[:_MOST_TOLD])
        demand(Law.EVIDENCE, believed[:_MOST_TOLD])
        demand(Law.OPEN_MEANS_DUE, lost[:_MOST_TOLD])


def _playback(stage: Scene) -> Playback:
    (case,) = stage.desk.cancel(stage.order, by="conformance", reason=stage.reason, send=False).cases
    return Playback(stage.desk.connections.get(stage.connection), stage.desk.request(case.id), case)


def _takes(playback: Playback, rehearsal: Rehearsal) -> Iterator[_Take]:
    """The flows with their real replies: the cancel, the first read-back and the last, the resubmission."""
    cancel, follow, resubmit = (
        tuple(map(reply_of, part)) for part in (rehearsal.cancel, rehearsal.follow, rehearsal.resubmit)
    )
    asked = playback.cancel(cancel)
    yield _Take("the cancel", playback.cancel, cancel, any(heard.canceled for heard in rehearsal.cancel))
    reference = asked.case.reference if asked.case is not None else None

    def check(replies: Sequence[Reply]) -> Played:
        state = State.UNCLEAR if len(replies[-1].body) % 2 else State.ASKED
        return playback.check(replies, state, reference)

    checks: list[_Take] = []
    at = 0
    while at < len(follow) and len(checks) < _MOST_CHECKS:
        calls = check(follow[at:]).calls
        if not calls:
            break
        canceled = any(heard.canceled for heard in rehearsal.follow[at : at + calls])
        checks.append(_Take("the read-back", check, follow[at : at + calls], canceled))
        at += calls
    yield from checks[:1] + checks[1:][-1:]
    if resubmit:
        yield _Take("the resubmission", playback.resubmit, resubmit, canceled=False)


def _tries(takes: Sequence[_Take], random: Random) -> Iterator[tuple[_Take, Reply, Sequence[Reply]]]:
    """Take after take, call after call, with one more malformed reply: the take, that reply, and all until then."""
    sources = [(take, index, malformed(reply, random)) for take in takes for index, reply in enumerate(take.replies)]
    while sources:
        for take, index, source in sources:
            reply = next(source)
            yield take, reply, (*take.replies[:index], reply)
