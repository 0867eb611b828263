"""API profiles: how to call a service whose API is not published, as its customer configures it.

[connections.acme.settings.api.cancel]
method = "POST"
path = "/orders/{remote_id}/cancel"
body = { order = "{remote_id}", reason = "{reason}" }
accepted = [200, 202]                   # HTTP statuses that say that the request was accepted
rejected = [409, 422]                   # HTTP statuses that turn it down; what is read then says why
not_found = [404]                       # HTTP statuses that say that no such order exists
final = false                           # true: the response is final, and status, canceled and number say where

[connections.acme.settings.api.read]
path = "/orders/{remote_id}"
status = "/order/status"                # a JSON pointer (RFC 6901) into the response
number = "/order/number"                # where the response states which order it is about
number_is = "remote_id"                 # or "order_number"
canceled = ["canceled"]                 # words or whole numbers
shipped = ["shipped", "delivered"]
pending = ["open", "in production"]
not_found = [404]                       # HTTP statuses that say that no such order exists

Where a response states no number, `number_not_stated = "why"` stands in place of `number`; the receipt shows it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from attrs import frozen

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.nested_values import nested_values
from orderdesk_sdk.plugin.order_numbers import Identity, NotStated, StatedAt
from orderdesk_sdk.plugin.profiles.json_pointer import pointer_steps, read_pointer
from orderdesk_sdk.plugin.routes import normalize_status
from orderdesk_sdk.plugin.toolkit.templates import validate_fields
from orderdesk_sdk.plugin.url_paths import path_error

__all__ = [
    "CancelEndpoint",
    "ApiProfile",
    "StatusEndpoint",
    "fill_fields",
    "read_acknowledging_profile",
    "read_api_profile",
]

FIELDS = ("order_number", "reason", "remote_id")
METHODS = ("DELETE", "PATCH", "POST", "PUT")
_NUMBER = ("number", "number_is", "number_not_stated")


@frozen
class FinalResponseFormat:
    """Where the body of a final response states the order's status, and which normalized words mean canceled."""

    status: str
    canceled: frozenset[str]


@frozen
class CancelEndpoint:
    """The call that cancels.

    Args:
        body: sent as JSON, with fields in its texts; None sends none.
        final: what a final response says; None where the response only acknowledges the request.
        identity: where a final response states the order's number; None where the response is not final.
    """

    method: str
    path: str
    accepted: tuple[int, ...]
    rejected: tuple[int, ...] = ()
    not_found: tuple[int, ...] = ()
    body: object = None
    final: FinalResponseFormat | None = None
    identity: Identity | None = None


@frozen
class StatusEndpoint:
    """The call that reads the order, and what its status words (normalized) mean.

    Args:
        not_found: the HTTP statuses that say that no such order exists; without them a missing order is not recognized.
        identity: where the response states the order's number.
    """

    path: str
    status: str
    identity: Identity
    canceled: frozenset[str]
    shipped: frozenset[str] = frozenset()
    pending: frozenset[str] = frozenset()
    not_found: tuple[int, ...] = ()


@frozen
class ApiProfile:
    """How one service is called. `read` is None where its orders cannot be polled."""

    cancel: CancelEndpoint
    read: StatusEndpoint | None = None

    def identities(self) -> Mapping[str, Identity]:
        """Where the responses to its calls state the order's number: what `Integration.identified_by` takes."""
        given = {"cancel": self.cancel.identity, "read": self.read.identity if self.read is not None else None}
        return {operation: identity for operation, identity in given.items() if identity is not None}


def read_api_profile(value: object, location: str) -> ApiProfile:
    """A profile as configured. Raises ConfigurationError that names the field, with a hint."""
    table = _table(value, location, ("cancel", "read"))
    if "cancel" not in table:
        raise ConfigurationError(
            "the table cancel is missing", location=location, hint="add method, path and accepted under it"
        )
    read = _read(table["read"], f"{location}.read") if "read" in table else None
    return ApiProfile(_cancel(table["cancel"], f"{location}.cancel"), read)


