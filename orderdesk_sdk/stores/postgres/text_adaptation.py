"""Texts that PostgreSQL refuses, with NUL characters or half surrogate pairs: stored escaped, and read as they were.

Ids and names come from host apps and services, and SQLite keeps such characters. JSON is ASCII here, so that only the
columns beside it are ever escaped. An escaped text is equal to another one where they were equal before.
"""

from __future__ import annotations

import re

from psycopg.abc import AdaptContext
from psycopg.adapt import Buffer
from psycopg.types.string import StrDumperUnknown, TextLoader

__all__ = ["register_text_adapters"]

_ESCAPE = "\ue000"
"""Of the private use area, so that no text means anything by it; one that holds it is escaped too."""
_REFUSED = re.compile(f"[\x00\ud800-\udfff{_ESCAPE}]")
_ESCAPED = re.compile(f"{_ESCAPE}([0-9a-f]{{4}})")


class _TextDumper(StrDumperUnknown):
    """A text as PostgreSQL takes it."""

    def dump(self, obj: str) -> Buffer | None:
        if "\x00" in obj or not obj.isascii():  # Both are quick, also for a long text.
            obj = _REFUSED.sub(lambda found: f"{_ESCAPE}{ord(found[0]):04x}", obj)
        return obj.encode("utf-8")


class _TextLoader(TextLoader):
    """A text as it was given."""

    def load(self, data: Buffer) -> str:
        text = str(data, "utf-8")
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if _ESCAPE in text else text


def register_text_adapters(context: AdaptContext) -> None:
    """Let a connection, whose encoding is UTF-8, take and give every text that Python has."""
    context.adapters.register_dumper(str, _TextDumper)
    context.adapters.register_loader("text", _TextLoader)
