"""Readings of an order before a cancel: as the service has it, without a trace there, and relied on while they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from attrs import evolve, frozen

from orderdesk_devkit.simulators.simulator import Effect
from orderdesk_devkit.testing.conformance.base import Count, StandardTests, Untested, new_folder, option_choices
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.plugin.eligibility import Eligibility, ReadPerOrder
from orderdesk_sdk.plugin.reasons import ReasonList
from orderdesk_sdk.plugin.routes import Button

__all__ = ["EligibilityTests"]


class EligibilityTests(StandardTests):
    """The order under every choice of the simulator's options, before it is canceled and after."""

    def test_an_order_is_called_eligible_as_the_service_has_it(
        self, plugin_under_test: PluginUnderTest, tmp_path: Path, count: Count, untested: Untested
    ) -> None:
        """Whether it would, and the codes that it takes, are those of `Simulator.eligibility`; no call writes."""
        listed = _route(plugin_under_test).listed
        found: list[str] = []
        truths: set[bool | None] = set()
        for options in option_choices(plugin_under_test):
            tested = evolve(plugin_under_test, options={**plugin_under_test.options, **options})
            with tested.open_harness(new_folder(tmp_path)) as harness:
                for moment in ("before a cancel", "once it is settled"):
                    truth = harness.service.eligibility(tested.number)
                    truths.add(truth.is_eligible if truth is not None else None)
                    under = ", ".join((*(f"{name}={choice}" for name, choice in options.items()), moment))
                    found += [f"{under}: {said}" for said in _failures(harness, truth, listed)]
                    harness.cancel()
                    harness.follow_up()
            count("readings", 2)
        if False not in truths:
            untested("an order that is not eligible: give the simulator an option under which there is one")
        require(Requirement.ELIGIBILITY, found)

    def test_a_reason_that_is_not_read_is_not_sent(
        self, plugin_under_test: PluginUnderTest, tmp_path: Path, count: Count, untested: Untested
    ) -> None:
        """A code that the service no longer takes is refused once the reading that named it is stale."""
        route = _route(plugin_under_test)
        if route.listed is None:
            pytest.skip(f"{plugin_under_test.slug} reads no reasons")
        found: list[str] = []
        tried = 0
        for options in option_choices(plugin_under_test):
            with plugin_under_test.open_harness(new_folder(tmp_path)) as harness:
                for code in _codes_that_go(harness, options, route):
                    tried += 1
                    found += [f"{code} was read, and no longer holds: {said}" for said in _sent(harness, code)]
        count("reasons that no longer hold", tried)
        if not tried:
            untested("a reason that the service takes of some orders alone: give the simulator an option for it")
        require(Requirement.ELIGIBILITY, found)


@frozen
class _AskedRoute:
    """The route that the service is asked about. listed: its reasons, where they are read per order."""

    rule: ReadPerOrder
    listed: ReasonList | None


def _route(plugin: PluginUnderTest) -> _AskedRoute:
    for route in plugin.integration.cancel:
        if isinstance(route, Button) and route.eligibility is not None:
            is_read = isinstance(route.reasons, ReasonList) and route.reasons.read_per_order
            return _AskedRoute(route.eligibility, route.reasons if is_read else None)  # type: ignore[arg-type]
    pytest.skip(f"{plugin.slug} reads nothing of an order before a cancel")


def _failures(harness: ConformanceHarness, truth: Eligibility | None, listed: ReasonList | None) -> Iterator[str]:
    if truth is None:
        yield f"{type(harness.service).__name__} tells no eligibility(), so that nobody can compare: let it"
        return
    before = len(harness.service.log)
    (result,) = harness.desk.eligibility.read(harness.order, by="conformance", connections=[harness.connection])
    done = [one.effect for one in harness.service.log[before:] if one.effect_kind is not Effect.NOTHING]
    if done:
        yield f"to read it changed something at the service: {', '.join(done)}"
    if result.reading is None:
        yield f"it was not read: {result.problem}"
        return
    said = result.reading.eligibility
    if said.is_eligible is not truth.is_eligible:
        yield f"it is called {_word(said)}, and the service has it {_word(truth)}"
    read, taken = ({one.code for one in each.reasons} for each in (said, truth))
    if listed is None and read:
        yield "it names reasons, and no Button has a ReasonList that is read_per_order"
    if listed is not None and read != taken:
        yield f"the reading names {_codes(read)}, and the service takes {_codes(taken)}"


def _codes_that_go(harness: ConformanceHarness, options: Mapping[str, str], route: _AskedRoute) -> list[str]:
    """The codes that were read and that the service takes no more, once it is otherwise and the reading is stale."""
    harness.read_eligibility()
    read = _taken(harness)
    for name, choice in options.items():
        harness.service.set_option(name, choice)
    harness.wait_for(harness.clock.now() + route.rule.valid_for)
    still = _taken(harness)
    return sorted(read - still) if still else []


def _taken(harness: ConformanceHarness) -> set[str]:
    truth = harness.service.eligibility(harness.remote_order.remote_id)
    return {one.code for one in truth.reasons} if truth is not None else set()


def _sent(harness: ConformanceHarness, code: str) -> Iterator[str]:
    before = len(harness.service.log)
    refused = _refuses(lambda: harness.cancel(code))
    if any(one.effect_kind is Effect.CANCEL_ACCEPTED for one in harness.service.log[before:]):
        yield "the service took a cancel"
    elif not refused:
        yield "the cancel was not refused before it was recorded"


def _refuses(cancel: Callable[[], object]) -> bool:
    try:
        cancel()
    except ValidationError:
        return True
    return False


def _word(eligibility: Eligibility) -> str:
    words = {True: "eligible", False: "not eligible", None: "unknown"}
    return words[eligibility.is_eligible]


def _codes(codes: set[str]) -> str:
    return ", ".join(sorted(codes)) or "no reason"
