"""What an operation of the API is."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

from attrs import AttrsInstance, field, frozen

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.audit import AuditAction
from orderdesk_sdk.desk.documents import JsonObject
from orderdesk_sdk.web.api.schemas import SchemaFile

if TYPE_CHECKING:
    from orderdesk_sdk.desk.desk import Desk
    from orderdesk_sdk.web.caller import Caller
    from orderdesk_sdk.web.rate_limits import RateLimits

__all__ = ["PREFIX", "ApiCall", "Handler", "KeyUse", "Method", "Operation"]

T = TypeVar("T")

PREFIX = "/api/v1"
"""What the paths of all operations begin with."""


class Method(enum.Enum):
    """How an operation is called."""

    GET = "GET"
    """It changes nothing."""
    POST = "POST"


class KeyUse(enum.Enum):
    """What an operation does with the header `Idempotency-Key`."""

    NONE = "none"
    """It changes nothing, so that it may be repeated without one."""
    OPTIONAL = "optional"
    """The same key and body again give the same reply, and nothing is done twice."""
    REQUIRED = "required"
    """The same, and it is refused without one: repeated by mistake, it would ask a service again."""


@frozen
class ApiCall:
    """One call of an operation, checked.

    Args:
        path: the parameters of the path, as they came.
        key: names what this caller asks for, and nothing of anybody else; None where no key was given.
        address: where the call comes from.
        limits: how often it may ask services.
        operations: all that there are.
    """

    desk: Desk
    caller: Caller
    path: Mapping[str, str] = field(factory=dict)
    query: object = None
    body: object = None
    key: str | None = None
    address: str = ""
    limits: RateLimits = field(kw_only=True)
    operations: tuple[Operation, ...] = ()

    def body_as(self, cls: type[T]) -> T:
        """The body, which is of the class that the operation declares."""
        return _checked(self.body, cls)

    def query_as(self, cls: type[T]) -> T:
        """The query, which is of the class that the operation declares."""
        return _checked(self.query, cls)


Handler = Callable[[ApiCall], JsonObject]
"""Does what is asked, on a thread, and gives the document of the reply. Raises OrderDeskError."""


def _checked(value: object, cls: type[T]) -> T:
    if not isinstance(value, cls):
        raise TypeError(f"the operation declares no {cls.__name__}")
    return value


@frozen
class Operation:
    """One verb at one path.

    Args:
        name: unique, and its id in the OpenAPI document.
        path: below `PREFIX`, with parameters in braces.
        role: the least that the token must have.
        handler: None where another part of the app answers, as the stream of events.
        reply: what its document is like.
        request: the class of its body; None: it has none.
        query: the class of its query; None: it takes none.
        errors: the statuses that come besides those of every operation of its shape; see `all_errors`.
        key_use: what it does with an idempotency key.
        status: of a reply that is no error.
        about_whole_desk: it shows or changes what no connection limits, so a token of some connections may not.
        is_repeatable: done a second time after the first was broken off, it does nothing new.
        audit: what the audit log calls it; None: it is not told there.
        summary: a sentence for the docs.
        cli_command: the command that does the same; None for what only HTTP needs.
    """

    name: str
    method: Method
    path: str
    role: Role
    handler: Handler | None
    reply: type | SchemaFile
    summary: str
    cli_command: str | None
    request: type[AttrsInstance] | None = None
    query: type[AttrsInstance] | None = None
    errors: tuple[HTTPStatus, ...] = ()
    key_use: KeyUse = KeyUse.NONE
    status: HTTPStatus = HTTPStatus.OK
    about_whole_desk: bool = False
    is_repeatable: bool = True
    audit: AuditAction | None = None
    media_type: str = "application/json"

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters of its path."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))

    def all_errors(self) -> tuple[HTTPStatus, ...]:
        """Every status of an error that it may be answered with, in order."""
        found = {
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.FORBIDDEN,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.TOO_MANY_REQUESTS,
            HTTPStatus.INTERNAL_SERVER_ERROR,
            HTTPStatus.SERVICE_UNAVAILABLE,
            *self.errors,
        }
        if self.parameters:
            found |= {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}  # A number may be that of several orders.
        if self.method is Method.POST:
            found |= {HTTPStatus.CONFLICT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE}
        return tuple(sorted(found))
