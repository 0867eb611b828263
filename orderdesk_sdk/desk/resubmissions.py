"""Resubmissions: a canceled order is submitted again, under a new number, never while it is unsettled (law 9)."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.coverage import CancellationCoverage, ResubmissionBlockKind
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.desk.parts import DeskParts, require_actor
from orderdesk_sdk.errors import InvalidStateError, ValidationError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.plugin.integration import NoResubmission, SameNumber
from orderdesk_sdk.plugin.url_paths import number_error
from orderdesk_sdk.runtime.context import read_coverage

__all__ = ["ResubmissionService"]

OTHER_NUMBER_HINT = "give another number with --number, or change [resubmission].suffix"


class ResubmissionService:
    """Canceled orders that go out again. Reached as `desk.resubmissions`."""

    def __init__(self, parts: DeskParts) -> None:
        self._ledger = parts.ledger
        self._order_store = parts.order_store
        self._connections = parts.connections
        self._scheduler = parts.scheduler
        self._clock = parts.clock

    def create(self, order: str, *, by: str, connection: str | None = None, number: str | None = None) -> ResubmitCase:
        """Submit a canceled order again, as a duplicate under a new number.

        Raises InvalidStateError while the original is unsettled or not canceled, and where the integration takes no
        resubmission; ValidationError for a number that the service would mangle, or knows as the canceled order's.

        Args:
            connection: the connection to submit to; None takes the one it was canceled at.
            number: the new number; None lets the order store choose. Asking again continues the same resubmission.
        """
        person = require_actor(by)
        opened, coverage = self._open(self._order_store.resolve(order), person, connection, number)
        return self._scheduler.resubmit(opened, coverage)

    def _open(
        self, original: Order, by: str, connection: str | None, number: str | None
    ) -> tuple[ResubmitCase, CancellationCoverage]:
        """Record the resubmission, or find the one that is there; with it, what was read about the original.

        The duplicate is made when the case is handled: written down first, so that a crash leaves no duplicate that
        nobody knows of.
        """
        # Read before the ledger's transaction, in which no host over a network must be asked.
        coverage = read_coverage(self._ledger, self._order_store, original)
        case = _canceled_case(coverage, connection)
        target = connection or case.connection
        connections = {remote.connection for remote in coverage.remote_orders}

        def earlier(resubmissions: Sequence[ResubmitCase]) -> ResubmitCase | None:
            return _existing_resubmission(connections, target, number, resubmissions)

        existing = earlier(self._ledger.cases(ResubmitCase, order_id=original.id))
        if existing is not None:
            return existing, coverage
        try:
            wanted = self._wanted(coverage, case, target, number, by)
        except ValidationError:
            # Another request for the same may have made the duplicate at this moment, which then has the number.
            existing = earlier(self._ledger.cases(ResubmitCase, order_id=original.id))
            if existing is None:
                raise
            return existing, coverage
        opened, is_new = self._ledger.open_case(wanted, f"{wanted.order_number} at {target}", earlier)
        if not is_new and opened.order_id != original.id:
            raise ValidationError(
                f"the number {opened.order_number!r} is kept for order {opened.original_number},"
                " which was resubmitted as it",
                location=f"resubmit {original.number} at {target}",
                hint=OTHER_NUMBER_HINT,
            )
        return opened, coverage

    def _wanted(
        self, coverage: CancellationCoverage, case: CancelCase, target: str, number: str | None, by: str
    ) -> ResubmitCase:
        """The resubmission that is asked for. Raises what the integration, or its rule for numbers, has against it."""
        original = coverage.order
        integration = self._connections.get(target).integration
        rule = integration.resubmission
        if isinstance(rule, NoResubmission):
            raise InvalidStateError(rule.reason, location=f"resubmit {original.number} at {target}")
        keeps_number = isinstance(rule, SameNumber)
        new_number = number or (original.number if keeps_number else self._order_store.next_free_number(original.id))
        remote_id = case.remote_id if keeps_number else new_number
        self._validate_number(coverage, new_number, remote_id, target, keeps_number)
        now = self._clock.now()
        return ResubmitCase(
            id=f"r{secrets.token_hex(6)}",
            order_number=new_number,
            order_id=original.id,
            original_number=original.number,
            connection=target,
            integration=self._connections.integration_slug(target),
            remote_id=remote_id,
            role=integration.role,
            requested_by=by,
            state=State.PENDING,
            created_at=now,
            updated_at=now,
            due_at=now,
        )

    def _validate_number(
        self, coverage: CancellationCoverage, number: str, remote_id: str, target: str, same: bool
    ) -> None:
        """Refuse a number that another order has, that the service would mangle, or, unless `same`, has canceled."""
        original = coverage.order
        rule = self._connections.get(target).integration.remote_id_format
        fault = number_error(number, rule)
        from orderdesk_sdk.runtime.handlers.resubmission import number_owner  # Loaded with the first resubmission.

        fault = number_owner(self._order_store, original, number, remote_id, target) or fault
        if not same and number in (original.number, *(remote.remote_id for remote in coverage.remote_orders)):
            # The service has it, so a look for an earlier try of ours would take the canceled order for one.
            fault = f"the number {number!r} is the canceled order's own, and this service wants a new one"
        if fault:
            raise ValidationError(
                fault,
                location=f"resubmit {original.number} at {target}",
                hint=OTHER_NUMBER_HINT,
            )


def _canceled_case(coverage: CancellationCoverage, at: str | None) -> CancelCase:
    """The case that a resubmission makes up for: at a connection, or the first. Raises InvalidStateError, see law 9."""
    block = coverage.blocks_resubmission()
    # What is being registered is over in a moment: the resubmission waits for that itself.
    if block is not None and block.kind is not ResubmissionBlockKind.BEING_REGISTERED:
        raise InvalidStateError(block.message, location=f"order {coverage.order.number}", hint=block.hint)
    wanted = coverage.latest.get(at) if at is not None else None
    return wanted or next(iter(coverage.latest.values()))


def _existing_resubmission(
    connections: Collection[str], target: str, number: str | None, resubmissions: Sequence[ResubmitCase]
) -> ResubmitCase | None:
    """Of all resubmissions of an original, the one that is what is asked for now; None where none is.

    Each of the original's places is made up for once; another connection takes the place of all of them. Raises
    InvalidStateError where one more would make the order twice.
    """
    living = [
        resubmission for resubmission in resubmissions if resubmission.is_open or resubmission.state is State.DONE
    ]
    for resubmission in living:
        if resubmission.connection == target and number in (None, resubmission.order_number):
            return resubmission
    for resubmission in living:
        # At the same one, another number is what a person gives who has found out that the first one is not there.
        if resubmission.connection != target and not {resubmission.connection, target} <= set(connections):
            raise InvalidStateError(
                f"the order was resubmitted to {resubmission.connection} as {resubmission.order_number}"
                f" ({resubmission.state.value})",
                location=f"resubmit {resubmission.original_number} at {target}",
                hint=f"a second one would duplicate the order; cancel {resubmission.order_number}, then resubmit that",
            )
    return None
