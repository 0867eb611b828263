"""Numbers of duplicates: the original's and a suffix, counted on from the first original. Pure.

    [resubmission]
    suffix = "-{n}"            # 1042-1, 1042-2, ...; the default

Order Desk's own rule is UNKNOWN. A service may keep fewer characters than an order store: each integration's rule is
held against the number before anything is sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from orderdesk_sdk.errors import ConfigurationError

__all__ = ["DEFAULT_SUFFIX", "numbering_base", "next_free_number", "read_suffix", "duplicate_number"]

DEFAULT_SUFFIX = "-{n}"
MAX_SUFFIX_LENGTH = 20
"""Characters of a suffix as it is written."""


def read_suffix(value: object, location: str) -> str:
    """A suffix as configured. Raises ConfigurationError for one that does not count, or that nobody could type."""
    hint = f'write it as "{DEFAULT_SUFFIX}"'
    if not isinstance(value, str) or value.count("{n}") != 1:
        raise ConfigurationError(
            "a suffix is a text with {n} in it once, where the count stands", location=location, hint=hint
        )
    rest = value.replace("{n}", "")
    if (
        not rest
        or not rest.isprintable()
        or rest != rest.strip()
        or len(value) > MAX_SUFFIX_LENGTH
        or set(rest) & set("{}")
    ):
        text = (
            "a suffix has printable characters beside {n}, no braces or blanks at its ends, "
            f"{MAX_SUFFIX_LENGTH} at most"
        )
        raise ConfigurationError(text, location=location, hint=hint)
    if rest[-1:].isdigit() or rest[:1].isdigit():
        raise ConfigurationError("a digit beside {n} could not be told from the count", location=location, hint=hint)
    return value


def duplicate_number(number: str, suffix: str, count: int) -> str:
    """The number of an order's duplicate of that count."""
    return number + suffix.replace("{n}", str(count))


def numbering_base(name: str, ancestors: Iterable[str], suffix: str = DEFAULT_SUFFIX) -> str:
    """What the next duplicate's name counts on from: the oldest of `ancestors` (nearest first) that made it, or itself.

    1042-1 counts on from 1042 only if 1042 is where it came from: many carts have a hyphen in every number.
    """
    head, tail = (re.escape(part) for part in suffix.split("{n}"))
    start = name
    for ancestor in ancestors:
        if re.fullmatch(f"{re.escape(ancestor)}{head}[0-9]+{tail}", name):
            start = ancestor
    return start


def next_free_number(number: str, is_taken: Callable[[str], bool], suffix: str = DEFAULT_SUFFIX) -> str:
    """The first of `number`-1, `number`-2, ... that is not taken."""
    count = 1
    while is_taken(duplicate_number(number, suffix, count)):
        count += 1
    return duplicate_number(number, suffix, count)
