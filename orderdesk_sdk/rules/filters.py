"""The filters of rules: expressions of the rule-engine library, held to what ends soon whatever an order says. Pure.

https://zerosteiner.github.io/rule-engine/: expressions without side effects over the names of `FIELDS`. Of that
language is taken what needs a time that grows with filter and order alone. No regular expressions: for some of them
Python needs longer than anybody lives, keeps the interpreter's lock meanwhile, and cannot be interrupted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING

from orderdesk_sdk.cases.case import SETTLED, State
from orderdesk_sdk.errors import ConfigurationError, describe_exception

if TYPE_CHECKING:
    import rule_engine

__all__ = ["FIELDS", "MAX_FILTER_LENGTH", "NO_FILTER", "STATES", "check_filter", "matches"]

NO_FILTER = ""
MAX_FILTER_LENGTH = 2000
"""Characters of a filter."""
MAX_TOKENS = 500
MAX_EXPONENT = 30
"""Numbers in a filter are smaller than a one with so many zeros: whole ones that are larger are slow to write out."""

FIELDS: Mapping[str, str] = {
    "action": "STRING",
    "connection": "STRING",
    "country": "STRING",
    "customer_id": "STRING",
    "email": "STRING",
    "folder": "STRING",
    "from_folder": "STRING",
    "fulfillment_name": "STRING",
    "integration": "STRING",
    "number": "STRING",
    "order_total": "FLOAT",
    "payment_status": "STRING",
    "quantity": "FLOAT",
    "rejection": "STRING",
    "rule": "STRING",
    "shipping_method": "STRING",
    "skus": "ARRAY",
    "source_name": "STRING",
    "state": "STRING",
    "tags": "STRING",
}
"""The names that a filter may use, with the library's types. What an event does not tell is an empty text."""

STATES = tuple(state.value for state in State if state in SETTLED - {State.DONE, State.EXPIRED})
"""What `state` may be: events tell of settled cases of cancellations, and other events leave it empty."""

_INSTEAD_OF_PATTERNS = "write it with in, ==, .starts_with('...'), .ends_with('...') or .as_lower"
_UNSUPPORTED_TOKENS: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(
        ("EQ_FZM", "EQ_FZS", "NE_FZM", "NE_FZS"),
        ("regular expressions are not taken, since some never end", _INSTEAD_OF_PATTERNS),
    ),
    **dict.fromkeys(
        ("POW", "BWLSH", "BWRSH", "BWAND", "BWOR", "BWXOR"),
        ("powers and operations on bits are not taken", "write the number itself"),
    ),
    "BYTES": ("bytes are not taken", "write a text"),
}
"""By the library's token what is not taken, and what to write in its place."""
_ATTRIBUTES = frozenset(
    {
        "as_lower",
        "as_upper",
        "ceiling",
        "date",
        "day",
        "days",
        "ends_with",
        "floor",
        "hour",
        "is_empty",
        "is_nan",
        "length",
        "minute",
        "month",
        "second",
        "seconds",
        "starts_with",
        "to_ary",
        "to_epoch",
        "to_flt",
        "to_int",
        "to_set",
        "to_str",
        "total_seconds",
        "weekday",
        "year",
    }
)
_FUNCTIONS = frozenset(
    {
        "$abs",
        "$all",
        "$any",
        "$max",
        "$min",
        "$now",
        "$parse_datetime",
        "$parse_float",
        "$parse_timedelta",
        "$split",
        "$sum",
        "$today",
    }
)


def check_filter(when: str, location: str) -> None:
    """Raises ConfigurationError for a filter that cannot be taken, with what to write in its place."""
    if when == NO_FILTER:
        return
    try:
        import rule_engine  # It takes 0.4 s, so it is imported when a rule is asked, and not before.
    except ImportError:
        raise ConfigurationError(
            "rules with a filter need the rule-engine library",
            location=location,
            hint="run `pip install 'orderdesk-sdk[rules]'`",
        ) from None
    try:
        _check_tokens(when, location)  # Before it is read: the library computes what it can while it reads.
        _compiled(when)
    except rule_engine.EngineError as error:
        fields = ", ".join(FIELDS)
        raise ConfigurationError(
            f"the filter is wrong: {error}", location=location, hint=f"names are {fields}"
        ) from None
    except RecursionError:
        raise ConfigurationError(
            "the filter is nested too deep", location=location, hint="split it into several rules"
        ) from None
    except ConfigurationError:
        raise
    except Exception as error:  # noqa: BLE001 - arithmetic of the library's on numbers of the filter, say
        raise ConfigurationError(
            f"the filter is wrong: {describe_exception(error)}", location=location, hint="write it more simply"
        ) from None


