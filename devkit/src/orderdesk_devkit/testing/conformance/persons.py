"""Persons: whoever an order is for stands in no evidence that is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from orderdesk_devkit.testing.conformance.base import Count, StandardTests, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.harness import PERSON
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_devkit.testing.scrubbing import personal_texts
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.plugin.integration import NoResubmission

__all__ = ["PersonTests"]

_INVENTED = (f"{PERSON['first_name']} {PERSON['last_name']}", PERSON["address1"], PERSON["phone"], PERSON["company"])
"""The person of the kit, whom simulators show."""
_SHORTEST = 10
"""Characters of a text that is looked for; a name or a city may be a word of anything else."""


class PersonTests(StandardTests):
    """What is kept of the calls of a cancel, its polls and a resubmission."""

    def test_no_person_stands_in_what_is_kept(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path, count: Count
    ) -> None:
        """Names, addresses and telephones of the order, and those that the simulator shows."""
        skip_without_calls(baseline, plugin_under_test)
        with plugin_under_test.open_harness(tmp_path) as harness:
            ordered = (secret.reveal() for secret in personal_texts(plugin_under_test.order))
            texts = {*ordered, *_INVENTED, *harness.service.personal_texts}
            looked_for = sorted(text for text in texts if len(text) >= _SHORTEST)
            found = dict.fromkeys(_failures(harness, plugin_under_test, looked_for))
        count("personal texts", len(looked_for))
        require(Requirement.NO_PERSON, found)


def _failures(harness: ConformanceHarness, plugin: PluginUnderTest, texts: list[str]) -> Iterator[str]:
    harness.cancel()
    cases = [harness.follow_up().id]
    if harness.case.state is State.CANCELED and not isinstance(plugin.integration.resubmission, NoResubmission):
        cases.append(harness.resubmit().id)
    for case in cases:
        for entry in harness.desk.ledger.history(case):
            if isinstance(entry.content, Intent | Exchange):
                said = entry.content.body or ""
                yield from (f"{text!r} stands in {_name(entry.content)}" for text in texts if text in said)


def _name(content: Intent | Exchange) -> str:
    if isinstance(content, Intent):
        return f"the request {content.method} {content.operation}"
    return f"the response to {content.intent.method} {content.intent.operation}"
