"""Cancels in every declared state of an order: the case, its evidence and its route beside the simulator's truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import pytest
from attrs import evolve, frozen
from starlette.types import ASGIApp

from orderdesk_devkit.simulators.simulator import LIFE_CYCLE, Record, Simulator
from orderdesk_devkit.testing.conformance.base import Count, StandardTests, Untested, new_folder
from orderdesk_devkit.testing.conformance.baseline_run import CallRecorder, token_path
from orderdesk_devkit.testing.conformance.ending import Ending
from orderdesk_devkit.testing.conformance.ending_variants import late_variants
from orderdesk_devkit.testing.conformance.expected_requests import unlike_expected
from orderdesk_devkit.testing.conformance.order_numbers import next_number
from orderdesk_devkit.testing.conformance.proofs import proof_of
from orderdesk_devkit.testing.conformance.replaced_replies import ReplacedReplies
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_devkit.testing.request_recorder import RecordedRequest, RequestRecorder
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.cases.windows import window_state
from orderdesk_sdk.errors import InvalidStateError
from orderdesk_sdk.plugin.routes import Polling, Route, WhileStatus

__all__ = ["EndingTests", "EndingTrial", "open_trial"]

_LOOKS = 12
"""Steps that are taken one by one with a case that a person is to have in the end.

