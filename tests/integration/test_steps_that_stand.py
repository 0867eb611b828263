"""A cancel that comes to nothing after its order was held: the hold is undone, or a person is asked (law 7)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from attrs import evolve

from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import EvidenceKind
from orderdesk_sdk.cases.inbox import InboxKind
from orderdesk_sdk.cases.policy.withdrawal import withdrawal_event
from orderdesk_sdk.cases.registration import Registration
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.errors import InProgressError, PluginError, StorageError
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Answers, Rejection
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration, SettableStatus
from orderdesk_sdk.plugin.requests import CancelRequest, PollRequest
from orderdesk_sdk.plugin.routes import Batch, Button, Portal, Route, WithinTime
from orderdesk_sdk.plugin.service import Flow, FlowWithSteps, Service
from orderdesk_sdk.plugin.steps import Step
from orderdesk_sdk.runtime.connections import Connections
from orderdesk_sdk.runtime.withdrawal import StepUndoing
from tests.support.hold_toy import ONE_WAY_HOLD, HoldsFirst, HoldShop
from tests.support.toy_plugin import ToySettings

NO = Rejection.NOT_ALLOWED


class Holds(HoldsFirst):
    """Holds first, with further routes and another status."""

    def __init__(self, *more: Route, first: Button | None = None) -> None:
        self._more, self._first = more, first

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        declared = super().orderdesk_integration()
        first = evolve(self._first, prior=(self.hold,)) if self._first is not None else declared.cancel[0]
        statuses = (*declared.statuses, SettableStatus("other", "Other"))
        return evolve(declared, cancel=(first, *self._more), statuses=statuses)


class SaysNo(Holds):
    """Holds, and then cancels nothing."""

    @hookimpl
    def orderdesk_cancel(  # type: ignore[override]  # the plain toy has no steps
        self, request: CancelRequest, service: Service[ToySettings]
    ) -> FlowWithSteps[Answer]:
        step = Step(self.hold.name)
        held = yield step.call(service.put("/orders", request.remote_id, "hold", operation="hold", idempotent=True))
        yield step.done(held)
        read = yield service.get("/orders", request.remote_id)
        return answer.rejected(read, NO, message="not cancelable")

    @hookimpl
    def orderdesk_cancel_many(
        self, requests: tuple[CancelRequest, ...], service: Service[ToySettings]
    ) -> Flow[Answers]:
        path = f"/orders/{requests[0].remote_id}/cancel"
        response = yield service.request("PUT", path, operation="cancel", idempotent=True)
        return Answers(tuple(answer.acknowledged(response) for _ in requests))


class SaysNoLater(Holds):
    """Acknowledges the cancel, and rejects it when it is polled."""

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[ToySettings]) -> Flow[Answer]:
        read = yield service.get("/orders", request.remote_id)
        return answer.rejected(read, NO, message="not cancelable")


class SaysNoForGood(SaysNo):
    hold = ONE_WAY_HOLD


class Held:
    """The order of a harness, and where its case stands."""

    def __init__(self, harness: ConformanceHarness) -> None:
        self.harness, self.desk = harness, harness.desk
        self.shop = cast("HoldShop", harness.service)

    @property
    def case(self) -> CancelCase:
        return self.desk.ledger.case(self.desk.cases.list(order=self.harness.order)[0].id, CancelCase)

    @property
    def is_held(self) -> bool:
        return bool(self.shop.held)

    def cancel_later(self) -> None:
        """A cancel whose order is held, and that is turned away then."""
        self.shop.turns_away = 10**6
        assert (self.harness.cancel().state, self.is_held) == (State.PENDING, True)

    def begin_withdrawal(self) -> None:
        """A withdrawal whose process ends before the hold is undone."""
        declared = self.desk.cancellations._connections.integration(self.case.connection)
        assert isinstance(declared, Integration)
        event = withdrawal_event(self.case, declared, self.harness.clock.now(), "Ann", "Withdrawn by Ann")
        self.desk.cancellations._scheduler.apply(self.case, event)

    def set_other_status(self) -> None:
        """Another status change is under way there, for a while."""
        case, later = self.case, self.harness.clock.now() + hours(9)
        other = StatusCase(
            id="s1",
            order_id=case.order_id,
            order_number=case.order_number,
            connection=case.connection,
            integration=case.integration,
            remote_id=case.remote_id,
            role=case.role,
            requested_by="Bob",
            status="other",
            state=State.PENDING,
            created_at=case.created_at,
            updated_at=case.created_at,
            due_at=later,
        )
        self.desk.ledger.open_case(other, "other", lambda _: None)

    def wait(self, time: timedelta) -> tuple[str, ...]:
        self.harness.wait_for(self.harness.clock.now() + time)
        return self.desk.run_due().problems


@contextmanager
def held_by(plugin: HoldsFirst, path: Path) -> Iterator[Held]:
    tested = PluginUnderTest(slug="toy", plugin=plugin, simulator=HoldShop)
    with tested.open_harness(path) as harness:
        yield Held(harness)


@pytest.mark.parametrize("plugin", [SaysNo(), SaysNoLater()], ids=["at once", "by a poll"])
def test_a_hold_is_undone_where_the_cancel_is_rejected(plugin: HoldsFirst, tmp_path: Path) -> None:
    with held_by(plugin, tmp_path) as held:
        held.harness.cancel()
        case = held.harness.follow_up()
        held.desk.run_due()
        assert (case.state, case.rejection, held.is_held) == (State.REJECTED, NO, False)
        assert case.message == "not cancelable; being set, which undoes it: released; hold the order: done"
        assert case.evidence is not None
        assert case.evidence.kind in (EvidenceKind.RESPONSE, EvidenceKind.POLLED_STATUS)
        (release,) = held.desk.ledger.cases(StatusCase, order_id=case.order_id)
        assert (release.state, release.requested_by) == (State.DONE, case.requested_by)


def test_a_process_that_ends_before_the_hold_is_undone_leaves_it_due(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held_by(SaysNo(), tmp_path) as held:
        with monkeypatch.context() as dying:

            def ended(*_: object) -> None:
                raise StorageError("the process ended")

            dying.setattr(StepUndoing, "finish_rejection", ended)
            with pytest.raises(StorageError):
                held.harness.cancel()
        assert (held.case.state, held.case.rejection) == (State.ACTION_REQUIRED, NO)
        held.desk.run_due()
        assert (held.case.state, held.is_held) == (State.REJECTED, False)


def test_a_hold_for_good_is_a_persons_where_the_cancel_is_rejected(tmp_path: Path) -> None:
    with held_by(SaysNoForGood(Portal("Call them.")), tmp_path) as held:
        case = held.harness.cancel()
        assert (case.state, case.rejection, case.route) == (State.ACTION_REQUIRED, NO, 0)
        assert case.message == "not cancelable; hold the order: done"
        assert case.hint is not None
        assert "look after it at the service: hold the order: done; then reject this case" in case.hint
        assert [item.kind for item in held.desk.inbox.list().items] == [InboxKind.CANCEL]
        held.wait(hours(5))
        assert (held.case.state, held.case.route) == (State.ACTION_REQUIRED, 0)
        ended = held.desk.cases.reject(case.id, by="Ann", rejection=NO)
        assert (ended.state, held.desk.ledger.cases(StatusCase)) == (State.REJECTED, ())


def test_a_hold_is_undone_where_a_person_says_that_the_order_is_not_canceled(tmp_path: Path) -> None:
    with held_by(Holds(), tmp_path) as held:
        held.cancel_later()
        held.set_other_status()
        with pytest.raises(InProgressError, match="'other' is being set there"):
            held.desk.cases.reject(held.case.id, by="Ann")
        (other,) = held.desk.ledger.cases(StatusCase)
        held.desk.cases.reject(other.id, by="Ann")
        assert held.desk.cases.reject(held.case.id, by="Ann").state is State.REJECTED
        held.desk.run_due()
        assert not held.is_held


def test_a_hold_is_undone_where_another_place_was_vetoed(tmp_path: Path) -> None:
    with held_by(Holds(), tmp_path) as held:
        held.cancel_later()
        veto = Event(EventKind.REJECTED, held.harness.clock.now(), rejection=Rejection.VETOED, message="keep it")
        elsewhere = evolve(held.case, id="elsewhere", connection="elsewhere", steps=())
        (cancellation,) = held.desk.ledger.cancellations(held.case.order_id)
        held.desk.ledger.open_cancellation(evolve(cancellation, id="c2", idempotency_key="2"), "", [elsewhere])
        held.desk.cancellations._scheduler.apply(held.desk.ledger.case("elsewhere", CancelCase), veto)
        held.wait(minutes(2))
        held.desk.run_due()
        assert (held.case.state, held.case.rejection, held.is_held) == (State.REJECTED, Rejection.VETOED, False)


def test_a_hold_is_undone_where_the_way_closed_before_the_cancel(tmp_path: Path) -> None:
    polled = Holds().orderdesk_integration().cancel[0].confirm
    closing = Button(polled, window=WithinTime(minutes(5)))
    with held_by(Holds(first=closing), tmp_path) as held:
        held.cancel_later()
        held.wait(minutes(6))
        held.desk.run_due()
        assert (held.case.state, held.case.rejection, held.is_held) == (State.REJECTED, Rejection.TOO_LATE, False)


def test_a_withdrawn_case_leaves_its_batch_to_the_others(tmp_path: Path) -> None:
    polled = Holds().orderdesk_integration().cancel[0].confirm
    batch = Button(polled, batch=Batch(max_size=10, collect_for=minutes(5)))
    first = Button(polled, fallback_on=frozenset({NO}))
    with held_by(SaysNo(batch, first=first), tmp_path) as held:
        held.harness.cancel()
        held.desk.run_due()
        assert (held.case.state, held.case.is_batched) == (State.PENDING, True)
        held.begin_withdrawal()
        assert held.desk.run_due().problems == ()
        assert (held.case.state, held.is_held) == (State.WITHDRAWN, False)


def test_a_withdrawal_outlasts_a_plugin_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with held_by(Holds(Portal("Call them.")), tmp_path) as held:
        held.cancel_later()
        held.begin_withdrawal()
        with monkeypatch.context() as broken:

            def disabled(*_: object) -> None:
                raise PluginError("the plugin is disabled")

            broken.setattr(Connections, "get", disabled)
            held.desk.run_due()
            assert held.case.state is State.ACTION_REQUIRED
            assert "a person must undo what was done before it" in str(held.case.message)
            assert held.wait(hours(5)) == ()
            assert held.case.state is State.ACTION_REQUIRED
        assert held.wait(hours(5)) == ()
        assert (held.case.state, held.case.withdrawn_by, held.is_held) == (State.WITHDRAWN, "Ann", False)


def test_an_undo_waits_for_another_status_change_and_goes_on_after_it(tmp_path: Path) -> None:
    with held_by(Holds(), tmp_path) as held:
        held.cancel_later()
        held.set_other_status()
        held.desk.cancellations.withdraw(held.harness.order, by="Ann", note="Not after all")
        assert (held.case.state, held.case.hint) == (
            State.PENDING,
            "it waits: the status 'other' is being set there first",
        )
        (other,) = held.desk.ledger.cases(StatusCase)
        held.desk.cases.reject(other.id, by="Bob")
        held.wait(minutes(2))
        assert (held.case.state, held.is_held) == (State.WITHDRAWN, False)
        assert held.case.message == "Not after all; being set, which undoes it: released; hold the order: done"


def test_an_order_that_was_not_submitted_after_all_is_not_left_on_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held_by(Holds(), tmp_path) as held:
        held.cancel_later()
        case, extender = held.case, held.desk.cancellations._scheduler.extender
        begun = Registration("r1", case.order_id, case.connection, case.created_at, (), False)
        follows = [evolve(one, extends="c0") for one in held.desk.ledger.cancellations(case.order_id)]
        with monkeypatch.context() as gone:
            gone.setattr(extender._order_store, "remote_orders", lambda _: ())
            gone.setattr(held.desk.ledger, "cancellations", lambda _: follows)
            extender.abandon_registration(begun)
        assert (held.case.state, held.case.withdrawn_by) == (State.PENDING, "")
        held.desk.run_due()
        assert (held.case.state, held.is_held) == (State.WITHDRAWN, False)
        assert str(held.case.message).startswith("The order was not submitted to this connection after all; being set")
