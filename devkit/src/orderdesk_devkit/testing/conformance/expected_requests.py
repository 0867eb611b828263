"""Requests that write: what an undisturbed cancel and a resubmission send, beside what the test class expects."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import pytest
from attrs import field, frozen

from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_devkit.testing.conformance.base import Count, StandardTests, Untested, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest
from orderdesk_devkit.testing.request_recorder import RecordedRequest, RequestRecorder
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.plugin.integration import NoResubmission

__all__ = ["ExpectedRequest", "RequestTests", "differences", "unlike_expected"]

_READS = frozenset(("GET", "HEAD"))
_ANY_QUERY = "?*"


@frozen
class ExpectedRequest:
    """A request that writes, as the service gets it.

    Args:
        path: with its query, percent-encoded; "?*" at its end stands for any query, as for a signed address.
        body: the JSON document, or the text of a body that is none; None: it has no body.
        headers: patterns of the whole values of headers, by their names in small letters; others are not compared.
    """

    method: str
    path: str
    body: object = field(default=None, hash=False)
    headers: Mapping[str, str] = field(factory=dict, hash=False)


class RequestTests(StandardTests):
    """Every word that goes to the service, and where of the order it comes from."""

    requests: ClassVar[tuple[ExpectedRequest, ...]] = ()
    """The requests of one cancel and one resubmission of the test's order in turn: all but GETs and those for tokens. A
    query by POST is among them, also where the flow declares it `read_only=True`."""

    def test_each_request_says_what_is_expected(
        self,
        plugin_under_test: PluginUnderTest,
        baseline: BaselineRun,
        tmp_path: Path,
        count: Count,
        untested: Untested,
    ) -> None:
        """Nothing of the order is left out, put in another place or made up."""
        skip_without_calls(baseline, plugin_under_test)
        if not self.requests:
            untested(f"the words of each request: declare `requests` in {type(self).__name__}")
            pytest.skip(f"{type(self).__name__} declares no `requests`")
        sent = [one for one in _sent(plugin_under_test, tmp_path) if one.path != baseline.token_path]
        count("requests", len(self.requests))
        require(Requirement.REQUESTS, _failures([_as_expected(one) for one in sent], self.requests))


def unlike_expected(
    sent: Sequence[RecordedRequest], expected: tuple[ExpectedRequest, ...], token_path: str | None
) -> Iterator[str]:
    """What of the requests is not as it is expected. Those of tokens are left out, and reads where none is expected."""
    left_out = frozenset() if any(one.method in _READS for one in expected) else _READS
    seen = [_as_expected(one) for one in sent if one.method not in left_out and one.path != token_path]
    yield from _failures(seen, expected)


def _sent(plugin: PluginUnderTest, folder: Path) -> list[RecordedRequest]:
    """What is sent while the order is canceled, followed up and submitted again, but for reads."""
    recorders: list[RequestRecorder] = []

    def recorded(simulator: Simulator) -> RequestRecorder:
        recorders.append(RequestRecorder(simulator.app))
        return recorders[0]

    with plugin.open_harness(folder, wrap=recorded) as harness:
        harness.cancel()
        case = harness.follow_up()
        if case.state is State.CANCELED and not isinstance(plugin.integration.resubmission, NoResubmission):
            harness.resubmit()
    return [one for one in recorders[0].requests if one.method not in _READS]


def _as_expected(sent: RecordedRequest) -> ExpectedRequest:
    text = sent.body.decode("utf-8", errors="replace")
    try:
        body: object = json.loads(text) if text else None
    except ValueError:
        body = text
    return ExpectedRequest(sent.method, f"{sent.path}?{sent.query}" if sent.query else sent.path, body, sent.headers)


def _failures(sent: list[ExpectedRequest], expected: tuple[ExpectedRequest, ...]) -> Iterator[str]:
    if len(sent) != len(expected):
        lines = ", ".join(f"{one.method} {one.path}" for one in sent)
        yield f"{len(sent)} requests write, and {len(expected)} are expected: {lines or 'none'}"
    for number, (seen, wanted) in enumerate(zip(sent, expected, strict=False), start=1):
        if seen.method != wanted.method or not _is_path(seen.path, wanted.path):
            yield f"request {number} is {seen.method} {seen.path}, not {wanted.method} {wanted.path}"
        for at, one, other in differences("", seen.body, wanted.body):
            yield f"request {number}: {at or 'the body'} is {one!r}, not {other!r}"
        for name, pattern in wanted.headers.items():
            if re.fullmatch(pattern, seen.headers.get(name, "")) is None:
                yield f"request {number}: its header {name} is {seen.headers.get(name)!r}, not {pattern!r}"


def _is_path(seen: str, wanted: str) -> bool:
    return seen.partition("?")[0] == wanted[:-2] if wanted.endswith(_ANY_QUERY) else seen == wanted


def differences(at: str, seen: object, wanted: object) -> Iterator[tuple[str, object, object]]:
    """The places at which two JSON documents differ, each with what is seen and what is wanted there.

    Args:
        at: the place of the two in a whole; "" for the whole.
    """
    match seen, wanted:
        case Mapping(), Mapping():
            for name in dict.fromkeys((*wanted, *seen)):
                yield from differences(f"{at}/{name}", seen.get(name, _MISSING), wanted.get(name, _MISSING))
        case list(), list() if len(seen) == len(wanted):
            for index, (one, other) in enumerate(zip(seen, wanted, strict=True)):
                yield from differences(f"{at}/{index}", one, other)
        case _:
            if type(seen) is not type(wanted) or seen != wanted:
                yield at, seen, wanted


class _Missing:
    def __repr__(self) -> str:
        return "missing"


_MISSING = _Missing()
