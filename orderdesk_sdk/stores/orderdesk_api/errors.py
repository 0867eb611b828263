"""What can go wrong at Order Desk beyond what any order store raises, by what the reader can do."""

from __future__ import annotations

from orderdesk_sdk.errors import InvalidStateError, StorageError

__all__ = ["HistoryFullError", "RejectedError", "StoreUnavailableError", "UnclearOutcomeError"]


class StoreUnavailableError(StorageError):
    """Wait: Order Desk cannot be reached, or wants to be left alone. Nothing is lost; what is due is done later."""


class UnclearOutcomeError(StoreUnavailableError):
    """Look first: a change was sent and its response was lost, so only a read tells whether it was made."""


class RejectedError(InvalidStateError):
    """Mend what was asked: Order Desk answered that it did not do it. `status` is the response's HTTP status."""

    def __init__(
        self, message: str, *, location: str | None = None, hint: str | None = None, status: int = 200
    ) -> None:
        super().__init__(message, location=location, hint=hint)
        self.status = status


class HistoryFullError(InvalidStateError):
    """Look into the receipt: the order's history at Order Desk takes no more entries; the ledger has everything."""
