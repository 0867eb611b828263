"""Random histories of a case: whatever happens to it, the laws hold after every event."""

from __future__ import annotations

from datetime import timedelta

from attrs import evolve
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import OPEN, State
from orderdesk_sdk.cases.evidence import Evidence, EvidenceKind
from orderdesk_sdk.cases.state_machine import KINDS, TRANSITIONS, Event, EventKind, InvalidTransitionError, transition
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.plugin.answer import Rejection
from tests.support.builders import NOW, make_case

PROOFS = st.one_of(
    st.none(),
    st.just(Evidence(EvidenceKind.PERSON, person="Ann")),
    st.builds(
        Evidence,
        st.sampled_from([EvidenceKind.RESPONSE, EvidenceKind.POLLED_STATUS]),
        st.integers(0, 9),
        st.integers(1, 9),
    ),
)
LOOPS = {(State.CANCELED, kind) for kind in (EventKind.POLL_STARTED, EventKind.POLL_FAILED, EventKind.STILL_PENDING)}
ASKS = (EventKind.SEND_STARTED, EventKind.FELL_BACK)
TAKES_BACK = (EventKind.WITHDRAWN, EventKind.WITHDRAWAL_STARTED)


class CaseHistory(RuleBasedStateMachine):
    """Drives `transition` with random events and keeps its own small books of what was sent."""

    @initialize(role=st.sampled_from(ConnectionRole), state=st.sampled_from([State.PENDING, State.REPORTED]))
    def begin(self, role: ConnectionRole, state: State) -> None:
        self.now = NOW
        self.case = make_case(state, role=role, is_reported=state is State.REPORTED)
        self.events = 0
        self.begun = 0
        self.outstanding: list[bool] = []
        """For every send that may have reached the service: True. The present one is the last."""

    @rule(
        kind=st.sampled_from(EventKind),
        due=st.one_of(st.none(), st.integers(0, 600)),
        give_up=st.one_of(st.none(), st.integers(0, 6000)),
        proof=PROOFS,
        rejection=st.one_of(st.none(), st.sampled_from(Rejection)),
        person=st.sampled_from([None, "Ann"]),
        resend=st.booleans(),
        passed=st.integers(0, 60),
    )
    def happen(
        self,
        kind: EventKind,
        due: int | None,
        give_up: int | None,
        proof: Evidence | None,
        rejection: Rejection | None,
        person: str | None,
        resend: bool,
        passed: int,
    ) -> None:
        self.now += timedelta(seconds=passed)
        event = Event(
            kind,
            self.now,
            due_at=None if due is None else self.now + timedelta(seconds=due),
            deadline=None if give_up is None else self.now + timedelta(seconds=give_up),
            person=person,
            rejection=rejection,
            evidence=proof,
            retry_allowed=resend,
            route=self.case.route + 1 if kind is EventKind.FELL_BACK else None,
        )
        before = self.case
        kept = evolve(before)
        try:
            after = transition(before, event).case
        except InvalidTransitionError:
            self._was_rightly_refused(before, event)
            assert before == kept
            return
        self._keeps_the_laws(before, event, after)
        found_out = kind is EventKind.OUTCOME_UNKNOWN and before.state is not State.SENDING  # Of a lost record.
        if kind is EventKind.SEND_STARTED or found_out:
            self.outstanding.append(True)
        if kind is EventKind.NOT_PROCESSED:
            self.outstanding.pop()
        self.events += 1
        self.begun += found_out or kind in (EventKind.SEND_STARTED, EventKind.POLL_STARTED)
        self.case = after

    @rule(kind=st.sampled_from(EventKind), passed=st.integers(0, 60))
    def happen_with_everything_the_laws_demand(self, kind: EventKind, passed: int) -> None:
        is_never_asked = self.case.is_reported or self.case.withdrawn_by is not None
        forbidden = (kind in TAKES_BACK and self.outstanding) or (is_never_asked and kind in ASKS)
        if kind in KINDS[CancelCase] and (self.case.state, kind) in TRANSITIONS and not forbidden:
            proof = Evidence(EvidenceKind.PERSON, person="Ann")
            events = self.events
            self.happen(kind, 60, None, proof, Rejection.TOO_LATE, "Ann", False, passed)
            assert self.events == events + 1, f"{kind} was refused although every law was obeyed"

    def _was_rightly_refused(self, before: CancelCase, event: Event) -> None:
        after = TRANSITIONS.get((before.state, event.kind))
        if after is None or event.kind not in KINDS[CancelCase]:
            return
        lacks_due = event.due_at is None and after in OPEN
        lacks_proof = after in (State.CANCELED, State.PARTIALLY_CANCELED) and event.evidence is None
        lacks_refusal = after is State.REJECTED and event.rejection is None
        lacks_leave = (
            event.kind is EventKind.SEND_STARTED and before.state is not State.PENDING and event.person is None
        )
        too_late = event.kind in TAKES_BACK and bool(self.outstanding)
        echoes = before.is_reported and event.kind in ASKS
        taken_back = before.withdrawn_by is not None and event.kind in ASKS
        reasons = (lacks_due, lacks_proof, lacks_refusal, lacks_leave, too_late, echoes, taken_back)
        assert any(reasons), (before, event)

    def _keeps_the_laws(self, before: CancelCase, event: Event, after: CancelCase) -> None:
        if event.kind is EventKind.SEND_STARTED and before.state is State.UNKNOWN:
            assert before.retry_allowed or event.person is not None, "law 3"
        if event.kind is EventKind.SEND_STARTED and before.state is State.ACTION_REQUIRED:
            assert event.person is not None
        assert not (before.is_reported and event.kind in ASKS), "what was heard of a service is never asked of it"
        assert not (before.withdrawn_by is not None and event.kind in ASKS), "what was withdrawn is not asked for"
        if event.kind in TAKES_BACK:
            assert not self.outstanding, "taken back although a request had left"
        if not before.is_open:
            assert (before.state, event.kind) in LOOPS or after.state is State.SHIPPED_ANYWAY
        if after.state is State.CANCELED and before.state is not State.CANCELED:
            assert event.evidence is not None, "law 4"

    @invariant()
    def a_case_is_due_exactly_while_it_is_open(self) -> None:
        assert self.case.is_open == (self.case.due_at is not None), "law 7"
        assert self.case.is_open or self.case.deadline is None

    @invariant()
    def a_settled_case_has_what_it_rests_on(self) -> None:
        match self.case.state:
            case State.CANCELED | State.PARTIALLY_CANCELED:
                assert self.case.evidence is not None
            case State.REJECTED:
                assert self.case.rejection is not None
            case State.WITHDRAWN:
                assert self.case.last_sent_at is None
            case _:
                pass

    @invariant()
    def the_counters_count(self) -> None:
        assert self.case.version == self.events
        assert self.case.attempt == self.begun

    @invariant()
    def whether_anything_was_asked_is_never_forgotten(self) -> None:
        assert (self.case.last_sent_at is not None) == bool(self.outstanding)


TestCaseHistory = CaseHistory.TestCase
TestCaseHistory.settings = settings(
    max_examples=120,
    stateful_step_count=25,
    suppress_health_check=[HealthCheck.filter_too_much],
)
