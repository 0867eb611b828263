"""Reads change nothing: neither those that are declared so, nor those that poll."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from starlette.types import ASGIApp

from orderdesk_devkit.simulators.simulator import Effect, Simulator
from orderdesk_devkit.testing.conformance.base import StandardTests, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun, CallRecorder, RecordedCall
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.exchange import Intent
from orderdesk_sdk.plugin.integration import NoResubmission

__all__ = ["ReadTests"]

_ALWAYS_WRITE = ("PUT", "PATCH", "DELETE")


class ReadTests(StandardTests):
    """What an undisturbed cancel, its polls and a resubmission send, beside what came of each call."""

    def test_reads_change_nothing(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path
    ) -> None:
        """No call that is declared a read, or polls, has an effect at the service, or a method that writes."""
        skip_without_calls(baseline, plugin_under_test)
        recorders: list[CallRecorder] = []

        def recorded(simulator: Simulator) -> ASGIApp:
            recorders.append(CallRecorder(simulator, plugin_under_test.number))
            return recorders[0]

        with plugin_under_test.open_harness(tmp_path, wrap=recorded) as harness:
            harness.cancel()
            marks = len(recorders[0].calls)
            case = harness.follow_up()
            polls = recorders[0].calls[marks:]
            found = list(_failures(recorders[0].calls, _intents(harness, case.id)))
            found += [f"a poll sent {one.method} {one.path}, which {_done(one)}" for one in polls if one.effects]
            can_resubmit = not isinstance(plugin_under_test.integration.resubmission, NoResubmission)
            if case.state is State.CANCELED and can_resubmit:
                marks = len(recorders[0].calls)
                again = harness.resubmit()
                found += _failures(recorders[0].calls[marks:], _intents(harness, again.id))
        require(Requirement.READS_CHANGE_NOTHING, found)


def _intents(harness: ConformanceHarness, case_id: str) -> list[Intent]:
    return [one.content for one in harness.desk.ledger.history(case_id) if isinstance(one.content, Intent)]


def _failures(calls: Sequence[RecordedCall], intents: Iterable[Intent]) -> Iterator[str]:
    """Each read that was none: the calls to one place are in the order in which they were meant."""
    heard: dict[tuple[str, str], list[RecordedCall]] = defaultdict(list)
    for call in calls:
        heard[call.method, call.path].append(call)
    for intent in intents:
        if intent.declared_read_only and intent.method in _ALWAYS_WRITE:
            yield f"{intent.method} {intent.operation} is declared to be a read"
        same = heard[intent.method, unquote(urlsplit(intent.url).path)]
        meant = same.pop(0) if same else None
        if meant is not None and meant.effects and intent.read_only:
            taken = "is declared to be a read" if intent.declared_read_only else "is taken for a read"
            yield f"{meant.method} {meant.path} {taken}, and {_done(meant)}"


def _done(call: RecordedCall) -> str:
    words = {
        Effect.CANCEL_ACCEPTED: "asked to cancel",
        Effect.ORDER_CREATED: "made an order",
        Effect.STATUS_SET: "set a status",
    }
    return " and ".join(words[one] for one in call.effects)
