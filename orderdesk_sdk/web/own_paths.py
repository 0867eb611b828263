"""Where a page may lead afterwards: to a page of ours, whatever an address says."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

__all__ = ["own_path", "with_next"]

MAX_LENGTH = 500
"""Characters of a path."""
START = "/"
"""Where one is led who named no page of ours."""
_NEVER = ("/sign-in", "/sign-out", "/step-up", "/api/", "/in/")
"""Where nobody is led: these pages lead on themselves, or are no pages."""


def own_path(text: str) -> str:
    """The path, with its query, where it is one of a page here; else the first page."""
    if not text.startswith("/") or text.startswith(("//", *_NEVER)) or len(text) > MAX_LENGTH:
        return START
    # Browsers read a backslash as a slash, and leave out tabs and line ends before they look.
    if "\\" in text or not text.isascii() or not text.isprintable() or " " in text:
        return START
    try:
        parts = urlsplit(text)
    except ValueError:
        return START
    return START if parts.scheme or parts.netloc else text


def with_next(page: str, next_path: str) -> str:
    """The address of a page that leads on to another one afterwards."""
    return f"{page}?next={quote(own_path(next_path), safe='')}"
