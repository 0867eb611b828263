"""A service's own way to say what is wrong, and what a response that turns a cancel down comes to. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from attrs import frozen

from orderdesk_sdk.plugin.answer import Answer, Outcome, Rejection, not_processed, rejected, unknown
from orderdesk_sdk.plugin.toolkit.json_response import TextResponse, auth_or_rate_limit_answer, error_message

__all__ = ["ServiceErrors", "is_rejection"]

R = TypeVar("R", bound=TextResponse)
_PATH_ERRORS = (404, 405)


def is_rejection(response: TextResponse) -> bool:
    """Whether the service rejects the request itself: a client error other than 401, 403, 408, 425 and 429.

    `auth_or_rate_limit_answer` reads 401, 403 and 429; after 408 and 425 the outcome is unknown. What became of the
    order, only a read tells.
    """
    return 400 <= response.status_code < 500 and response.status_code not in (401, 403, 408, 425, 429)


@frozen
class ServiceErrors:
    """How a service writes its errors.

    Args:
        key, parts, details: as `error_message` takes them; `key` stands in every error body of the service.
        access_hint: what a person should look at where the service answers 401 or 403.
    """

    key: str
    access_hint: str
    parts: Sequence[str] = ("code", "message")
    details: str | None = None

    def message(self, response: TextResponse) -> str:
        """The error in the response, for a person."""
        return error_message(response, self.key, self.parts, self.details)

    def answer_without_order(self, response: TextResponse) -> Answer:
        """The answer of a response without an order: not processed where the call was rejected, else unknown."""
        return auth_or_rate_limit_answer(response, access_hint=self.access_hint, error_key=self.key) or unknown(
            response
        )

    def is_not_found(self, response: TextResponse) -> bool:
        """Whether the service itself says that it has no such order. A 404 of another form is about the path."""
        return response.status_code == 404 and self.answer_without_order(response).outcome is Outcome.UNKNOWN

    def unless_not_found(self, parse: Callable[[R], Answer | None]) -> Callable[[R], Answer | None]:
        """`parse`, which gives None where the response says that there is no such order."""
        return lambda response: None if self.is_not_found(response) else parse(response)

    def answer_after_read(
        self,
        response: TextResponse,
        read_response: TextResponse,
        read_answer: Answer,
        number: str,
        *,
        delay_reason: str | None = None,
    ) -> Answer | None:
        """What a cancel comes to that was turned down, once the order was read; None where that leaves it open.

        Args:
            response: what turned it down, by which nothing was done.
            read_response, read_answer: the response to the read, and what it says of the order.
            delay_reason: why an order that is there may not be found yet; None: then it would be found. Unknown is only
                what the service calls unknown at both calls: one of them may have a wrong path.
        """
        if read_answer.outcome in (Outcome.CANCELED, Outcome.PARTIALLY_CANCELED, Outcome.REJECTED):
            return read_answer
        if self.is_not_found(response) and self.is_not_found(read_response) and delay_reason is None:
            return rejected(
                read_response, Rejection.NOT_ALLOWED, message=f"the service does not know the order {number}"
            )
        if response.status_code not in _PATH_ERRORS and read_answer.status is not None:
            return None
        away = self.answer_without_order(response)
        if away.outcome is not Outcome.NOT_PROCESSED:
            words = self.message(response)
            away = not_processed(
                response,
                message=f"{delay_reason}: {words}" if delay_reason and self.is_not_found(response) else words,
                hint=self.access_hint,
            )
        return away
