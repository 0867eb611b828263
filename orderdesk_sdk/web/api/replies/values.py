"""What stands in many documents."""

from __future__ import annotations

from typing import Annotated, TypedDict

from attrs import frozen

__all__ = [
    "ApiErrorDocument",
    "ErrorDocument",
    "ErrorReply",
    "Format",
    "LineQuantityDocument",
    "Moment",
    "ReasonCodeDocument",
]


@frozen
class Format:
    """The format of a text, in the words of JSON Schema."""

    name: str


Moment = Annotated[str, Format("date-time")]
"""A moment in UTC, as `2026-11-22T13:03:10Z`."""


class ErrorDocument(TypedDict):
    """An error as part of a result."""

    message: str
    location: str | None
    hint: str | None


class LineQuantityDocument(TypedDict):
    """A line of an order, and how much of it."""

    line: str
    quantity: int


class ReasonCodeDocument(TypedDict):
    """A reason of a service's own list."""

    code: str
    title: str
    stands_for: list[str]
    note: Annotated[str | None, "What follows from giving it."]


class StaffErrorFields(TypedDict, total=False):
    """What of an error only supervisors are told."""

    location: Annotated[str, "Where: a field, an order at a connection."]
    hint: Annotated[str, "What to do."]


class ApiErrorDocument(StaffErrorFields):
    """What is wrong."""

    code: Annotated[str, "A word for programs."]
    id: Annotated[str, "Under which the log has it too."]
    message: str


class ErrorReply(TypedDict):
    """An error."""

    error: ApiErrorDocument
