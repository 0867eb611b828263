"""The receipt.

For every cancellation to cancel an order, what was asked, answered and decided, when, by whom, with proof.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from attrs import evolve, frozen

from orderdesk_sdk.cases.archive import ArchivedHistory
from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.coverage import CancellationCoverage
from orderdesk_sdk.cases.damaged_rows import DamagedRowError
from orderdesk_sdk.cases.evidence import EmailEvidence, EvidenceKind
from orderdesk_sdk.cases.exchange import Exchange
from orderdesk_sdk.cases.history import HistoryEntry
from orderdesk_sdk.cases.history_lines import HistoryLine, history_lines
from orderdesk_sdk.cases.integrity import IntegrityReport
from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.cases.response import ResponseCase
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.side_effects import unasked_effects
from orderdesk_sdk.cases.state_machine import Event
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.plugin.integration import Integration, SideEffect

__all__ = ["CaseReceipt", "EvidenceReceipt", "Receipt", "CancellationReceipt", "evidence_receipt", "make_receipt"]


@frozen
class EvidenceReceipt:
    """What a verdict rests on.

    Args:
        exchange: the call with the service's words; None for a person's word, and for one that was archived.
        email: the mail that a person filed.
        status: the word that a poll judged by; None where there was none.
        no_order_number_reason: why nothing in the call's response says which order it is about; None where it states
            its number.
    """

    kind: EvidenceKind
    exchange: Exchange | None = None
    person: str | None = None
    note: str | None = None
    email: EmailEvidence | None = None
    status: str | None = None
    no_order_number_reason: str | None = None


@frozen
class CaseReceipt:
    """One case: where it stands, on which proof, and how it came there.

    record: whether that is as it was written. Where it is not, nothing of the case counts.

    Args:
        route: who or what cancels, in words.
        archived: what of its history lies in archives, and where.
        unasked_effects: what a person wants besides, and this case does not ask for, since the plan did not show it
            at its connection.
    """

    case: CancelCase
    title: str
    route: str
    evidence: EvidenceReceipt | None
    history: tuple[HistoryLine, ...]
    integrity: IntegrityReport
    archived: tuple[ArchivedHistory, ...] = ()
    unasked_effects: tuple[SideEffect, ...] = ()


@frozen
class CancellationReceipt:
    """One cancellation with its cases."""

    cancellation: Cancellation
    cases: tuple[CaseReceipt, ...]


@frozen
class Receipt:
    """All cancellations to cancel an order, oldest first, and what was resubmitted and which statuses were set.

    As of `at`. With what others requested of us, and what was answered.

    Args:
        coverage: what has been canceled of it, and where.
        flaws: what in the ledger is not as it was written, a sentence each with what it is about. Then nothing is
            proved.
        next_after: the sequence after which the next page of the histories begins; None: no line comes later.
    """

    order_id: str
    order_number: str
    at: datetime
    cancellations: tuple[CancellationReceipt, ...]
    coverage: CancellationCoverage
    resubmissions: tuple[ResubmitCase, ...] = ()
    status_changes: tuple[StatusCase, ...] = ()
    responses: tuple[ResponseCase, ...] = ()
    flaws: tuple[str, ...] = ()
    next_after: int | None = None

    def page(self, *, limit: int | None, after: int) -> Receipt:
        """The same with fewer lines of the histories: the first `limit` of all cases that come after a sequence.

        Args:
            limit: None gives all.
        """
        later = sorted(line.sequence for case in self._cases() for line in case.history if line.sequence > after)
        has_more = limit is not None and len(later) > limit
        last = later[limit - 1] if limit is not None and has_more else None

        def cut(case: CaseReceipt) -> CaseReceipt:
            lines = (line for line in case.history if line.sequence > after and (last is None or line.sequence <= last))
            return evolve(case, history=tuple(lines))

        cancellations = tuple(evolve(one, cases=tuple(map(cut, one.cases))) for one in self.cancellations)
        return evolve(self, cancellations=cancellations, next_after=last)

    def _cases(self) -> Iterator[CaseReceipt]:
        return (case for cancellation in self.cancellations for case in cancellation.cases)

    @property
    def is_settled(self) -> bool:
        """Whether every case is settled."""
        return not any(receipt.case.is_open for receipt in self._cases())

    @property
    def is_canceled(self) -> bool:
        """Whether every place that held the order has said that it is canceled, all of it, and all is as written."""
        return self.coverage.is_fully_canceled() and not self.flaws

    @property
    def still_active(self) -> tuple[str, ...]:
        """The connections at which the order, or a part of it, is still active, each with why.

        Not one at which a case is open; and none at all where no cancellation was requested.
        """
        return tuple(map(str, self.coverage.still_active())) if self.cancellations else ()


def make_receipt(
    order: Order,
    remote_orders: Sequence[RemoteOrder],
    ledger: Ledger,
    now: datetime,
    integration: Callable[[str], Integration | str],
) -> Receipt:
    """The receipt of an order from the ledger.

    Args:
        integration: a connection's declaration, or why there is none.
    """
    cases = ledger.cases(CancelCase, order_id=order.id)
    cancellations = ledger.cancellations(order.id)
    coverage = CancellationCoverage.of(order, remote_orders, cancellations, cases)
    records = {case.id: ledger.verify(case) for case in cases}
    damaged: list[str] = []

    def history(case: CancelCase) -> Sequence[HistoryEntry]:
        try:
            return ledger.history(case.id)
        except DamagedRowError as error:
            damaged.append(f"case {case.id} at {case.connection}: its history cannot be shown: {error}")
            return ()

    archived: dict[str, list[ArchivedHistory]] = {}
    for one in ledger.archived(order.id):
        archived.setdefault(one.case_id, []).append(one)
    receipts_of: dict[str, list[CaseReceipt]] = {}
    for case in cases:
        declared = integration(case.connection)
        made = _case_receipt(case, history(case), declared, records[case.id])
        unasked = unasked_effects(_first_asked(case, coverage.cancellations), case, declared)
        made = evolve(made, archived=tuple(archived.get(case.id, ())), unasked_effects=unasked)
        receipts_of.setdefault(case.cancellation_id, []).append(made)
    receipts = [CancellationReceipt(asked, tuple(receipts_of.get(asked.id, ()))) for asked in cancellations]
    again, changes = ledger.cases(ResubmitCase, order_id=order.id), ledger.cases(StatusCase, order_id=order.id)
    responses = ledger.cases(ResponseCase, order_id=order.id)
    others: tuple[Case, ...] = (*again, *changes, *responses)
    flaws = [
        *(f"case {case.id} at {case.connection}: {flaw}" for case in cases for flaw in records[case.id].flaws),
        *(f"{each.id} at {each.connection}: {flaw}" for each in others for flaw in ledger.verify(each).flaws),
        *damaged,
    ]
    return Receipt(order.id, order.number, now, tuple(receipts), coverage, again, changes, responses, tuple(flaws))


def _case_receipt(
    case: CancelCase, history: Sequence[HistoryEntry], integration: Integration | str, record: IntegrityReport
) -> CaseReceipt:
    declared = None if isinstance(integration, str) else integration
    return CaseReceipt(
        case,
        declared.title if declared is not None else case.connection,
        _canceled_by(case, declared),
        evidence_receipt(case, history),
        history_lines(history),
        record,
    )


def _first_asked(case: CancelCase, cancellations: Mapping[str, Cancellation]) -> Cancellation | None:
    """The cancellation that a person made, which the case's own may extend."""
    own = cancellations.get(case.cancellation_id)
    return own if own is None or own.extends is None else cancellations.get(own.extends)


def _canceled_by(case: CancelCase, integration: Integration | None) -> str:
    """Who or what cancels, in words that follow "by"."""
    routes = integration.cancel if integration is not None else ()
    if case.is_reported:
        return "the service itself"
    return routes[case.route].label if case.route < len(routes) else "a person"


def evidence_receipt(case: Case, history: Sequence[HistoryEntry]) -> EvidenceReceipt | None:
    """What a case's verdict rests on, with the call that its history has; None where there is no verdict."""
    proof = case.evidence
    if proof is None:
        return None
    exchange = next(
        (
            entry.content
            for entry in history
            if isinstance(entry.content, Exchange)
            and entry.attempt == proof.attempt
            and entry.content.intent.number == proof.exchange
        ),
        None,
    )
    verdict = next(
        (entry.content for entry in reversed(history) if isinstance(entry.content, Event) and entry.content.evidence),
        None,
    )
    status = verdict.service_status if verdict is not None and proof.kind is EvidenceKind.POLLED_STATUS else None
    return EvidenceReceipt(
        proof.kind, exchange, proof.person, proof.note, proof.email, status, proof.no_order_number_reason
    )