def read_acknowledging_profile(value: object, location: str) -> ApiProfile:
    """A profile, as configured, of a service that only acknowledges requests: polling alone proves a cancellation.

    Raises ConfigurationError, also for one that calls a response final or has no read call.
    """
    profile = read_api_profile(value, location)
    if profile.cancel.final is not None:
        text = "this service only acknowledges requests for cancellations, so its response is not final"
        raise ConfigurationError(text, location=f"{location}.cancel.final", hint="remove it; the order is polled")
    if profile.read is None:
        raise ConfigurationError(
            "is missing: this service only acknowledges requests for cancellations, so the order must be polled",
            location=f"{location}.read",
            hint="add path, status and canceled under it, or remove the whole profile: then a person cancels there",
        )
    return profile


def _cancel(value: object, location: str) -> CancelEndpoint:
    names = ("method", "path", "body", "accepted", "rejected", "not_found", "final", "status", "canceled", *_NUMBER)
    table = _table(value, location, names, ("method", "path", "accepted"))
    method, is_final = table["method"], table.get("final", False)
    if method not in METHODS:
        raise ConfigurationError(
            f"{method!r} is not a method", location=f"{location}.method", hint=f"one of {', '.join(METHODS)}"
        )
    if not isinstance(is_final, bool):
        raise ConfigurationError("must be true or false", location=f"{location}.final")
    _fields(table.get("body"), f"{location}.body")
    statuses = {
        name: _statuses(table.get(name, []), f"{location}.{name}") for name in ("accepted", "rejected", "not_found")
    }
    if not statuses["accepted"]:
        raise ConfigurationError("must name at least one status", location=f"{location}.accepted")
    _require_disjoint(statuses, location)
    path = _path(table["path"], f"{location}.path")
    _require_order_reference([path, table.get("body")], f"{location}.path")
    final, identity = (_final(table, location), _identity(table, location)) if is_final else (None, None)
    return CancelEndpoint(str(method), path, **statuses, body=table.get("body"), final=final, identity=identity)


def _final(table: Mapping[str, object], location: str) -> FinalResponseFormat:
    """What a final response says. That the service accepted the request says nothing of what became of the order."""
    for name, hint in (
        ("status", 'say where the body states what became of the order, as in "/order/status"'),
        ("canceled", 'name the words there that say so, as in ["cancelled"]'),
    ):
        if name not in table:
            raise ConfigurationError(
                "is missing: a final response must say in its body that the order is canceled",
                location=f"{location}.{name}",
                hint=f"{hint}; or remove final",
            )
    words = _status_words(table["canceled"], f"{location}.canceled")
    if not words:
        raise ConfigurationError("must name at least one word", location=f"{location}.canceled")
    return FinalResponseFormat(read_pointer(table["status"], f"{location}.status"), words)


def _identity(table: Mapping[str, object], location: str) -> Identity:
    """Where the response states which order it is about."""
    why = table.get("number_not_stated")
    if "number" not in table and why is None:
        raise ConfigurationError(
            "is missing: a response counts only where it is about the requested order",
            location=f"{location}.number",
            hint="say where it states the number, as in"
            ' "/order/number"; or, where it states none, number_not_stated = "why"',
        )
    if why is not None:
        if "number" in table or "number_is" in table or not isinstance(why, str) or not why.strip():
            raise ConfigurationError(
                "must say why, in place of number and number_is",
                location=f"{location}.number_not_stated",
            )
        return NotStated(why)
    number, status = (read_pointer(table[name], f"{location}.{name}") for name in ("number", "status"))
    kind = table.get("number_is", "remote_id")
    if kind not in ("remote_id", "order_number"):
        raise ConfigurationError(
            f"{kind!r} is not a known kind of number",
            location=f"{location}.number_is",
            hint="remote_id or order_number",
        )
    _require_same_entry(pointer_steps(status), pointer_steps(number), f"{location}.number")
    return StatedAt(*pointer_steps(number), number=str(kind))