def matches(when: str, values: Mapping[str, object]) -> bool:
    """Whether a filter is true of the values. Raises whatever it raises: a text that is no number, a missing entry."""
    return bool(_compiled(when).matches(values))


@lru_cache(maxsize=256)
def _compiled(when: str) -> rule_engine.Rule:
    import rule_engine  # see above

    types = {name: getattr(rule_engine.DataType, kind) for name, kind in FIELDS.items()}
    types["skus"] = rule_engine.DataType.ARRAY(rule_engine.DataType.STRING)
    context = rule_engine.Context(type_resolver=rule_engine.type_resolver_from_dict(types), default_value="")
    return rule_engine.Rule(when, context=context)


def _check_tokens(when: str, location: str) -> None:
    """Hold each token against what is taken. By the library's own lexer, so that none is read otherwise than there."""
    import rule_engine  # see above

    lexer = rule_engine.Rule.parser._lexer.clone()
    lexer.input(when)
    tokens = [(token.type, str(token.value)) for token in lexer]
    if len(tokens) > MAX_TOKENS:
        raise ConfigurationError(
            f"the filter has {len(tokens)} words and signs; at most {MAX_TOKENS} are taken",
            location=location,
            hint="split it into several rules",
        )
    if [kind for kind, _ in tokens].count("FOR") > 1:
        raise ConfigurationError(
            "a filter has one `for` at most", location=location, hint="split it into several rules"
        )
    before = ""
    for kind, text in tokens:
        problem = _problem(kind, text, is_attribute=before in ("ATTR", "ATTR_SAFE"))
        if problem is not None:
            raise ConfigurationError(f"the filter is wrong: {problem[0]}", location=location, hint=problem[1])
        before = kind
    for state in _compared_states(tokens):
        if state and state not in STATES:
            raise ConfigurationError(
                f"the filter is wrong: no settled case is {state[:40]!r}, so it never matches",
                location=location,
                hint=f"the states are: {', '.join(STATES)}",
            )


def _compared_states(tokens: Sequence[tuple[str, str]]) -> Iterator[str]:
    """The texts that a filter compares `state` with, by `==`, `!=` and `in`."""
    state = ("SYMBOL", "state")
    for at, token in enumerate(tokens):
        before, after = tokens[max(0, at - 2) : at], tokens[at + 1 : at + 3]
        if token != state:
            continue
        if len(before) == 2 and before[0][0] == "STRING" and before[1][0] in ("EQ", "NE"):
            yield before[0][1][1:-1]
        if len(after) == 2 and after[0][0] in ("EQ", "NE") and after[1][0] == "STRING":
            yield after[1][1][1:-1]
        listed = at + 3 if [kind for kind, _ in after] == ["NOT", "IN"] else at + 2
        if tokens[listed - 1 : listed] == [("IN", "in")]:
            for kind, text in tokens[listed + 1 :]:
                if kind not in ("STRING", "COMMA"):
                    break
                if kind == "STRING":
                    yield text[1:-1]


def _problem(kind: str, text: str, *, is_attribute: bool) -> tuple[str, str] | None:
    if kind in _UNSUPPORTED_TOKENS:
        return _UNSUPPORTED_TOKENS[kind]
    if kind == "FLOAT" and not _is_small(text):
        return f"the number {text[:40]} is too large or too long", "write a smaller one"
    if kind == "SYMBOL" and is_attribute and text not in _ATTRIBUTES:
        return f"there is no .{text[:40]} to be taken of a value", f"these are: {', '.join(sorted(_ATTRIBUTES))}"
    if kind == "SYMBOL" and text.startswith("$") and text not in _FUNCTIONS:
        return f"{text[:40]} is not taken", f"these are: {', '.join(sorted(_FUNCTIONS))}"
    return None


def _is_small(text: str) -> bool:
    if text[:1] == "0" and text[1:2].isalpha():
        return len(text) < MAX_EXPONENT  # 0x..., 0o..., 0b...
    try:
        return len(text) < 2 * MAX_EXPONENT and abs(Decimal(text).adjusted()) < MAX_EXPONENT
    except InvalidOperation:
        return False
