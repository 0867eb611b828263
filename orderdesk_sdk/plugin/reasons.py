"""Reasons: the core's own few, each service's codes, and the crosswalk between them, checked for gaps. Pure."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence

from attrs import field, frozen

from orderdesk_sdk.errors import ConfigurationError, InputError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.orders.serialization import text_in

__all__ = [
    "CanonicalReason",
    "ClosedList",
    "FreeText",
    "NoReason",
    "Reason",
    "ReasonCode",
    "ReasonRule",
    "allowed_reasons",
    "gaps",
    "listed_by",
    "read_reason_lists",
    "resolve_reason",
]


class CanonicalReason(enum.Enum):
    """Why an order is canceled, in the words every service is asked in."""

    CUSTOMER_ASKED = "customer asked"
    OUT_OF_STOCK = "out of stock"
    ADDRESS = "address"
    FRAUD = "fraud"
    DUPLICATE = "duplicate"
    PRICING = "pricing"
    LATE = "cannot ship in time"
    OTHER = "other"


def _reasons(reasons: Iterable[CanonicalReason]) -> frozenset[CanonicalReason]:
    return frozenset(reasons)


@frozen
class ReasonCode:
    """One entry of a service's list. stands_for: the canonical reasons that are told by this code."""

    code: str
    title: str
    stands_for: frozenset[CanonicalReason] = field(default=frozenset(), converter=_reasons)


@frozen
class Reason:
    """A reason as it goes to one service.

    code: None where the service takes none. text: the asker's own words, or None.
    """

    canonical: CanonicalReason | None = None
    code: str | None = None
    text: str | None = None


@frozen
class NoReason:
    """The service takes no reason; one that is given stays with us."""


@frozen
class FreeText:
    """The service takes a reason in words. max_length: in characters."""

    required: bool = False
    max_length: int = 500


@frozen
class ClosedList:
    """The service takes one code of a list.

    codes: the list where no other is configured. configured: given the connection's settings and the order, the list
    that holds for it (per retailer, per market), or None for `codes`.
    """

    codes: tuple[ReasonCode, ...]
    required: bool = True
    configured: Callable[..., tuple[ReasonCode, ...] | None] | None = None


ReasonRule = NoReason | FreeText | ClosedList


def allowed_reasons(rule: ReasonRule, settings: object, order: Order) -> tuple[ReasonCode, ...]:
    """The codes that this order may be canceled with; empty where there is no list."""
    if not isinstance(rule, ClosedList):
        return ()
    found = rule.configured(settings, order) if rule.configured is not None else None
    return rule.codes if found is None else found


def resolve_reason(rule: ReasonRule, given: str | None, settings: object, order: Order, place: str) -> Reason:
    """What a given reason (canonical, a code of the list, or free words) is at one service.

    Raises InputError with the list that is allowed for this order, before anything is asked of anybody.
    """
    said = given.strip() if given and given.strip() else None
    canonical = next((reason for reason in CanonicalReason if said is not None and reason.value == said.lower()), None)
    match rule:
        case NoReason():
            return Reason(canonical, None, said)
        case FreeText(required, max_length):
            if said is None and required:
                raise InputError("the service wants a reason", place=place, remedy="say why, in a few words")
            if said is not None and len(said) > max_length:
                text = f"the reason has {len(said)} characters; {max_length} are allowed"
                raise InputError(text, place=place, remedy="say it shorter")
            return Reason(canonical, None, said)
        case ClosedList():
            return _from_list(rule, allowed_reasons(rule, settings, order), said, canonical, place)


