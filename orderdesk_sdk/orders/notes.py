"""Notes in the history of an order, which are as long as Order Desk takes them."""

from __future__ import annotations

from typing import Final

from orderdesk_sdk.errors import ValidationError

__all__ = ["NOTE_LIMIT", "split_note"]

NOTE_LIMIT: Final = 1800
"""Characters of one history note, as in Order Desk (reported by third parties, no official text was found)."""


def split_note(text: str, limit: int = NOTE_LIMIT) -> tuple[str, ...]:
    """The text as notes of at most `limit` characters, numbered "(1/3) " where one is not enough; nothing is left out.

    Raises ValidationError for a blank text.
    """
    if not text.strip():
        raise ValidationError("a history note needs a text")
    if len(text) <= limit:
        return (text,)
    count = 2
    while True:
        room = limit - len(f"({count}/{count}) ")
        parts = [text[start : start + room] for start in range(0, len(text), room)]
        if len(parts) <= count:
            return tuple(f"({index}/{len(parts)}) {part}" for index, part in enumerate(parts, 1))
        count = len(parts)
