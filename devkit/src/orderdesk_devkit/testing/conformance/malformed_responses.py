"""Malformed responses, by the hundred for every plugin: no exception, no false canceled, always a due time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import Random

from orderdesk_devkit.testing.conformance.base import Count, StandardTests, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.mutations import ReplayedResponse, malformed
from orderdesk_devkit.testing.conformance.recorded_flows import RecordedFlow, recorded_flows_of
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.state_machine import InvalidTransitionError

__all__ = ["MalformedResponseTests"]

_MAX_REPORTED = 12
"""Complaints of one kind that are told; more of them tell no more."""


class MalformedResponseTests(StandardTests):
    """Real responses with one thing wrong, through the plugin's own flows; `--fuzz N` says how many."""

    def test_malformed_responses_neither_raise_nor_decide(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path, fuzz: int, count: Count
    ) -> None:
        """On any call.

        No exception, no canceled that the real response does not say, no open case without a due time.
        """
        skip_without_calls(baseline, plugin_under_test)
        raised, unfounded, believed, lost = Counter[str](), Counter[str](), list[str](), list[str]()
        with plugin_under_test.open_harness(tmp_path) as stage:
            takes = list(recorded_flows_of(stage, baseline))
            for take, response, responses in islice(_tries(takes, Random(plugin_under_test.slug)), fuzz):  # noqa: S311 - the same always
                where = f"{take.name}, {response.name}"
                try:
                    played = take.play(responses)
                except InvalidTransitionError as error:
                    lost.append(f"{where}: {error}")
                    continue
                if played.plugin_error is not None:
                    (unfounded if played.is_without_evidence else raised)[f"{played.plugin_error} ({where})"] += 1
                elif played.case is not None and played.case.is_open and played.case.due_at is None:
                    lost.append(f"{where}: it is {played.case.state.value} and never due again")
                elif played.case is not None and played.case.state is State.CANCELED and not take.is_canceled:
                    believed.append(f"{where}: it is called canceled, and the service has not said so")
        count("malformed responses", fuzz)
        require(Requirement.EVIDENCE, believed[:_MAX_REPORTED])
        require(Requirement.MALFORMED_RESPONSES, list(raised)[:_MAX_REPORTED])
        require(Requirement.NOT_GUESSED, list(unfounded)[:_MAX_REPORTED])
        require(Requirement.OPEN_MEANS_DUE, lost[:_MAX_REPORTED])


def _tries(
    flows: Sequence[RecordedFlow], random: Random
) -> Iterator[tuple[RecordedFlow, ReplayedResponse, Sequence[ReplayedResponse]]]:
    """Take after take, call after call, with one more malformed response.

    The take, that response, and all until then.
    """
    sources = [
        (take, index, malformed(response, random)) for take in flows for index, response in enumerate(take.responses)
    ]
    while sources:
        for take, index, source in sources:
            response = next(source)
            yield take, response, (*take.responses[:index], response)
