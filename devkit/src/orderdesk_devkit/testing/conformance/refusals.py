"""Refusals: an error status that names the order, and states nothing else, cancels nothing."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from attrs import evolve

from orderdesk_devkit.testing.conformance.base import Count, StandardTests, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.mutations import ReplayedResponse
from orderdesk_devkit.testing.conformance.playback import PlaybackResult
from orderdesk_devkit.testing.conformance.recorded_flows import recorded_flows_of
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest
from orderdesk_sdk.cases.case import State

__all__ = ["RefusalTests", "refused_responses"]

_ERRORS = (400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 412, 415, 418, 422, 423, 424, 428, 451, 500, 501)
_WORD = "refused"


class RefusalTests(StandardTests):
    """Every call of every flow, answered with each error status."""

    def test_what_is_refused_is_not_called_done(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path, count: Count
    ) -> None:
        """The real response with its words taken away but for the order's number, and the bare order's number."""
        skip_without_calls(baseline, plugin_under_test)
        believed: dict[str, dict[int, None]] = defaultdict(dict)
        tried = 0
        with plugin_under_test.open_harness(tmp_path) as harness:
            for flow in recorded_flows_of(harness, baseline):
                for index, refused in refused_responses(flow.responses, plugin_under_test.number):
                    tried += 1
                    played = flow.play((*flow.responses[:index], refused))
                    if played.says_done or played.says_canceled or played.is_without_evidence:
                        believed[f"{flow.name}: call {index + 1} is called {flow.verdict}"][refused.status] = None
                    if flow.name == "the poll" and _is_progress(played):
                        believed[f"{flow.name}: call {index + 1} is taken for a look that worked"][refused.status] = (
                            None
                        )
        count("refusals", tried)
        require(Requirement.REFUSED, (f"{what} after {_shown(statuses)}" for what, statuses in believed.items()))


def _is_progress(played: PlaybackResult) -> bool:
    """Whether a poll counts as one that told how the order is, and that it is on its way."""
    case = played.case
    return case is not None and case.state is State.ACKNOWLEDGED and not case.consecutive_failures


def refused_responses(responses: Sequence[ReplayedResponse], number: str) -> Iterator[tuple[int, ReplayedResponse]]:
    """Which call of a flow is refused, and how."""
    for index, response in enumerate(responses):
        for status in _ERRORS:
            for body in dict.fromkeys((_without_words(response.body, number), b"{}")):
                yield index, evolve(response, name=f"{status}", status=status, body=body)


def _shown(statuses: Iterable[int]) -> str:
    return ", ".join(map(str, statuses))


def _without_words(body: bytes, number: str) -> bytes:
    try:
        document: object = json.loads(body)
    except ValueError:
        return _WORD.encode()
    return json.dumps(_refused(document, number)).encode()


def _refused(value: object, number: str) -> object:
    match value:
        case dict():
            return {key: _refused(inner, number) for key, inner in value.items()}
        case list():
            return [_refused(inner, number) for inner in value]
        case bool():
            return False
        case str() if number not in value:
            return _WORD
        case _:
            return value
