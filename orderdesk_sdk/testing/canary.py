"""Canaries: secrets of no worth that are easy to find, and the finder that looks for pieces of them."""

from __future__ import annotations

import hashlib
from urllib.parse import quote

__all__ = ["Finder", "canary"]


def canary(name: str) -> str:
    """A secret for a setting of this name, always the same; it has the characters that real ones have."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    return f"c4n4ry|{digest[:9]}/{digest[9:20]}+{digest[20:32]}"


class Finder:
    """Looks for secrets in whatever a program shows: whole ones and pieces of them, as they are and in a URL's form."""

    PIECE = 12

    def __init__(self, *secrets: str) -> None:
        forms = {form for text in secrets for form in (text, quote(text, safe=""), quote(text))}
        self._pieces = {form[at : at + self.PIECE] for form in forms for at in range(len(form) - self.PIECE + 1)}

    def found(self, *shown: object) -> set[str]:
        """The pieces found in these; bytes and texts as they are, everything else by repr and str."""
        text = "\n".join(
            thing.decode("latin-1")
            if isinstance(thing, bytes)
            else thing
            if isinstance(thing, str)
            else f"{thing!r}{thing}"
            for thing in shown
        )
        return {piece for piece in self._pieces if piece in text}
