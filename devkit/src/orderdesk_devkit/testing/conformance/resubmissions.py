"""Declared resubmissions: with what the order lacks, what is there already, and every way in which it is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote

import pytest
from attrs import evolve, frozen

from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_devkit.testing.conformance.base import Count, StandardTests, Untested
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun, FaultTarget
from orderdesk_devkit.testing.conformance.expected_requests import differences
from orderdesk_devkit.testing.conformance.failpoints import skip_without_resubmission
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.conformance.resubmission import Resubmission
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_devkit.testing.request_recorder import RecordedRequest, RequestRecorder
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.orders.references import OrderNumber
from orderdesk_sdk.plugin.integration import SameNumber

__all__ = ["ResubmissionTests"]

_BY = "conformance"


class ResubmissionTests(StandardTests):
    """Each declared resubmission on a new simulator, after a cancel that was confirmed."""

    resubmissions: ClassVar[tuple[Resubmission, ...]] = ()
    """What becomes of a canceled order that is submitted again: complete, without what the service needs, where its
    number is taken, and where it is refused."""

    def test_a_resubmission_ends_as_declared(
        self,
        resubmission: Resubmission | None,
        plugin_under_test: PluginUnderTest,
        baseline: BaselineRun,
        tmp_path: Path,
        count: Count,
        untested: Untested,
    ) -> None:
        """The case, what the person is told, and the calls that create, as they come to the service."""
        skip_without_resubmission(baseline, plugin_under_test)
        if resubmission is None:
            untested(f"the ends of a resubmission: declare `resubmissions` in {type(self).__name__}")
            pytest.skip(f"{type(self).__name__} declares no `resubmissions`")
        assert baseline.create_target is not None, "needs_resubmission has seen it"
        found = _failures(plugin_under_test, baseline.create_target, resubmission, tmp_path)
        number = next(number for number, one in enumerate(self.resubmissions, 1) if one is resubmission)
        require(Requirement.RESUBMITTED, [f"resubmission {number}: {text}" for text in found])
        count("resubmissions", 1)


def _failures(plugin: PluginUnderTest, target: FaultTarget, wanted: Resubmission, folder: Path) -> Iterator[str]:
    recorders: list[RequestRecorder] = []

    def recorded(simulator: Simulator) -> RequestRecorder:
        recorders.append(RequestRecorder(simulator.app))
        return recorders[0]

    tried = evolve(
        plugin,
        order=wanted.change(plugin.order) if wanted.change is not None else plugin.order,
        options={**plugin.options, **wanted.options},
        settings={**plugin.settings, **wanted.settings},
    )
    with tried.open_harness(folder, wrap=recorded) as harness:
        yield from _Trial(wanted, tried, harness, recorders[0], target).failures()


@frozen
class _Trial:
    """One resubmission on its stage."""

    wanted: Resubmission
    plugin: PluginUnderTest
    harness: ConformanceHarness
    recorder: RequestRecorder
    target: FaultTarget

    def failures(self) -> Iterator[str]:
        """What is not as declared."""
        self.harness.cancel()
        case = self.harness.follow_up()
        if case.state is State.ACTION_REQUIRED:
            self.harness.desk.cases.confirm(case.id, by=_BY)
        elif case.state is not State.CANCELED:
            yield f"the cancel before it ended {case.state.value}: {case.message}"
            return
        made = self._submit()
        sent = [one for one in self.recorder.requests if self._is_create(one)]
        if made.state is not self.wanted.state:
            yield f"it is {made.state.value} ({made.message}), not {self.wanted.state.value}"
        yield from self._unknown_numbers(made)
        if made.plugin_error is not None:
            yield f"the plugin failed: {made.plugin_error}"
        if self.wanted.message not in (told := f"{made.message} {made.hint}"):
            yield f"the person is told {told!r}, without {self.wanted.message!r}"
        if len(sent) != self.wanted.expected_creates:
            yield f"{len(sent)} calls that create were sent, not {self.wanted.expected_creates}"
        for one in sent if self.wanted.body is not None else ():
            for at, seen, expected in differences("", _part(one.document, self.wanted.body), self.wanted.body):
                yield f"{at or 'the body'} is {seen!r}, not {expected!r}"

    def _unknown_numbers(self, made: ResubmitCase) -> Iterator[str]:
        """Numbers by which the new order is known here, and not there."""
        if made.state is not State.DONE:
            return
        store = self.harness.desk.order_store
        for remote in store.remote_orders(store.get_order(OrderNumber(made.order_number)).id):
            try:
                self.harness.service.actual_status(remote.remote_id)
            except (OrderDeskError, LookupError):
                yield f"it is taken to be {remote.remote_id}, which the service does not have"

    def _submit(self) -> ResubmitCase:
        if self.wanted.unsure:
            self._refuse(503)
            made = self.harness.resubmit()
            self._be_there()
            self.recorder.requests.clear()
            self._refuse(self.wanted.refused)
            if made.due_at is None:
                return made
            self.harness.wait_for(made.due_at)
            self.harness.desk.run_due()
            return self.harness.desk.ledger.case(made.id, ResubmitCase)
        self._be_there()
        self._refuse(self.wanted.refused)
        return self.harness.resubmit()

    def _refuse(self, status: int | None) -> None:
        def refusal(request: RecordedRequest) -> tuple[int, str] | None:
            return (status, "{}") if status is not None and self._is_create(request) else None

        self.recorder.override = refusal

    def _be_there(self) -> None:
        """Have the order that is to be there, unless it is ours, which is there under its own number."""
        if self.wanted.there is None:
            return
        number = self.harness.remote_order.remote_id
        if not isinstance(self.plugin.integration.resubmission, SameNumber):
            number = f"{self.harness.order}-1"
            lines = self.wanted.there_lines or {line.code: line.quantity for line in self.plugin.order.lines}
            self.harness.service.add_order(number, lines=list(lines.items()))
        self.harness.service.put_status(number, self.wanted.there)

    def _is_create(self, request: RecordedRequest) -> bool:
        return (request.method, unquote(request.path)) == (self.target.method, self.target.path)


def _part(seen: object, wanted: object) -> object:
    """Of what was sent, the keys that are wanted; None for one that is not there."""
    match seen, wanted:
        case Mapping(), Mapping():
            return {name: _part(seen.get(name), inner) for name, inner in wanted.items()}
        case list(), list() if len(seen) == len(wanted):
            return [_part(one, other) for one, other in zip(seen, wanted, strict=True)]
        case _:
            return seen