A request that stays unclear is with a person after eight: four are sent, each after a wait.
"""


class EndingTests(StandardTests):
    """Each declared ending on a new simulator, with another order beside ours that nobody must touch."""

    endings: ClassVar[tuple[Ending, ...]] = ()
    """What becomes of a cancel, for each state in which the order may be when it is asked for."""

    def test_a_cancel_ends_as_declared(
        self,
        ending: Ending | None,
        plugin_under_test: PluginUnderTest,
        tmp_path: Path,
        count: Count,
        untested: Untested,
    ) -> None:
        """The case, what was said right after the request, the evidence, and what the service has made of it."""
        if ending is None:
            untested(f"the end of a cancel by the order's state: declare `endings` in {type(self).__name__}")
            pytest.skip(f"{type(self).__name__} declares no `endings`")
        _require_end(ending, plugin_under_test, tmp_path, untested)
        count("endings", 1)

    def test_a_late_cancel_ends_the_same_for_each_reason_and_part(
        self, plugin_under_test: PluginUnderTest, tmp_path: Path, count: Count, untested: Untested
    ) -> None:
        """As declared of the first state in which the service refuses, unless the class declares another end."""
        variants = list(late_variants(plugin_under_test, self.endings))
        if not variants:
            pytest.skip(f"{plugin_under_test.slug} has one reason and no parts, or no late ending is declared")
        for variant in variants:
            _require_end(variant, plugin_under_test, new_folder(tmp_path), untested)
        count("late reasons and parts", len(variants))


def _require_end(ending: Ending, plugin: PluginUnderTest, folder: Path, untested: Untested) -> None:
    """Raise ConformanceError where the cancel ends otherwise; a state that cannot be reached is untested."""
    found = dict[Requirement, list[str]]()
    with open_trial(plugin, ending, folder) as trial:
        unreached = trial.reach()
        if unreached is not None:
            untested(f"the state {ending.status!r} of `endings`: {unreached}")
            return
        for requirement, said in trial.failures():
            found.setdefault(requirement, []).append(f"asked in {ending.label}: {said}")
    for requirement in sorted(found, key=[Requirement.ENDINGS, *found].index):
        require(requirement, found[requirement])


@frozen
class EndingTrial:
    """One ending on its stage.

    Args:
        recorder, sent: what came to the service, by its calls and as it was sent; None where no service is called.
        token_path: where tokens are fetched; None where there are none.
    """

    ending: Ending
    harness: ConformanceHarness
    recorder: CallRecorder | None
    sent: RequestRecorder | None
    token_path: str | None
    neighbor: str

    def reach(self) -> str | None:
        """Let the order be in the state that the ending is about; why it cannot be, with a hint, or None."""
        simulator, wanted = self.harness.simulator, self.ending.status
        if simulator is None or wanted is None:
            return None
        number = self.harness.remote_order.remote_id
        if simulator.actual_status(number) != wanted:
            try:
                simulator.put_status(number, wanted)
            except InvalidStateError as error:
                return f"the order is {simulator.actual_status(number)!r} then; {error}"
        seen = simulator.actual_status(number)
        return None if seen == wanted else f"the order is {seen!r} then: let {type(simulator).__name__} put it there"

    def failures(self) -> Iterator[tuple[Requirement, str]]:
        """What is not as it should be."""
        yield from self._window_failures()
        began = self.harness.clock.now()
        asked = self.harness.cancel(self.ending.reason, lines=self.ending.lines or None)
        wanted = self.ending.asked or self._usual_answer()
        if asked.state is not wanted:
            yield Requirement.ENDINGS, f"right after the request it is {_text(asked)}, not {wanted.value}"
        if self.ending.asked_says not in (asked.message or ""):
            yield (
                Requirement.ENDINGS,
                f"right after the request it says {asked.message!r}, and not {self.ending.asked_says!r}",
            )
        if asked.plugin_error is not None:
            yield Requirement.RUNS_WITHOUT_ERROR, f"right after the request the plugin failed: {asked.plugin_error}"
        case = self._follow_up()
        for poll in self._unexpected_polls(case):
            yield Requirement.ENDINGS, f"before it ends a poll is unclear ({poll.message})"
        took = self.harness.clock.now() - began
        if self.ending.within is not None and took > self.ending.within:
            yield Requirement.ENDINGS, f"it ends {took} after it was asked for, later than {self.ending.within}"
        for said in self._end_failures(case):
            yield Requirement.ENDINGS, said
        if case.evidence is not None or self.ending.proof is not None:
            proof = self._proof()
            if proof != self.ending.proof:
                yield Requirement.PROOF, f"the evidence is the response to {proof}, not to {self.ending.proof}"
        yield from ((Requirement.ENDINGS, said) for said in self._unlike_told(case))
        if self.ending.requests is not None and self.sent is not None:
            differ = unlike_expected(self.sent.requests, self.ending.requests, self.token_path)
            yield from ((Requirement.REQUESTS, said) for said in differ)
        if self.recorder is not None and not self.ending.is_called and self.recorder.calls:
            yield Requirement.WINDOW, f"{self.recorder.calls[0].method} {self.recorder.calls[0].path} was sent"
        for record in self._touched_neighbor():
            yield Requirement.ABOUT_THIS_ORDER, f"{record.operation} was about {self.neighbor}, another order"

    def operations(self) -> set[str]:
        """The names of the calls of the cancel from the request to its end, as the plugin gives them."""
        self.harness.cancel(self.ending.reason, lines=self.ending.lines or None)
        case = self._follow_up()
        history = [entry.content for entry in self.harness.desk.ledger.history(case.id)]
        intents = (content.intent if isinstance(content, Exchange) else content for content in history)
        return {intent.operation for intent in intents if isinstance(intent, Intent)}

    def _unexpected_polls(self, case: CancelCase) -> Sequence[Event]:
        """The first poll that told nothing, where the service has said nothing but what it says every day."""
        is_everyday = self.ending.asked is not State.UNKNOWN and self.ending.state is not State.ACTION_REQUIRED
        contents = (entry.content for entry in self.harness.desk.ledger.history(case.id))
        failed = [one for one in contents if isinstance(one, Event) and one.kind is EventKind.POLL_FAILED]
        return failed[:1] if is_everyday and not self.ending.replies else ()

    def _follow_up(self) -> CancelCase:
        """The case once it is settled or a person has it.

        Where a person is to have it, only the first looks are taken one by one, and the last one.
        """
        for looks, case in enumerate(self.harness.steps()):
            if case.state is State.ACTION_REQUIRED:
                break
            if looks >= _LOOKS and self.ending.state is State.ACTION_REQUIRED and case.deadline is not None:
                self.harness.wait_for(case.deadline)
        return case

    def _usual_answer(self) -> State:
        route = self._routes()[self.ending.route]
        is_told_later = self.ending.state is State.CANCELED and isinstance(route.confirm, Polling)
        return State.ACKNOWLEDGED if is_told_later else self.ending.state

    def _routes(self) -> tuple[Route, ...]:
        return self.harness.desk.connections.get(self.harness.connection).integration.cancel

    def _window_failures(self) -> Iterator[tuple[Requirement, str]]:
        """A window that is closed in a state from which the service still cancels."""
        window = self._routes()[self.ending.route].window
        canceled = self.harness.simulator.canceled_statuses if self.harness.simulator is not None else ()
        if self.ending.status is None or self.ending.status in canceled:
            return
        if self.ending.state is State.CANCELED and isinstance(window, WhileStatus):
            seen = evolve(self.harness.remote_order, status=self.ending.status)
            if not window_state(window, seen, self.harness.clock.now()).is_open:
                yield Requirement.WINDOW, "the service cancels, and the window is closed once this state was read"

    def _end_failures(self, case: CancelCase) -> Iterator[str]:
        if case.state is not self.ending.state or case.rejection is not self.ending.rejection:
            yield f"it ends {_text(case)}, not {self.ending.end}"
        if case.route != self.ending.route:
            yield f"it ends by {self._routes()[case.route].label}, not by {self._routes()[self.ending.route].label}"
        if case.plugin_error is not None:
            yield f"the plugin failed: {case.plugin_error}"
        if case.state is State.ACTION_REQUIRED and not (case.message or case.hint):
            yield "a person has it, and is not told what to do"
        simulator = self.harness.simulator
        if simulator is None or self.ending.status is None or self.ending.lines:
            return
        truth = simulator.actual_status(case.remote_id)
        if case.state is State.CANCELED and not self.harness.is_canceled:
            yield f"it is called canceled, and the service says {truth!r}"

    def _unlike_told(self, case: CancelCase) -> Iterator[str]:
        """What is told, and what was called, otherwise than declared."""
        if self.ending.says not in (case.message or ""):
            yield f"the case says {case.message!r}, and nothing of {self.ending.says!r}"
        made = Counter(name for call in self.recorder.calls for name in call.operations) if self.recorder else Counter()
        for name, wanted in self.ending.calls.items():
            if made[name] != wanted:
                yield f"{name} was called {made[name]} times, not {wanted}"

    def _proof(self) -> str | None:
        """The call whose response is the evidence, as the service names it; None where nothing proves anything."""
        history = self.harness.desk.ledger.history(self.harness.case.id)
        return proof_of(self.harness.case, history, self.recorder.calls if self.recorder is not None else ())

    def _touched_neighbor(self) -> Iterator[Record]:
        log = self.harness.simulator.log if self.harness.simulator is not None else ()
        about = [record for record in log if record.remote_id == self.neighbor and record.operation != LIFE_CYCLE]
        yield from about[1:]  # The first is that it came in.


@contextmanager
def open_trial(plugin: PluginUnderTest, ending: Ending, folder: Path) -> Iterator[EndingTrial]:
    """A stage with the order, and another one beside it, after what passes until the order is in its state."""
    neighbor = next_number(plugin.number)
    tokens_at = token_path(plugin)
    recorders: list[CallRecorder] = []
    sent: list[RequestRecorder] = []

    def recorded(simulator: Simulator) -> ASGIApp:
        lines = [(line.code, line.quantity) for line in plugin.order.lines]
        simulator.add_order(neighbor, lines=lines)
        recorders.append(CallRecorder(simulator, neighbor))
        app: ASGIApp = recorders[0]
        if ending.replies:
            app = ReplacedReplies(app, simulator, ending.replies)
        elif ending.refused is not None:
            app = _refusing_once(app, ending.refused, tokens_at)
        sent.append(RequestRecorder(app))
        return sent[0]

    tried = evolve(
        plugin,
        options={**plugin.options, **ending.options},
        settings={**plugin.settings, **ending.settings},
        wait=plugin.wait + ending.wait,
        is_known=ending.status is not None,
    )
    with tried.open_harness(folder, wrap=recorded) as harness:
        yield EndingTrial(
            ending, harness, recorders[0] if recorders else None, sent[0] if sent else None, tokens_at, neighbor
        )


def _refusing_once(app: ASGIApp, status: int, token: str | None) -> RequestRecorder:
    """The app, but for the first request that is no GET and fetches no token: it is refused with an empty object."""
    refusing = RequestRecorder(app)

    def refusal(request: RecordedRequest) -> tuple[int, str] | None:
        if request.method in ("GET", "HEAD") or request.path == token:
            return None
        refusing.override = None
        return status, "{}"

    refusing.override = refusal
    return refusing


def _text(case: CancelCase) -> str:
    why = f", {case.rejection.value}" if case.rejection is not None else ""
    said = f" ({case.message})" if case.message else ""
    return f"{case.state.value}{why}{said}"