def _from_list(
    rule: ClosedList, codes: Sequence[ReasonCode], said: str | None, canonical: CanonicalReason | None, place: str
) -> Reason:
    if said is None and not rule.required:
        return Reason()
    word = said.lower() if said is not None else None
    # Every code before any title: a service may title one entry with another's code.
    named = [code for code in codes if code.code.lower() == word] + [
        code for code in codes if code.title.lower() == word
    ]
    for code in named[:1]:
        told = next(iter(code.stands_for)) if len(code.stands_for) == 1 else canonical
        return Reason(told, code.code, said)
    for code in codes:
        if canonical is not None and canonical in code.stands_for:
            return Reason(canonical, code.code, said)
    listed = "; ".join(f"{code.code} ({code.title})" for code in codes)
    text = "the service wants a reason" if said is None else f"the reason {said!r} is not allowed for this order"
    raise InputError(text, place=place, remedy=f"one of: {listed}")


def listed_by(lists: str, path: str) -> Callable[[object, Order], tuple[ReasonCode, ...] | None]:
    """What `ClosedList.configured` takes where the list depends on the order: per retailer, per market.

    lists: the setting with the lists by name (`read_reason_lists`). path: the setting with the dotted path of that name
    in the order object. An order with another name or none takes the list named `default`, where there is one.
    """

    def configured(settings: object, order: Order) -> tuple[ReasonCode, ...] | None:
        known: Mapping[str, tuple[ReasonCode, ...]] = getattr(settings, lists)
        return known.get(text_in(order, getattr(settings, path)), known.get("default"))

    return configured


def gaps(codes: Iterable[ReasonCode]) -> tuple[str, ...]:
    """What is wrong with a crosswalk: reasons told by no code or by two, codes that stand twice. Empty when sound."""
    listed = list(codes)
    faults = []
    for reason in CanonicalReason:
        tellers = [code.code for code in listed if reason in code.stands_for]
        if not tellers:
            faults.append(f"no code stands for {reason.value!r}")
        elif len(tellers) > 1:
            faults.append(f"{' and '.join(tellers)} both stand for {reason.value!r}")
    names = [code.code for code in listed]
    faults += [f"the code {name!r} stands twice" for name in sorted({name for name in names if names.count(name) > 1})]
    return tuple(faults)


def read_reason_lists(value: object, place: str) -> Mapping[str, tuple[ReasonCode, ...]]:
    """Configured lists by the name they hold for (a retailer, a market).

        [[connections.hub.settings.reasons.demoretailer]]
        code = "CXSS"
        title = "Out of Stock"
        for = ["out of stock"]

    Raises ConfigurationError with the place of the fault, gaps in the crosswalk included.
    """
    if not isinstance(value, Mapping):
        raise ConfigurationError("a table of lists was expected", place=place)
    return {str(name): _list(entries, f"{place}.{name}") for name, entries in value.items()}


def _list(entries: object, place: str) -> tuple[ReasonCode, ...]:
    if not isinstance(entries, list) or not entries:
        raise ConfigurationError(
            "a list of reasons was expected", place=place, remedy="[[...]] with code, title and for"
        )
    codes = tuple(_code(entry, f"{place}[{number}]") for number, entry in enumerate(entries))
    faults = gaps(codes)
    if faults:
        raise ConfigurationError(
            "; ".join(faults), place=place, remedy="let each canonical reason stand in the `for` of exactly one code"
        )
    return codes


def _code(entry: object, place: str) -> ReasonCode:
    if not isinstance(entry, Mapping) or not {"code", "title"} <= set(entry) <= {"code", "title", "for"}:
        raise ConfigurationError("a reason has code, title and for, and nothing else", place=place)
    code, title, stands = entry["code"], entry["title"], entry.get("for", [])
    if not isinstance(code, str) or not code.isascii() or not code.strip() or not isinstance(title, str):
        raise ConfigurationError("code and title are texts, the code in plain ASCII", place=place)
    try:
        return ReasonCode(code, title, frozenset(CanonicalReason(reason) for reason in stands))
    except (ValueError, TypeError):
        known = ", ".join(repr(reason.value) for reason in CanonicalReason)
        raise ConfigurationError(
            "unknown canonical reason in `for`", place=f"{place}.for", remedy=f"one of {known}"
        ) from None
