"""Samples that the test class gives: numbers, statuses and documents of people, beside what is declared of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import pytest
from attrs import evolve

from orderdesk_devkit.testing.conformance.base import Count, StandardTests
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import NOWHERE, PluginUnderTest
from orderdesk_sdk.cases.windows import window_state
from orderdesk_sdk.clock import VirtualClock

__all__ = ["SampleTests"]


class SampleTests(StandardTests):
    """What a declaration says of numbers, statuses and personal data, by examples from the service's documents."""

    good_numbers: ClassVar[tuple[str, ...]] = ()
    """Numbers of orders that the service has: the longest, and with each kind of character."""
    bad_numbers: ClassVar[tuple[str, ...]] = ()
    """Numbers that no order has there: one that is too long, and with characters that do not come through."""
    closed_in: ClassVar[tuple[str, ...]] = ()
    """Statuses in which the first route is closed, once the order was read."""
    personal_documents: ClassVar[tuple[Mapping[str, object], ...]] = ()
    """Parts of responses in which every text is about a person, and none may be kept."""

    def test_sample_numbers_are_taken_or_refused(self, plugin_under_test: PluginUnderTest, count: Count) -> None:
        """Before anything is sent."""
        declared = plugin_under_test.integration.remote_id_format
        if not (self.good_numbers or self.bad_numbers):
            pytest.skip(f"{type(self).__name__} gives no `good_numbers` and `bad_numbers`")
        said = {one: declared.error(one) if declared else None for one in (*self.good_numbers, *self.bad_numbers)}
        found = [f"{one!r} is refused: {said[one]}" for one in self.good_numbers if said[one] is not None]
        found += [f"{one!r} is taken" for one in self.bad_numbers if said[one] is None]
        count("sample numbers", len(said))
        require(Requirement.DECLARATION, found)

    def test_the_window_is_closed_in_each_sample_status(
        self, plugin_under_test: PluginUnderTest, tmp_path: Path
    ) -> None:
        """As the plan tells before anybody asks."""
        if not self.closed_in:
            pytest.skip(f"{type(self).__name__} names no statuses in `closed_in`")
        clock = VirtualClock()
        window = plugin_under_test.integration.cancel[0].window
        with plugin_under_test.open_harness_at(NOWHERE, tmp_path, clock) as harness:
            read = [(one, evolve(harness.remote_order, status=one)) for one in self.closed_in]
        found = [f"it is open in {one!r}" for one, order in read if window_state(window, order, clock.now()).is_open]
        require(Requirement.DECLARATION, found)

    def test_nothing_of_a_sample_person_is_kept(self, plugin_under_test: PluginUnderTest, tmp_path: Path) -> None:
        """Neither in evidence nor in a log."""
        if not self.personal_documents:
            pytest.skip(f"{type(self).__name__} gives no `personal_documents`")
        with plugin_under_test.open_harness_at(NOWHERE, tmp_path, VirtualClock()) as harness:
            redactor = harness.desk.connections.get(harness.connection).redactor
            kept = [(one, redactor.redact_body(json.dumps(one))) for one in self.personal_documents]
        found = [f"{text!r} is kept" for document, body in kept for text in _texts(document) if text in body]
        require(Requirement.PERSONAL_DATA, found)


def _texts(value: object) -> Iterator[str]:
    match value:
        case Mapping():
            for inner in value.values():
                yield from _texts(inner)
        case list() | tuple():
            for inner in value:
                yield from _texts(inner)
        case str():
            yield value
        case _:
            return
