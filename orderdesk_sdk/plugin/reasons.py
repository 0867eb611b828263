"""Reasons: the core's own few, each service's codes, and the mapping between them, checked for gaps. Pure."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence

from attrs import evolve, field, frozen

from orderdesk_sdk.errors import ConfigurationError, ValidationError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.orders.serialization import text_at_path

__all__ = [
    "StandardReason",
    "ReasonList",
    "FreeText",
    "NoReason",
    "Reason",
    "ReasonCode",
    "ReasonRule",
    "allowed_reasons",
    "mapping_errors",
    "reasons_by_order_field",
    "read_reason_lists",
    "resolve_reason",
    "with_read_codes",
]


class StandardReason(enum.Enum):
    """Why an order is canceled, in the words every service is asked in."""

    CUSTOMER_ASKED = "customer asked"
    OUT_OF_STOCK = "out of stock"
    ADDRESS = "address"
    FRAUD = "fraud"
    DUPLICATE = "duplicate"
    PRICING = "pricing"
    LATE = "cannot ship in time"
    OTHER = "other"


def _reasons(reasons: Iterable[StandardReason]) -> frozenset[StandardReason]:
    return frozenset(reasons)


@frozen
class ReasonCode:
    """One entry of a service's list.

    Args:
        stands_for: the canonical reasons that are told by this code.
        note: what follows from giving it, for the person who chooses: "counts against the seller"; None: nothing.
    """

    code: str
    title: str
    stands_for: frozenset[StandardReason] = field(default=frozenset(), converter=_reasons)
    note: str | None = None


@frozen
class Reason:
    """A reason as it goes to one service.

    Args:
        code: None where the service takes none.
        text: the asker's own words, or None.
    """

    standard: StandardReason | None = None
    code: str | None = None
    text: str | None = None


@frozen
class NoReason:
    """The service takes no reason; one that is given stays with us."""


@frozen
class FreeText:
    """The service takes a reason in words.

    Args:
        max_length: in characters.
    """

    required: bool = False
    max_length: int = 500


@frozen
class ReasonList:
    """The service takes one code of a list.

    Args:
        codes: the list where no other is configured.
        codes_for: given the connection's settings and the order, the list that holds for it (per retailer, per market),
            or None for `codes`.
        read_per_order: the service says of each order which codes it takes (`Button.eligibility`); `codes` are then all
            that are known, and hold where a reading names none.
    """

    codes: tuple[ReasonCode, ...]
    required: bool = True
    codes_for: Callable[..., tuple[ReasonCode, ...] | None] | None = None
    read_per_order: bool = False

    def __attrs_post_init__(self) -> None:
        if self.read_per_order and self.codes_for is not None:
            raise ValueError("a ReasonList is read_per_order, or has codes_for; not both")


ReasonRule = NoReason | FreeText | ReasonList
"""Which reason a service takes."""


def allowed_reasons(rule: ReasonRule, settings: object, order: Order) -> tuple[ReasonCode, ...]:
    """The codes that this order may be canceled with; empty where there is no list, or it is to be read first."""
    if not isinstance(rule, ReasonList) or rule.read_per_order:
        return ()
    found = rule.codes_for(settings, order) if rule.codes_for is not None else None
    return rule.codes if found is None else found


def with_read_codes(rule: ReasonRule, codes: Sequence[ReasonCode]) -> ReasonRule:
    """The rule with the codes that were read for an order; it is as it was where its list is not read per order."""
    if not isinstance(rule, ReasonList) or not rule.read_per_order:
        return rule
    return evolve(rule, codes=tuple(codes) or rule.codes, read_per_order=False)


def resolve_reason(rule: ReasonRule, given: str | None, settings: object, order: Order, location: str) -> Reason:
    """What a given reason (canonical, a code of the list, or free words) is at one service.

    Raises ValidationError with the list that is allowed for this order, before anything is asked of anybody.
    """
    said = given.strip() if given and given.strip() else None
    canonical = next((reason for reason in StandardReason if said is not None and reason.value == said.lower()), None)
    match rule:
        case NoReason():
            return Reason(canonical, None, said)
        case FreeText(required, max_length):
            if said is None and required:
                raise ValidationError("the service wants a reason", location=location, hint="say why, in a few words")
            if said is not None and len(said) > max_length:
                text = f"the reason has {len(said)} characters; {max_length} are allowed"
                raise ValidationError(text, location=location, hint="say it shorter")
            return Reason(canonical, None, said)
        case ReasonList():
            return _from_list(rule, allowed_reasons(rule, settings, order), said, canonical, location)


def _from_list(
    rule: ReasonList, codes: Sequence[ReasonCode], given: str | None, standard: StandardReason | None, location: str
) -> Reason:
    if given is None and not rule.required:
        return Reason()
    word = given.lower() if given is not None else None
    # Every code before any title: a service may title one entry with another's code.
    named = [code for code in codes if code.code.lower() == word] + [
        code for code in codes if code.title.lower() == word
    ]
    for code in named[:1]:
        told = next(iter(code.stands_for)) if len(code.stands_for) == 1 else standard
        return Reason(told, code.code, given)
    for code in codes:
        if standard is not None and standard in code.stands_for:
            return Reason(standard, code.code, given)
    listed = "; ".join(f"{code.code} ({code.title})" for code in codes)
    text = "the service wants a reason" if given is None else f"the reason {given!r} is not allowed for this order"
    raise ValidationError(text, location=location, hint=f"one of: {listed}")


def reasons_by_order_field(lists: str, path: str) -> Callable[[object, Order], tuple[ReasonCode, ...] | None]:
    """What `ReasonList.codes_for` takes where the list depends on the order: per retailer, per market.

    Args:
        lists: the setting with the lists by name (`read_reason_lists`).
        path: the setting with the dotted path of that name in the order object. An order with another name or none
            takes the list named `default`, where there is one.
    """

    def configured(settings: object, order: Order) -> tuple[ReasonCode, ...] | None:
        known: Mapping[str, tuple[ReasonCode, ...]] = getattr(settings, lists)
        return known.get(text_at_path(order, getattr(settings, path)), known.get("default"))

    return configured


def mapping_errors(codes: Iterable[ReasonCode]) -> tuple[str, ...]:
    """What is wrong with a mapping: reasons told by no code or by two, codes that stand twice. Empty when sound."""
    listed = list(codes)
    faults = []
    for reason in StandardReason:
        tellers = [code.code for code in listed if reason in code.stands_for]
        if not tellers:
            faults.append(f"no code stands for {reason.value!r}")
        elif len(tellers) > 1:
            faults.append(f"{' and '.join(tellers)} both stand for {reason.value!r}")
    names = [code.code for code in listed]
    faults += [f"the code {name!r} stands twice" for name in sorted({name for name in names if names.count(name) > 1})]
    return tuple(faults)


def read_reason_lists(value: object, location: str) -> Mapping[str, tuple[ReasonCode, ...]]:
    """Configured lists by the name they hold for (a retailer, a market).

        [[connections.hub.settings.reasons.demoretailer]]
        code = "CXSS"
        title = "Out of Stock"
        for = ["out of stock"]

    Raises ConfigurationError with the place of the fault, gaps in the mapping included.
    """
    if not isinstance(value, Mapping):
        raise ConfigurationError("a table of lists was expected", location=location)
    return {str(name): _list(entries, f"{location}.{name}") for name, entries in value.items()}


def _list(entries: object, location: str) -> tuple[ReasonCode, ...]:
    if not isinstance(entries, list) or not entries:
        raise ConfigurationError(
            "a list of reasons was expected", location=location, hint="[[...]] with code, title and for"
        )
    codes = tuple(_code(entry, f"{location}[{number}]") for number, entry in enumerate(entries))
    faults = mapping_errors(codes)
    if faults:
        raise ConfigurationError(
            "; ".join(faults),
            location=location,
            hint="let each canonical reason stand in the `for` of exactly one code",
        )
    return codes


def _code(entry: object, location: str) -> ReasonCode:
    if not isinstance(entry, Mapping) or not {"code", "title"} <= set(entry) <= {"code", "title", "for"}:
        raise ConfigurationError("a reason has code, title and for, and nothing else", location=location)
    code, title, stands = entry["code"], entry["title"], entry.get("for", [])
    if not isinstance(code, str) or not code.isascii() or not code.strip() or not isinstance(title, str):
        raise ConfigurationError("code and title are texts, the code in plain ASCII", location=location)
    try:
        return ReasonCode(code, title, frozenset(StandardReason(reason) for reason in stands))
    except (ValueError, TypeError):
        known = ", ".join(repr(reason.value) for reason in StandardReason)
        raise ConfigurationError(
            "unknown canonical reason in `for`", location=f"{location}.for", hint=f"one of {known}"
        ) from None
