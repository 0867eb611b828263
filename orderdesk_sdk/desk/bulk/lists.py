"""Bulks of a person at a page, who does not wait for them. Reached as `desk.bulks`.

The list is kept before its first order is recorded. So neither a second press nor an ended server or browser loses or
doubles anything: whoever comes back sees how far it came, and goes on with it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from attrs import frozen

from orderdesk_sdk.cases.bulk_lists import BulkList
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.log_records import LogSubject, RoomLogger
from orderdesk_sdk.clock import hours
from orderdesk_sdk.desk.bulk.request import BulkRequest, bulk_key_prefix
from orderdesk_sdk.desk.bulk.result import BulkOutcome, outcome_of
from orderdesk_sdk.desk.bulk.run import PAGE_SIZE, BulkRun
from orderdesk_sdk.desk.cancellations import CancellationService
from orderdesk_sdk.desk.parts import DeskParts, require_actor
from orderdesk_sdk.errors import ConflictError, NotFoundError, OrderDeskError, ValidationError
from orderdesk_sdk.transport.shutdown import Shutdown

__all__ = ["MAX_LISTED", "BulkListService", "BulkProgress"]

MAX_LISTED = 500
"""Orders of one list; more go by `Desk.cancel_many` or by a file."""
MAX_KEY_LENGTH = 100
RECENT = hours(24 * 7)

_log = RoomLogger("desk")


@frozen
class BulkProgress:
    """How far a bulk has come.

    Args:
        is_recording: this process is going through the list right now.
        recorded: orders whose cancellation is in the ledger.
        sent: of these, those of which a service has been asked or a person told.
        outcomes: of these, how many stand where.
        not_canceled: the cases of each order that settled without being canceled everywhere.
    """

    bulk: BulkList
    is_recording: bool
    recorded: int
    sent: int
    outcomes: dict[BulkOutcome, int]
    not_canceled: tuple[tuple[CancelCase, ...], ...] = ()

    @property
    def total(self) -> int:
        """How many orders it lists."""
        return len(self.bulk.order_ids)

    @property
    def is_cut_off(self) -> bool:
        """Whether the list was not gone through, and nobody here is doing it."""
        return self.bulk.finished_at is None and not self.is_recording

    @property
    def is_settled(self) -> bool:
        """Whether nothing of it moves by itself any more: the list was gone through, and no service has to decide."""
        return self.bulk.finished_at is not None and self.outcomes[BulkOutcome.WAITING] == 0


class BulkListService:
    """Lists of orders to be canceled at once."""

    def __init__(self, parts: DeskParts, cancellations: CancellationService, shutdown: Shutdown) -> None:
        self._parts = parts
        self._cancellations = cancellations
        self._shutdown = shutdown
        self._lock = threading.Lock()
        self._recording: set[str] = set()

    def start(self, order_ids: Sequence[str], *, by: str, reason: str | None, key: str) -> BulkList:
        """Keep a list, and begin to record it in the background; `run_due` sends. The same key again goes on with it.

        Args:
            order_ids: ids, 1 to `MAX_LISTED` of them.
            reason: a standard reason, or a code of a service; None: none.

        Raises ValidationError for no orders or too many, and ConflictError where the key names another list.
        """
        ids = tuple(dict.fromkeys(order_ids))
        if not 1 <= len(ids) <= MAX_LISTED or not 1 <= len(key) <= MAX_KEY_LENGTH:
            raise ValidationError(
                f"{len(ids)} orders cannot be canceled as one bulk",
                location="bulk",
                hint=f"choose 1 to {MAX_LISTED} orders; for more, run `orderdesk cancel --from FILE`",
            )
        wanted = BulkList(
            key=key,
            requested_by=require_actor(by),
            reason=reason,
            requested_at=self._parts.clock.now(),
            order_ids=ids,
        )
        kept = self._parts.ledger.add_bulk_list(wanted)
        if (kept.order_ids, kept.reason) != (ids, reason):
            raise ConflictError(
                "this form was used for other orders before", location=f"bulk {key}", hint="choose the orders again"
            )
        self.resume(key)
        return kept

    def resume(self, key: str) -> bool:
        """Go on with a list in the background; False where it was gone through, or this process does so already.

        Raises NotFoundError.
        """
        bulk = self.get(key)
        with self._lock:
            if bulk.finished_at is not None or key in self._recording or self._shutdown.is_requested:
                return False
            self._recording.add(key)
        threading.Thread(target=self._record, args=(bulk,), name=f"bulk {key}", daemon=True).start()
        return True

    def get(self, key: str) -> BulkList:
        """The list of a bulk. Raises NotFoundError."""
        found = self._parts.ledger.find_bulk_list(key)
        if found is None:
            raise NotFoundError("there is no such bulk", location="bulk", hint="choose the orders again")
        return found

    def recent(self, limit: int = 10) -> tuple[BulkList, ...]:
        """The lists of the last week, newest first."""
        return self._parts.ledger.recent_bulk_lists(self._parts.clock.now() - RECENT, limit)

    def progress(self, key: str) -> BulkProgress:
        """How far a bulk has come. Raises NotFoundError."""
        with self._lock:
            is_recording = key in self._recording  # First: whoever records ends the list before it leaves off.
        bulk = self.get(key)
        outcomes, sent, after = dict.fromkeys(BulkOutcome, 0), 0, ""
        not_canceled = list[tuple[CancelCase, ...]]()
        while True:
            page = self._parts.ledger.cancellations_by_key(bulk_key_prefix(key), after=after, limit=PAGE_SIZE)
            for _, cancellation in page:
                # One whose row is damaged awaits a person.
                cases = self._cancellations.status(cancellation).cases if cancellation is not None else ()
                outcome = outcome_of(cases) if cases else BulkOutcome.ACTION_REQUIRED
                outcomes[outcome] += 1
                if outcome is BulkOutcome.REFUSED:
                    not_canceled.append(tuple(cases))
                sent += any(map(_is_sent, cases))
            if len(page) < PAGE_SIZE:
                break
            after = page[-1][0]
        return BulkProgress(bulk, is_recording, sum(outcomes.values()), sent, outcomes, tuple(not_canceled))

    def _record(self, bulk: BulkList) -> None:
        try:
            with self._shutdown.in_use():
                requests = [
                    BulkRequest(f"id:{order_id}", bulk.reason, number=place)
                    for place, order_id in enumerate(bulk.order_ids, start=1)
                ]
                run = BulkRun(
                    self._parts,
                    self._cancellations,
                    self._shutdown,
                    requests,
                    by=bulk.requested_by,
                    bulk=bulk.key,
                    send=False,
                )
                refused = {result.number: result.error.message for result in run if result.error is not None}
                if run.is_complete:
                    self._parts.ledger.finish_bulk_list(bulk.key, refused, self._parts.clock.now())
        except OrderDeskError as error:  # The page says that it was cut off, and lets a person go on.
            _log.warning("bulk %s was cut off: %s", bulk.key, error, about=LogSubject())
        finally:
            with self._lock:
                self._recording.discard(bulk.key)


def _is_sent(case: CancelCase) -> bool:
    return case.last_sent_at is not None or case.state not in (State.PENDING, State.REPORTED)
