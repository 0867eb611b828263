"""Numbers of things, as people read them. Pure, and loaded by the help of the command line: it imports nothing."""

from __future__ import annotations

__all__ = ["counted"]


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number of things for people: `1 entry`, `1,200 entries`. many: None adds an s to `one`."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
