"""Every way in which a reply goes wrong, on each call: the right state, and never a success that is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.simulators.simulator import Deed, Simulator
from orderdesk_devkit.testing.conformance.base import Count, Standard, needs_calls
from orderdesk_devkit.testing.conformance.baseline_run import ALWAYS, Aim, Rehearsal, Witness
from orderdesk_devkit.testing.conformance.failpoints import needs_a_cancel, needs_resubmission
from orderdesk_devkit.testing.conformance.recorded_flows import takes_of
from orderdesk_devkit.testing.conformance.requirement import Law, demand
from orderdesk_devkit.testing.failpoints.checker import complaints
from orderdesk_devkit.testing.plugin_under_test import Scene, Subject
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.errand import ErrandState
from orderdesk_sdk.cases.resubmission import Resubmission
from orderdesk_sdk.plugin.routes import Button, ByCheck, ByReply
from orderdesk_sdk.runtime.flow_runner import ANOTHER

__all__ = ["TROUBLE", "Troubles"]

TROUBLE = (
    Fault.SERVER_ERROR_HTML,  # 503 with HTML, nothing done
    Fault.SERVER_ERROR_HTML_AFTER,  # the same 503, all done
    Fault.ERROR_WITHOUT_ERRORS,  # 500 with JSON of another shape
    Fault.OK_HTML,  # 200 with HTML
    Fault.OK_EMPTY,  # 200 with an empty body
    Fault.OVERSIZED,
    Fault.TRUNCATED,  # cut in half
    Fault.LOST_REPLY,  # reset after sending
    Fault.RESET_BEFORE,  # reset before the service saw the request
    Fault.MALFORMED_JSON,
    Fault.WRONG_TYPES,
    Fault.GARBAGE_GZIP,
    Fault.REDIRECT,
)
TAKEN = (Fault.SERVER_ERROR_HTML_AFTER, Fault.LOST_REPLY, Fault.MALFORMED_JSON, Fault.WRONG_TYPES)
"""What leaves the request done, each in a way of its own: whatever the transport loses is one loss to a plugin."""
KEEPS_STATUS = (Fault.MALFORMED_JSON, Fault.WRONG_TYPES)
"""What keeps the status of the real reply, which is all that a plugin reads of some: a 404 stays one."""
_MOST_TRIES = 50

Meeting = Callable[..., AbstractContextManager[Scene]]


class Troubles(Standard):
    """Faults on the cancel, what comes before it, the read-back, the create, the look before it and the token."""

    @pytest.fixture
    def meeting(self, subject: Subject, rehearsal: Rehearsal, tmp_path: Path, count: Count) -> Meeting:
        """Opens a stage for one fault."""
        needs_calls(rehearsal, subject)

        @contextmanager
        def stage(
            fault: Fault | None, wrap: Callable[[Simulator], ASGIApp] = lambda simulator: simulator.app
        ) -> Iterator[Scene]:
            folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            with subject.on_stage(folder, wrap=wrap) as scene:
                yield scene
            count("faults", int(fault is not None))

        return stage

    def test_a_cancel_ends_as_the_declaration_says(
        self, subject: Subject, rehearsal: Rehearsal, tmp_path: Path
    ) -> None:
        """Undisturbed, asked is asked, and canceled is said where the declaration lets it and the service did it."""
        demand(Law.PLAYS, rehearsal.faults)
        end = subject.end(rehearsal.route)
        if rehearsal.end is not end:
            demand(Law.HONEST_END, [f"it ended {rehearsal.end.value}, and its way's confirmation means {end.value}"])
        if isinstance(rehearsal.route, Button) and isinstance(rehearsal.route.confirm, ByCheck):
            demand(
                Law.HONEST_END, [f"a bare reply made it {rehearsal.asked.value}"] * (rehearsal.asked is State.CANCELED)
            )
            # The desk believes no such answer, but whoever gives it has not read what the service does.
            with subject.on_stage(tmp_path) as stage:
                take = next(takes_of(stage, rehearsal))
                if take.play(take.replies).says_canceled and not take.canceled:
                    said = f"the cancel is answered with canceled after a bare {take.replies[-1].status}"
                    demand(Law.HONEST_END, [f"{said}, and its way is confirmed by reading back"])

    def test_trouble_with_the_cancel_is_never_guessed_and_is_resolved_once(
        self, subject: Subject, rehearsal: Rehearsal, meeting: Meeting
    ) -> None:
        """What the desk says meanwhile is true, and in the end the order is canceled once, or a person has it."""
        aim = needs_a_cancel(rehearsal, subject)
        guessed, wrong = [], []
        for fault in TROUBLE:
            with meeting(fault) as stage:
                aim.fault(stage.service, fault)
                guessed += [f"{fault.value}: {said}" for said in _guessed(stage, stage.cancel(), rehearsal)]
                stage.follow()
                end = _end(subject, rehearsal, fault)
                wrong += [f"{fault.value}: {stage.case.text}"] * (ANOTHER in (stage.case.text or ""))
                wrong += [f"{fault.value}: {said}" for said in _judged(stage, subject, end)]
                wrong += [f"{fault.value}: no request met it"] * bool(stage.service.faults.waiting())
        demand(Law.NOT_GUESSED, guessed)
        demand(Law.ONCE, wrong)

    def test_trouble_with_what_comes_before_the_cancel_cancels_nothing_blindly(
        self, subject: Subject, rehearsal: Rehearsal, meeting: Meeting
    ) -> None:
        """A look, a place for a file: what is said meanwhile is true, and in the end it is canceled once."""
        own = needs_a_cancel(rehearsal, subject)
        earlier = [aim for aim in rehearsal.before if (aim.method, aim.path) != (own.method, own.path)]
        if not earlier:
            pytest.skip(f"{subject.slug} calls nothing else before it cancels")
        guessed, wrong = [], []
        for aim in earlier:
            for fault in TROUBLE:
                with meeting(fault) as stage:
                    aim.fault(stage.service, fault, times=ALWAYS)
                    where = f"{aim.method} {aim.path}, {fault.value}"
                    guessed += [f"{where}: {said}" for said in _guessed(stage, stage.cancel(), rehearsal)]
                    if fault not in KEEPS_STATUS:  # With its status kept, a call may have worked, and be seen to have.
                        guessed += [f"{where}: it was canceled blindly"] * _acted(stage)
                    stage.service.faults.clear()
                    stage.follow()
                    end = subject.end(rehearsal.route)
                    wrong += [f"{where}: {said}" for said in _judged(stage, subject, end)]
        demand(Law.NOT_GUESSED, guessed)
        demand(Law.ONCE, wrong)

    def test_an_order_that_ships_all_the_same_never_reads_as_canceled(
        self, subject: Subject, rehearsal: Rehearsal, meeting: Meeting
    ) -> None:
        """The service takes the cancel and ships, with faults that leave the cancel taken, and with none."""
        aim = needs_a_cancel(rehearsal, subject)
        found = []
        for fault in (None, *TAKEN):
            with meeting(fault) as stage:
                if not stage.service.dishonored:
                    pytest.skip(f"the simulator of {subject.slug} declares no `dishonored`: nothing there ships anyway")
                for name, choice in stage.service.dishonored.items():
                    stage.service.set_switch(name, choice)
                if fault is not None:
                    aim.fault(stage.service, fault, times=ALWAYS)
                stage.cancel()
                case = stage.follow()
                name = fault.value if fault is not None else "no fault"
                if case.state in (State.CANCELED, State.PARTLY_CANCELED):
                    found.append(f"{name}: it is called {case.state.value}, and the service ships it")
                if case.is_open and case.due_at is None:
                    found.append(f"{name}: it is {case.state.value} and never due again")
        demand(Law.EVIDENCE, found)

    def test_trouble_with_the_read_back_tells_nothing_and_is_tried_again(
        self, subject: Subject, rehearsal: Rehearsal, meeting: Meeting
    ) -> None:
        """The case stays asked, without proof, with words for a person; then it is read again."""
        if rehearsal.asked is not State.ASKED or not rehearsal.reads:
            pytest.skip(f"{subject.slug} is {rehearsal.asked.value} at once: nothing is read back")
        guessed, wrong = [], []
        for fault in TROUBLE:
            with meeting(fault) as stage:
                stage.cancel()
                for aim in rehearsal.reads:
                    aim.fault(stage.service, fault, times=ALWAYS)
                stage.desk.check(stage.case.id)
                case = stage.case
                # A 2 that comes as "2" may be read, and what it says is true.
                true = fault is Fault.WRONG_TYPES and case.state is State.CANCELED and stage.is_canceled
                if not true and (case.state, case.proof, case.tries, bool(case.text)) != (State.ASKED, None, 1, True):
                    guessed.append(
                        f"{fault.value}: it is {case.state.value} by {case.proof}, try {case.tries}, text {case.text!r}"
                    )
                stage.service.faults.clear()
                stage.follow()
                wrong += [f"{fault.value}: {said}" for said in _judged(stage, subject, State.CANCELED)]
        demand(Law.NOT_GUESSED, guessed)
        demand(Law.EVIDENCE, wrong)

    def test_trouble_with_the_create_ends_with_exactly_one_order(
        self, subject: Subject, rehearsal: Rehearsal, meeting: Meeting
    ) -> None:
        """An order is called submitted only when it is there, and is there once."""
        needs_resubmission(rehearsal, subject)
        aim = rehearsal.creates
        assert aim is not None, "needs_resubmission has seen it"
        guessed, wrong = [], []
        for fault in TROUBLE:
            with meeting(fault) as stage:
                _settle(stage)
                aim.fault(stage.service, fault)
                made = stage.resubmit()
                there = _created(stage.service)
                if not made.is_open and not there:
                    guessed.append(f"{fault.value}: it is {made.state.value}, and the service has no new order")
                made = _pursued(stage, made)
                there = _created(stage.service)
                if made.state is not ErrandState.DONE or len(there) != 1:
                    wrong.append(f"{fault.value}: it ended {made.state.value} ({made.text}), and there are {there}")
        demand(Law.NOT_GUESSED, guessed)
        demand(Law.ONCE, wrong)

    def test_trouble_with_the_look_before_the_create_creates_nothing(
        self, subject: Subject, rehearsal: Rehearsal, meeting: Meeting
    ) -> None:
        """Whoever cannot see whether the order is there does not make it."""
        needs_resubmission(rehearsal, subject)
        if not rehearsal.looks:
            pytest.skip(f"{subject.slug} does not look before it creates")
        wrong = []
        for fault in (one for one in TROUBLE if one not in KEEPS_STATUS):
            with meeting(fault) as stage:
                _settle(stage)
                for aim in rehearsal.looks:
                    aim.fault(stage.service, fault, times=ALWAYS)
                made = stage.resubmit()
                there = _created(stage.service)
                if there or not made.is_open:
                    wrong.append(f"{fault.value}: it is {made.state.value} ({made.text}), and there are {there}")
                stage.service.faults.clear()
                made = _pursued(stage, made)
                there = _created(stage.service)
                if made.state is not ErrandState.DONE or len(there) != 1:
                    wrong.append(f"{fault.value}: it ended {made.state.value} ({made.text}), and there are {there}")
        demand(Law.ONCE, wrong)

    def test_trouble_with_the_token_sends_nothing(
        self, subject: Subject, rehearsal: Rehearsal, meeting: Meeting
    ) -> None:
        """Without a token no call is made, the case waits, and is asked when a token is had."""
        if rehearsal.token_path is None:
            pytest.skip(f"{subject.slug} fetches no token")
        witnesses: list[Witness] = []

        def watched(simulator: Simulator) -> Witness:
            witnesses.append(Witness(simulator, subject.number))
            return witnesses[-1]

        guessed, wrong = [], []
        for fault in TROUBLE:
            with meeting(fault, watched) as stage:
                Aim("POST", rehearsal.token_path).fault(stage.service, fault, times=ALWAYS)
                case = stage.cancel()
                calls = [heard.path for heard in witnesses[-1].heard if heard.path != rehearsal.token_path]
                if (case.state, case.proof) != (State.REQUESTED, None) or calls:
                    guessed.append(f"{fault.value}: it is {case.state.value} by {case.proof}, and called {calls}")
                stage.service.faults.clear()
                stage.follow()
                wrong += [f"{fault.value}: {said}" for said in _judged(stage, subject, subject.end(rehearsal.route))]
        demand(Law.NOT_GUESSED, guessed)
        demand(Law.ONCE, wrong)

    def test_an_expired_token_is_renewed_and_the_cancel_is_taken_once(
        self, subject: Subject, rehearsal: Rehearsal, meeting: Meeting
    ) -> None:
        """A token that expired proves that nothing was done: a new one is fetched and the cancel sent once more."""
        if rehearsal.token_path is None:
            pytest.skip(f"{subject.slug} fetches no token")
        with meeting(Fault.EXPIRED_TOKEN) as stage:
            needs_a_cancel(rehearsal, subject).fault(stage.service, Fault.EXPIRED_TOKEN)
            asked = stage.cancel().state
            late = [f"it is {asked.value} at first, and {rehearsal.asked.value} with a token that is good"]
            stage.follow()
            wrong = [*late * (asked is not rehearsal.asked), *_judged(stage, subject, subject.end(rehearsal.route))]
            demand(Law.ONCE, wrong)


def _guessed(stage: Scene, case: Case, rehearsal: Rehearsal) -> Iterator[str]:
    """What is said of the case while nobody can know, and is not true."""
    acted = _acted(stage)
    final = rehearsal.route is not None and isinstance(rehearsal.route.confirm, ByReply)
    told = case.state is State.CANCELED and final and stage.is_canceled  # A status may be all that a plugin reads.
    if not told and (case.state in (State.CANCELED, State.PARTLY_CANCELED) or case.proof is not None):
        yield f"it is {case.state.value} by {case.proof}"
    if case.state is State.ASKED and not acted:
        yield "it is asked, and the service took note of nothing"
    if case.state is State.REQUESTED and acted:
        yield "it is said that nothing was done, and the service took the cancel"
    if case.is_open and case.due_at is None:
        yield f"it is {case.state.value} and never due again"


def _acted(stage: Scene) -> bool:
    return any(record.deed is Deed.CANCEL_TAKEN for record in stage.service.log)


def _end(subject: Subject, rehearsal: Rehearsal, fault: Fault) -> State:
    """How a case must end whose cancel met the fault."""
    found = subject.reads_back(rehearsal.route) and (fault.done or rehearsal.repeatable)
    return subject.end(rehearsal.route) if found else State.AWAITING_PERSON


def _judged(stage: Scene, subject: Subject, expected: State) -> list[str]:
    if stage.case.state is State.CANCELED and stage.is_canceled:
        expected = State.CANCELED  # It was found out, with proof, where a person would have done.
    return complaints(stage.desk, stage.service, subject, told=(), expected=expected, resubmitted=False)


def _settle(stage: Scene) -> None:
    stage.cancel()
    stage.follow()


def _created(simulator: Simulator) -> list[str | None]:
    return [record.remote_id for record in simulator.log if record.deed is Deed.ORDER_CREATED]


def _pursued(stage: Scene, made: Resubmission) -> Resubmission:
    """The resubmission after whatever is due was done, until a person has it."""
    for _ in range(_MOST_TRIES):
        if made.due_at is None or made.state is ErrandState.AWAITING_PERSON:
            break
        stage.wait_for(made.due_at)
        stage.desk.run_due()
        made = stage.desk.ledger.resubmission(made.id)
    return made
