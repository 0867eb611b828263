"""Polling a cancel case: the service is asked once where it stands, and the case follows what it says."""

from __future__ import annotations

from typing import assert_never

from attrs import evolve

from orderdesk_sdk.cases.answer_verification import AnswerVerifier, ExpectedOrder
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.exchange import Certainty, TransportLoss
from orderdesk_sdk.cases.policy import failures, polling
from orderdesk_sdk.cases.policy.events import escalate
from orderdesk_sdk.cases.policy.polling import events_of_poll
from orderdesk_sdk.cases.policy.withdrawal import rejection_with_steps
from orderdesk_sdk.cases.state_machine import Event, EventKind, Transition, transition
from orderdesk_sdk.errors import PluginError
from orderdesk_sdk.orders.order import RemoteOrder
from orderdesk_sdk.plugin.answer import Answer, Outcome
from orderdesk_sdk.plugin.guard import Watchdog
from orderdesk_sdk.runtime.connections import Connection
from orderdesk_sdk.runtime.context import LEASE, ContextLoader
from orderdesk_sdk.runtime.flow_options import FlowOptions
from orderdesk_sdk.runtime.flow_runner import FlowResult, PluginFailure, run_flow
from orderdesk_sdk.runtime.journal import PollJournal

__all__ = ["PollCall"]

POLL_LOST = TransportLoss(Certainty.NOT_PROCESSED, "The plugin failed")


class PollCall:
    """Polls cancel cases."""

    def __init__(self, loader: ContextLoader) -> None:
        self._loader = loader
        self._clock = loader.clock

    def send(
        self, case: CancelCase, connection: Connection, remote_order: RemoteOrder, watchdog: Watchdog
    ) -> CancelCase:
        """The case after a poll. Raises PluginError where a person asked for one and there is nothing to read."""
        return self.send_if_supported(case, connection, remote_order, watchdog) or self._unsupported(case)

    def send_if_supported(
        self, case: CancelCase, connection: Connection, remote_order: RemoteOrder, watchdog: Watchdog
    ) -> CancelCase | None:
        """The case after a poll; None, and nothing is written, where there is nothing to read."""
        now = self._clock.now()
        if not connection.plugin.manager.hook.orderdesk_poll.get_hookimpls():
            return None
        event = Event(EventKind.POLL_STARTED, now, due_at=now + LEASE)
        checking = transition(case, event).case
        journal = PollJournal(self._loader.ledger, case, checking, (event,))
        request = self._loader.poll_request(case, remote_order)
        driven = run_flow(
            lambda: connection.plugin.manager.hook.orderdesk_poll(request=request, service=connection.service(now)),
            Answer,
            connection.client,
            journal,
            AnswerVerifier(connection.identified_by, (ExpectedOrder.from_request(request),)),
            FlowOptions(watchdog=watchdog, started_at=case.updated_at, integration=case.integration),
        )
        if isinstance(driven.outcome, Answer) and driven.outcome.outcome is Outcome.UNKNOWN and not journal.has_sent:
            # The flow knows without asking that this connection has nothing to read: asking again tells no more.
            return None
        result = self._event_of_poll(case, checking, connection, remote_order, driven)
        entries = events_of_poll(checking, result)
        change = Transition(checking)
        for entry in entries:
            step = transition(change.case, entry)
            change = Transition(step.case, (*change.order_events, *step.order_events))
        written = journal.finish(change, *entries)
        for entry in entries:
            self._loader.notify_listeners(written, entry)
        return written

    def _event_of_poll(
        self,
        case: CancelCase,
        claimed: CancelCase,
        connection: Connection,
        remote_order: RemoteOrder,
        driven: FlowResult[Answer],
    ) -> Event:
        """What a poll comes to. case, claimed: before the poll was begun and since."""
        now, integration = self._clock.now(), connection.integration
        match driven.outcome:
            case Answer() as answer:
                event = polling.after_poll(claimed, integration, remote_order, answer, now)
                event = rejection_with_steps(claimed, event, integration)
                self._loader.save_service_status(case, answer)
                return event
            case TransportLoss() as loss:
                lost = polling.answer_of_lost_poll(loss)
                return polling.after_poll(claimed, integration, remote_order, lost, now)
            case PluginFailure(text) if case.state is State.PENDING:
                lost = polling.answer_of_lost_poll(POLL_LOST)
                event = polling.after_poll(claimed, integration, remote_order, lost, now)
                return evolve(event, plugin_error=text)
            case PluginFailure(text):
                return failures.after_plugin_error(claimed, integration, text, now, may_have_sent=False)
            case _:
                assert_never(driven.outcome)

    def _unsupported(self, case: CancelCase) -> CancelCase:
        if case.state in (State.REPORTED, State.ACKNOWLEDGED, State.UNKNOWN):
            reported = case.state is State.REPORTED
            text = "The cancellation was reported, and" if reported else "The outcome of the request is unknown, and"
            event = escalate(case, self._clock.now(), f"{text} the service cannot be polled")
            return self._loader.apply(case, event)
        raise PluginError(
            "the integration declares no poll",
            location=f"case {case.id}",
            hint="find out at the service, then confirm or reject the case",
        )
