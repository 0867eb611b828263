"""Replies about another order, about a part of the order, or of two minds: none of them cancels."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import pytest
from attrs import evolve

from orderdesk_devkit.testing.conformance.base import Count, StandardTests, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.mutations import ReplayedResponse
from orderdesk_devkit.testing.conformance.recorded_flows import RecordedFlow, recorded_flows_of
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest

__all__ = ["OtherOrderTests", "other_number"]

_MAX_VARIANTS = 60
"""Variants of one response that are tried."""

Variants = Callable[[ReplayedResponse], Iterator[ReplayedResponse]]
Steps = tuple[str | int, ...]


class OtherOrderTests(StandardTests):
    """The real responses that say canceled, changed so that they no longer say it of this order."""

    def test_a_response_about_another_order_never_cancels(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path, count: Count
    ) -> None:
        """Every response of the flow is another order's. One that states no number must be declared to state none."""
        found, tried = list[str](), 0
        for take in _flows_with_evidence(plugin_under_test, baseline, tmp_path):
            for number in (plugin_under_test.number, f"{plugin_under_test.order.number}-1"):
                other = [_renumbered(response, number) for response in take.responses]
                # A resubmission rests on its last response; one that states no number is the request's.
                rests_on = slice(-1, None) if take.is_resubmission else slice(None)
                if [one.body for one in other][rests_on] == [one.body for one in take.responses][rests_on]:
                    continue
                tried += 1
                if take.play(other).says_done:
                    found.append(
                        f"{take.name}: all responses are about {other_number(number)}, and it is taken for {number}"
                    )
        count("responses about another order", tried)
        require(Requirement.ABOUT_THIS_ORDER, found)

    def test_a_response_with_a_doubled_key_never_cancels(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path, count: Count
    ) -> None:
        """Nobody knows which of its two values a key has that is given twice."""
        found, tried = list[str](), 0
        for take, response, responses in _each(_flows_with_evidence(plugin_under_test, baseline, tmp_path), _doubled):
            tried += 1
            if take.play(responses).says_done:
                found.append(f"{take.name}, {response.name}: it is done")
        count("doubled keys", tried)
        require(Requirement.ABOUT_THIS_ORDER, found[:_MAX_VARIANTS])

    def test_the_numbers_of_a_part_never_cancel_the_whole_order(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path, count: Count
    ) -> None:
        """Of every list only the first entry is there: of two suborders, of three lines. A status word still counts."""
        found, tried = list[str](), 0
        for take, response, responses in _each(
            _flows_with_evidence(plugin_under_test, baseline, tmp_path), _first_entries
        ):
            tried += 1
            played = take.play(responses)
            if played.says_done and played.case is not None and played.case.service_status is None:
                found.append(f"{take.name}, {response.name}: it is canceled by numbers that do not cover the order")
        count("partial replies", tried)
        require(Requirement.ABOUT_THIS_ORDER, found)

    def test_a_verdict_by_an_exchange_that_does_not_exist_settles_nothing(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path, count: Count
    ) -> None:
        """Every answer of the plugin is said to rest on a response that nobody received."""
        skip_without_calls(baseline, plugin_under_test)
        found, tried = list[str](), 0
        with plugin_under_test.open_harness(tmp_path) as stage:
            for take in recorded_flows_of(stage, baseline, forging=True):
                tried += 1
                played = take.play(take.responses)
                # A resubmission ends with no answer: it rests on the last response, whatever its plugin says.
                if played.case is not None and not played.case.is_open:
                    found.append(f"{take.name}: it is settled")
        count("forged exchanges", tried)
        require(Requirement.ABOUT_THIS_ORDER, found)


def _flows_with_evidence(plugin: PluginUnderTest, baseline: BaselineRun, folder: Path) -> Iterator[RecordedFlow]:
    """The takes whose real responses settle the case as canceled, or the resubmission as submitted."""
    skip_without_calls(baseline, plugin)
    with plugin.open_harness(folder) as stage:
        takes = [take for take in recorded_flows_of(stage, baseline) if take.play(take.responses).says_done]
        if not takes:
            pytest.skip(f"no flow of {plugin.slug} settles anything: a person does")
        yield from takes


def _each(
    flows: Iterator[RecordedFlow], variants: Variants
) -> Iterator[tuple[RecordedFlow, ReplayedResponse, Sequence[ReplayedResponse]]]:
    """Take after take with the response that it ends with changed in each way: the take, that response, and all."""
    for take in flows:
        *before, last = take.responses
        for changed in islice(variants(last), _MAX_VARIANTS):
            yield take, changed, (*before, changed)


def other_number(number: str) -> str:
    """A number of the same shape."""
    return "".join(str((int(one) + 1) % 10) if one.isdecimal() else one for one in number)


def _renumbered(response: ReplayedResponse, number: str) -> ReplayedResponse:
    return evolve(
        response, name="of another order", body=response.body.replace(number.encode(), other_number(number).encode())
    )


def _doubled(response: ReplayedResponse) -> Iterator[ReplayedResponse]:
    """The response with one key of one object twice, for each key."""
    document = _document(response)
    for path in _paths(document):
        if isinstance(path[-1], str):
            name = f"{'.'.join(map(str, path))} given twice"
            yield evolve(response, name=name, body=_text(document, path).encode())


def _first_entries(response: ReplayedResponse) -> Iterator[ReplayedResponse]:
    """The response with only the first entry of one list, for each list of several objects."""
    document = _document(response)
    for path in [(), *_paths(document)]:
        value = _at(document, path)
        if isinstance(value, list) and len(value) > 1 and all(isinstance(one, dict) for one in value):
            body = json.dumps(_with(document, path, value[:1])).encode()
            yield evolve(response, name=f"only the first of {'.'.join(map(str, path))}", body=body)


def _document(response: ReplayedResponse) -> object:
    try:
        found: object = json.loads(response.body)
    except ValueError:
        return None
    return found


def _paths(value: object, path: Steps = ()) -> Iterator[Steps]:
    steps: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        steps = list(value.items())
    elif isinstance(value, list):
        steps = list(enumerate(value))
    for key, inner in steps:
        yield (*path, key)
        yield from _paths(inner, (*path, key))


def _at(value: object, path: Steps) -> object:
    for step in path:
        value = value[step]  # type: ignore[index]  # the path was found in it
    return value


def _with(value: object, path: Steps, changed: object) -> object:
    """The document with another value at a path."""
    if not path:
        return changed
    if isinstance(value, dict):
        return {key: _with(inner, path[1:], changed) if key == path[0] else inner for key, inner in value.items()}
    assert isinstance(value, list), "the path was found in it"
    return [_with(inner, path[1:], changed) if at == path[0] else inner for at, inner in enumerate(value)]


def _text(value: object, path: Steps) -> str:
    """The document as JSON in which the key at the path is given twice."""
    if isinstance(value, dict) and path:
        parts = []
        for key, inner in value.items():
            text = f"{json.dumps(key)}: {_text(inner, path[1:]) if key == path[0] else json.dumps(inner)}"
            parts += [text] * (2 if path == (key,) else 1)
        return f"{{{', '.join(parts)}}}"
    if isinstance(value, list) and path:
        return (
            f"[{', '.join(_text(one, path[1:]) if at == path[0] else json.dumps(one) for at, one in enumerate(value))}]"
        )
    return json.dumps(value)
