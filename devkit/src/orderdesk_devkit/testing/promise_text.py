"""How a suite says which of its promises was broken: the rule, what was seen, and what mends it."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["promise_text"]


def promise_text(promise: tuple[str, str], seen: Iterable[str]) -> str:
    """The text of a failed test.

    Args:
        promise: the rule, and the hint.
        seen: what breaks it, a line or more each.
    """
    rule, hint = promise
    listed = "\n  ".join(seen)
    return f"rule: {rule}\n  {listed}\nhint: {hint}"
