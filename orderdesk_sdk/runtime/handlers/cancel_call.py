"""Asking: a case's present route is taken, once, by itself or with others that its service takes in one call."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, assert_never

from attrs import evolve, frozen

from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.evidence_check import About, Grounds
from orderdesk_sdk.cases.exchange import Certainty, Exchange, Intent, Loss
from orderdesk_sdk.cases.policy import requesting
from orderdesk_sdk.cases.policy.escalation import hand_over
from orderdesk_sdk.cases.state_machine import Event, EventKind, transition
from orderdesk_sdk.cases.validation import demand_lines
from orderdesk_sdk.cases.windows import opening
from orderdesk_sdk.errors import ConfigurationError, InputError
from orderdesk_sdk.orders.order import Placement, Role
from orderdesk_sdk.plugin.answer import Answer, Answers
from orderdesk_sdk.plugin.guard import Watch
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.routes import Button, Email
from orderdesk_sdk.plugin.url_paths import number_fault
from orderdesk_sdk.runtime.connections import Connection
from orderdesk_sdk.runtime.context import LEASE, Casebook, Known
from orderdesk_sdk.runtime.flow_runner import Driven, Fault, HeldBack, Recorded, drive
from orderdesk_sdk.runtime.handlers.email import Post, identity_of
from orderdesk_sdk.runtime.journal import GroupJournal, Hold, Part, Result, WorkJournal
from orderdesk_sdk.runtime.resending import sent_before
from orderdesk_sdk.transport.redaction import cleaned

if TYPE_CHECKING:
    import httpx

__all__ = ["Asker"]


@frozen
class _Asked:
    """A case that is about to be asked for: before and with the claim, and what is asked."""

    case: Case
    sending: Case
    request: CancelRequest
    known: Known
    at: datetime
    opening: tuple[Event | str, ...]
    hold: Hold
    recorded: Recorded


class Asker:
    """Sends what cases ask for, and settles what a dead process left half sent."""

    def __init__(self, book: Casebook, post: Post) -> None:
        self._book = book
        self._post = post

    def ask(self, case: Case, connection: Connection, known: Known, watch: Watch, *, person: str | None = None) -> Case:
        """Take the case's present route. person: somebody who decided that it is to be sent again."""
        route = connection.route(case.route)
        if isinstance(route, Button) and route.batch is not None:
            return self.ask_many([(case, known)], connection, watch, person=person)[0]
        asked = self._prepare(case, connection, known, person)
        if isinstance(asked, Case):
            return asked
        journal = WorkJournal(self._book.ledger, case, asked.sending, asked.opening, asked.hold)
        if isinstance(route, Email):
            return self._post_mail(asked, connection, route, journal)
        hook = connection.loaded.manager.hook.orderdesk_cancel
        driven = drive(
            lambda: hook(request=asked.request, service=connection.service(asked.at)),
            Answer,
            connection.client,
            journal,
            _grounds(connection, asked.request),
            asked.recorded,
            watch,
            case.updated_at,
        )
        return self._finish(asked.sending, connection, known.placement, journal, driven)

    def ask_many(
        self,
        wanted: Sequence[tuple[Case, Known]],
        connection: Connection,
        watch: Watch,
        *,
        person: str | None = None,
    ) -> tuple[Case, ...]:
        """Ask for several cases by one flow; each settles by its own answer. In the order given.

        One whose earlier request may have worked is asked by itself: what is sent again is the same request.
        """
        if len(wanted) > 1 and (before := [case for case, _ in wanted if case.asked_at is not None]):
            alone = {
                case.id: self.ask_many([(case, known)], connection, watch)[0]
                for case, known in wanted
                if case in before
            }
            rest = [(case, known) for case, known in wanted if case.id not in alone]
            asked_now = self.ask_many(rest, connection, watch) if rest else ()
            others = {case.id: after for (case, _), after in zip(rest, asked_now, strict=True)}
            return tuple((alone | others)[case.id] for case, _ in wanted)
        prepared = [self._prepare(case, connection, known, person) for case, known in wanted]
        group = [asked for asked in prepared if isinstance(asked, _Asked)]
        after = {asked.id: asked for asked in prepared if isinstance(asked, Case)}
        if group:
            parts = [Part(asked.case, asked.sending, asked.opening, asked.hold) for asked in group]
            journal = GroupJournal(self._book.ledger, parts)
            requests = tuple(asked.request for asked in group)
            service = connection.service(group[0].at)
            hook = connection.loaded.manager.hook.orderdesk_cancel_many
            driven = drive(
                lambda: _counted(hook(requests=requests, service=service), len(requests)),
                Answers,
                connection.client,
                journal,
                _grounds(connection, *requests),
                group[0].recorded,  # Of several none was asked before; a single one is asked again by itself only.
                watch,
                max(asked.case.updated_at for asked in group),
            )
            results = self._results(group, connection, driven)
            works = journal.finish_all(results)
            for result, work in zip(results, works, strict=True):
                assert isinstance(work, Case)
                after[work.id] = work
                for event in result.entries:
                    assert isinstance(event, Event)
                    self._book.tell(work, event)
        return tuple(after[case.id] for case, _ in wanted)

    def resume(self, case: Case, connection: Connection, placement: Placement, watch: Watch) -> Case:
        """The sending process is gone: go on from the record, never past a write of unknown fate."""
        now = self._book.clock.now()
        entries = self._book.attempt(case)
        route = connection.route(case.route)
        if isinstance(route, Email):
            identity = next(identity_of(entry) for entry in entries if isinstance(entry, Intent))
            text = "the process ended while the mail was on its way"
            return self._book.apply(case, requesting.after_loss_of_mail(case, text, identity, now))
        if (isinstance(route, Button) and route.batch is not None) or self._book.others_first(case) is not None:
            # The others of the group may be elsewhere by now, so its flow cannot be driven again: it is read back. And
            # a cart is told no more once the order goes on somewhere.
            writes = [entry for entry in entries if isinstance(entry, Intent) and not entry.reads_only]
            certainty = Certainty.UNCLEAR if writes else Certainty.NOT_SENT
            repeatable = all(intent.repeatable for intent in writes)
            loss = Loss(certainty, "the process ended while the request was on its way", repeatable)
            return self._book.apply(case, requesting.after_loss(case, connection.integration, loss, now))
        began = next((entry.at for entry in entries if isinstance(entry, Event) and entry.kind is EventKind.SEND), now)
        recorded = Recorded(
            {entry.number: entry for entry in entries if isinstance(entry, Intent)}
            | {entry.intent.number: entry.intent for entry in entries if isinstance(entry, Exchange)},
            {entry.intent.number: entry for entry in entries if isinstance(entry, Exchange)},
        )
        event = Event(EventKind.RESUME, now, due_at=now + LEASE)
        resumed = transition(case, event)
        hold = self._hold(case, connection, placement)
        journal = WorkJournal(self._book.ledger, case, resumed, (event,), hold)
        request = self._book.cancel_request(case, connection, self._book.known(case))
        hook = connection.loaded.manager.hook.orderdesk_cancel
        driven = drive(
            lambda: hook(request=request, service=connection.service(began)),
            Answer,
            connection.client,
            journal,
            _grounds(connection, request),
            recorded,
            watch,
            case.updated_at,
        )
        return self._finish(resumed, connection, placement, journal, driven)

    def _prepare(self, case: Case, connection: Connection, known: Known, person: str | None) -> _Asked | Case:
        """What is needed to ask; or the case as it is where something keeps it from being asked."""
        now = self._book.clock.now()
        integration = connection.integration
        vetoed, notes = self._book.veto(case, known)
        if vetoed is not None:
            return vetoed
        fault = number_fault(case.remote_id, integration.remote_id)
        if fault is not None:
            remedy = "cancel it in the service's own portal, then confirm or refuse this case"
            return self._book.apply(case, hand_over(case, now, fault, remedy), *notes)
        try:
            demand_lines(known.order, known.wish.lines)
            request = self._book.cancel_request(case, connection, known)
        except InputError as error:
            return self._book.apply(case, hand_over(case, now, error.text, error.remedy), *notes)
        event = Event(EventKind.SEND, now, due_at=now + LEASE, person=person, repeatable=True)
        hold = self._hold(case, connection, known.placement, person)
        # What is sent again is the same request, and a flow that is driven again is told the same time.
        before = self._book.ledger.history(case.id) if case.asked_at is not None else ()
        sent = sent_before(before, is_whole=not request.lines)
        at, recorded = (sent.began, sent.recorded) if sent is not None else (now, Recorded())
        return _Asked(case, transition(case, event), request, known, at, (*notes, event), hold, recorded)

    def _hold(self, case: Case, connection: Connection, placement: Placement, person: str | None = None) -> Hold:
        """What is asked again before each write: a flow may read, or wait for its turn, for minutes."""
        window = connection.route(case.route).window
        asked_at = case.asked_before if case.state is State.SENDING else case.asked_at

        def why() -> str | None:
            first = self._book.others_first(case)
            if first is not None:
                return first.text
            against = self._book.vetoed_elsewhere(case) if asked_at is None else None
            if against is not None:
                return against
            closed = None if person is not None else opening(window, placement, self._book.clock.now()).why_closed
            return f"the request was held back: {closed}" if closed else None

        return Hold(why, case.order_id if case.role is Role.CART else None)

    def _finish(
        self, sending: Case, connection: Connection, placement: Placement, journal: WorkJournal, driven: Driven[Answer]
    ) -> Case:
        event = self._event(sending, connection, placement, driven, driven.outcome)
        after = journal.finish(transition(sending, event), event)
        assert isinstance(after, Case)
        self._book.tell(after, event)
        return after

    def _results(self, group: Sequence[_Asked], connection: Connection, driven: Driven[Answers]) -> tuple[Result, ...]:
        outcomes: Sequence[Answer | Loss | Fault]
        match driven.outcome:
            case Answers(answers):
                outcomes = [cleaned(answer, connection.client.redactor) for answer in answers]
            case Answer() | Loss() | Fault():
                outcomes = [driven.outcome] * len(group)
            case _:
                assert_never(driven.outcome)
        results = []
        for asked, outcome in zip(group, outcomes, strict=True):
            event = self._event(asked.sending, connection, asked.known.placement, driven, outcome)
            results.append(Result(transition(asked.sending, event), (event,)))
        return tuple(results)

    def _event(
        self,
        sending: Case,
        connection: Connection,
        placement: Placement,
        driven: Driven[Answer] | Driven[Answers],
        outcome: Answer | Loss | Fault,
    ) -> Event:
        now = self._book.clock.now()
        integration = connection.integration
        sent = evolve(sending, repeatable=driven.repeatable and driven.wrote)
        match outcome:
            case Answer() as answer:
                self._book.note_status(sending, answer)
                return requesting.after_cancel(sent, integration, placement, answer, now)
            case Loss() as loss:
                event = self._after_loss(sent, integration, loss, now)
                return requesting.before_the_window_closes(event, sent, integration, placement, now)
            case Fault(text):
                return requesting.after_fault(sent, integration, text, now, sent=driven.wrote)
            case _:
                assert_never(outcome)

    def _after_loss(self, sent: Case, integration: Integration, loss: Loss, now: datetime) -> Event:
        if loss.held and sent.resends > 0:
            # It was to be asked once more: what the first request did is as unknown as it was.
            loss = Loss(Certainty.UNCLEAR, loss.text, repeatable=sent.repeatable)
        return requesting.after_loss(sent, integration, loss, now)

    def _post_mail(self, asked: _Asked, connection: Connection, route: Email, journal: WorkJournal) -> Case:
        sending, known = asked.sending, asked.known
        try:
            mail = self._post.write(sending, route, connection.texts, known.wish, known.order, known.placement)
            event = self._post.send(sending, route, mail, journal, connection.client.redactor)
        except HeldBack as held:
            loss = Loss(Certainty.NOT_SENT, held.text, held=True)
            event = self._after_loss(sending, connection.integration, loss, self._book.clock.now())
        except ConfigurationError as error:
            # Before a byte of the mail left: it is tried again until somebody mends it.
            event = requesting.not_sent(sending, error.text, self._book.clock.now(), error.remedy)
        after = journal.finish(transition(sending, event), event)
        assert isinstance(after, Case)
        self._book.tell(after, event)
        return after


def _grounds(connection: Connection, *requests: CancelRequest) -> Grounds:
    return Grounds(connection.identities, tuple(About.of(request) for request in requests))


def _counted(flow: object, count: int) -> object:
    """The plugin's flow, which must end with one answer per order; what is no flow is given back as it is."""
    return _counting(flow, count) if isinstance(flow, Generator) else flow


def _counting(
    flow: Generator[httpx.Request, httpx.Response, object], count: int
) -> Generator[httpx.Request, httpx.Response, object]:
    ended: object = yield from flow
    if isinstance(ended, Answer):
        return ended
    answers = tuple(ended) if isinstance(ended, list | tuple) else None
    if answers is None or len(answers) != count or not all(isinstance(answer, Answer) for answer in answers):
        raise TypeError(f"the flow must end with {count} answers, one per request, in their order")
    return Answers(answers)
