"""Malformed replies, by the hundred for every plugin: no exception, no false canceled, always a due time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import Random

from orderdesk_devkit.testing.conformance.base import Count, Standard, needs_calls
from orderdesk_devkit.testing.conformance.baseline_run import Rehearsal
from orderdesk_devkit.testing.conformance.mutations import Reply, malformed
from orderdesk_devkit.testing.conformance.recorded_flows import Take, takes_of
from orderdesk_devkit.testing.conformance.requirement import Law, demand
from orderdesk_devkit.testing.plugin_under_test import Subject
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.state_machine import IllegalTransition

__all__ = ["Junk"]

_MOST_TOLD = 12
"""Complaints of one kind that are told; more of them tell no more."""


class Junk(Standard):
    """Real replies with one thing wrong, through the plugin's own flows; `--fuzz N` says how many."""

    def test_malformed_replies_are_neither_raised_on_nor_believed(
        self, subject: Subject, rehearsal: Rehearsal, tmp_path: Path, fuzz: int, count: Count
    ) -> None:
        """On any call: no exception, no canceled that the real reply does not say, no open case without a due time."""
        needs_calls(rehearsal, subject)
        raised, unfounded, believed, lost = Counter[str](), Counter[str](), list[str](), list[str]()
        with subject.on_stage(tmp_path) as stage:
            takes = list(takes_of(stage, rehearsal))
            for take, reply, replies in islice(_tries(takes, Random(subject.slug)), fuzz):  # noqa: S311 - the same always
                where = f"{take.name}, {reply.name}"
                try:
                    played = take.play(replies)
                except IllegalTransition as error:
                    lost.append(f"{where}: {error}")
                    continue
                if played.fault is not None:
                    (unfounded if played.is_unfounded else raised)[f"{played.fault} ({where})"] += 1
                elif played.case is not None and played.case.is_open and played.case.due_at is None:
                    lost.append(f"{where}: it is {played.case.state.value} and never due again")
                elif played.case is not None and played.case.state is State.CANCELED and not take.canceled:
                    believed.append(f"{where}: it is called canceled, and the service has not said so")
        count("malformed replies", fuzz)
        demand(Law.EVIDENCE, believed[:_MOST_TOLD])
        demand(Law.NO_JUNK, list(raised)[:_MOST_TOLD])
        demand(Law.NOT_GUESSED, list(unfounded)[:_MOST_TOLD])
        demand(Law.OPEN_MEANS_DUE, lost[:_MOST_TOLD])


def _tries(takes: Sequence[Take], random: Random) -> Iterator[tuple[Take, Reply, Sequence[Reply]]]:
    """Take after take, call after call, with one more malformed reply: the take, that reply, and all until then."""
    sources = [(take, index, malformed(reply, random)) for take in takes for index, reply in enumerate(take.replies)]
    while sources:
        for take, index, source in sources:
            reply = next(source)
            yield take, reply, (*take.replies[:index], reply)