def _require_same_entry(status: Sequence[str], number: Sequence[str], location: str) -> None:
    """Status and number of two entries of one list would be about two orders."""
    for one, other in zip(status, number, strict=False):
        if one != other:
            if one.isdecimal() and other.isdecimal():
                raise ConfigurationError(
                    "points to another entry of the list than status",
                    location=location,
                    hint="give both the same index",
                )
            return


def _read(value: object, location: str) -> StatusEndpoint:
    names = ("path", "status", "canceled", "shipped", "pending", "not_found", *_NUMBER)
    table = _table(value, location, names, ("path", "status", "canceled"))
    pointer, identity = read_pointer(table["status"], f"{location}.status"), _identity(table, location)
    words = {name: _status_words(table.get(name, []), f"{location}.{name}") for name in names[2:5]}
    if not words["canceled"]:
        raise ConfigurationError("must name at least one word", location=f"{location}.canceled")
    _require_disjoint(words, location)
    path = _path(table["path"], f"{location}.path")
    _require_order_reference([path], f"{location}.path")
    return StatusEndpoint(
        path, pointer, identity, **words, not_found=_statuses(table.get("not_found", []), f"{location}.not_found")
    )


def _require_disjoint(lists: Mapping[str, Collection[object]], location: str) -> None:
    """No two lists of a table share an entry: its meaning would be ambiguous."""
    meant: dict[object, str] = {}
    for name, entries in lists.items():
        for entry in entries:
            if meant.setdefault(entry, name) != name:
                raise ConfigurationError(
                    f"{entry!r} stands in {meant[entry]} too",
                    location=f"{location}.{name}",
                    hint="leave it in one of them",
                )


def _table(value: object, location: str, known: Sequence[str], required: Sequence[str] = ()) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise ConfigurationError("a table was expected", location=location)
    for name in value:
        if name not in known:
            raise ConfigurationError(f"unknown key {name!r}", location=location, hint=f"known are {', '.join(known)}")
    for name in required:
        if name not in value:
            raise ConfigurationError(
                "is missing", location=f"{location}.{name}", hint="ask the service for its API document"
            )
    return value


def _path(value: object, location: str) -> str:
    if not isinstance(value, str) or not value.startswith("/"):
        raise ConfigurationError("must be a path that begins with /", location=location)
    fault = path_error(value)
    if fault is not None:
        raise ConfigurationError(f"it {fault}", location=location, hint="write it as the service's document has it")
    _fields(value, location)
    return value


def _fields(value: object, location: str) -> None:
    """Every field in braces, wherever it stands in a path or body, is one of FIELDS."""
    for inner, place in nested_values(value, location):
        if isinstance(inner, str):
            validate_fields(inner, FIELDS, place)


def _require_order_reference(places: object, location: str) -> None:
    """A call that names no order would be about all of them, or about another one."""
    one, other = ({"order_number": number, "reason": "", "remote_id": number} for number in "12")
    if fill_fields(places, one) == fill_fields(places, other):
        raise ConfigurationError("the order is not named", location=location, hint="put {remote_id} into it")


def _statuses(value: object, location: str) -> tuple[int, ...]:
    if not isinstance(value, list) or not all(type(status) is int and 100 <= status <= 599 for status in value):
        raise ConfigurationError("must be a list of HTTP statuses", location=location, hint="for example [200, 202]")
    return tuple(value)


def _status_words(value: object, location: str) -> frozenset[str]:
    if not isinstance(value, list) or not all(type(word) in (str, int) and str(word).strip() for word in value):
        raise ConfigurationError("must be a list of status words or whole numbers", location=location)
    words = frozenset(normalize_status(str(word)) for word in value)
    if "" in words:  # Two such words would be the same one.
        raise ConfigurationError("a status word needs a letter or a digit", location=location)
    return words


def fill_fields(body: object, values: Mapping[str, str]) -> object:
    """A path or body with its fields filled in, in every text within it."""
    match body:
        case str():
            return body.format_map(values)
        case Mapping():
            return {name: fill_fields(inner, values) for name, inner in body.items()}
        case list():
            return [fill_fields(inner, values) for inner in body]
        case _:
            return body
