"""What a value of a request may be. Each kind reads strictly what came, and describes itself as JSON Schema.

Nothing is coerced: a number is no text, `null` is no empty text, and every text and list has a largest length.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Sequence
from typing import Protocol

from attrs import frozen

from orderdesk_sdk.desk.documents import JsonObject
from orderdesk_sdk.errors import ValidationError

__all__ = ["Boolean", "Choice", "Integer", "Kind", "ListOf", "MapOf", "Nullable", "Text"]

MAX_TEXT = 200
"""Characters of a text that says nothing else: a name, a number, a reason."""
_CONTROLS = r"\u0000-\u001f\u007f-\u009f"
_BREAKS = re.compile(r"[\n\r\t]")
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII)


class Kind(Protocol):
    """How a value is read and described."""

    def schema(self) -> JsonObject:
        """As JSON Schema (2020-12)."""

    def read(self, value: object, path: str) -> object:
        """The value as Python has it. Raises ValidationError, with `path`, for anything else."""

    def read_parameter(self, texts: Sequence[str], path: str) -> object:
        """The value of a parameter of a query, which may be repeated. Raises ValidationError."""


def _wrong(path: str, expected: str) -> ValidationError:
    # In the message, not beside it: whoever sent the request may be told which part of it is meant.
    return ValidationError(f"{path}: {expected}", hint="mend the request; see /api/v1/openapi.json")


def _only(texts: Sequence[str], path: str) -> str:
    if len(texts) != 1:
        raise _wrong(path, "give it once")
    return texts[0]


@frozen
class Text:
    """A text of printable characters.

    Args:
        has_lines: it may also have line breaks and tabs.
    """

    max_length: int = MAX_TEXT
    min_length: int = 1
    has_lines: bool = False

    def schema(self) -> JsonObject:
        """As JSON Schema."""
        controls = _CONTROLS if not self.has_lines else r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f"
        pattern = rf"^[^{controls}]*$"
        return {"type": "string", "minLength": self.min_length, "maxLength": self.max_length, "pattern": pattern}

    def read(self, value: object, path: str) -> str:
        """The text."""
        if not isinstance(value, str):
            raise _wrong(path, "a text is expected")
        if not self.min_length <= len(value) <= self.max_length:
            raise _wrong(path, f"a text of {self.min_length} to {self.max_length} characters is expected")
        shown = _BREAKS.sub("", value) if self.has_lines else value
        if not shown.isprintable():
            raise _wrong(path, "the text has a character that cannot be shown")
        if self.min_length and not value.strip():
            raise _wrong(path, "the text is blank")
        return value

    def read_parameter(self, texts: Sequence[str], path: str) -> str:
        """The text."""
        return self.read(_only(texts, path), path)


@frozen
class Integer:
    """A whole number between two others, both included."""

    minimum: int
    maximum: int

    def schema(self) -> JsonObject:
        """As JSON Schema."""
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}

    def read(self, value: object, path: str) -> int:
        """The number."""
        if not isinstance(value, int) or isinstance(value, bool) or not self.minimum <= value <= self.maximum:
            raise _wrong(path, f"a whole number from {self.minimum} to {self.maximum} is expected")
        return value

    def read_parameter(self, texts: Sequence[str], path: str) -> int:
        """The number."""
        text = _only(texts, path)
        return self.read(int(text) if _INTEGER.fullmatch(text) else None, path)


@frozen
class Boolean:
    """True or false."""

    def schema(self) -> JsonObject:
        """As JSON Schema."""
        return {"type": "boolean"}

    def read(self, value: object, path: str) -> bool:
        """The value."""
        if not isinstance(value, bool):
            raise _wrong(path, "true or false is expected")
        return value

    def read_parameter(self, texts: Sequence[str], path: str) -> bool:
        """The value, from `true` or `false`."""
        return self.read({"true": True, "false": False}.get(_only(texts, path)), path)


@frozen
class Choice:
    """One of the values of a closed enum, some of its members say."""

    members: tuple[enum.Enum, ...]

    def schema(self) -> JsonObject:
        """As JSON Schema."""
        return {"type": "string", "enum": [member.value for member in self.members]}

    def read(self, value: object, path: str) -> enum.Enum:
        """The member."""
        for member in self.members:
            if isinstance(value, str) and member.value == value:
                return member
        raise _wrong(path, f"one of these is expected: {', '.join(str(member.value) for member in self.members)}")

    def read_parameter(self, texts: Sequence[str], path: str) -> enum.Enum:
        """The member."""
        return self.read(_only(texts, path), path)


@frozen
class ListOf:
    """A list without repetitions."""

    item: Kind
    max_items: int
    min_items: int = 0

    def schema(self) -> JsonObject:
        """As JSON Schema."""
        limits = {"minItems": self.min_items} if self.min_items else {}
        return {"type": "array", "items": self.item.schema(), "maxItems": self.max_items, "uniqueItems": True, **limits}

    def read(self, value: object, path: str) -> tuple[object, ...]:
        """The entries."""
        if not isinstance(value, list):
            raise self._wrong_count(path)
        self._check_count(value, path)
        return self._unique((self.item.read(entry, f"{path}[{index}]") for index, entry in enumerate(value)), path)

    def read_parameter(self, texts: Sequence[str], path: str) -> tuple[object, ...]:
        """The entries, of a parameter that is repeated."""
        self._check_count(texts, path)
        return self._unique((self.item.read_parameter([text], path) for text in texts), path)

    def _check_count(self, given: Sequence[object], path: str) -> None:
        if not self.min_items <= len(given) <= self.max_items:
            raise self._wrong_count(path)

    def _wrong_count(self, path: str) -> ValidationError:
        least = f"{self.min_items} to" if self.min_items else "at most"
        return _wrong(path, f"a list of {least} {self.max_items} entries is expected")

    def _unique(self, entries: Iterable[object], path: str) -> tuple[object, ...]:
        found: list[object] = []
        for entry in entries:
            if entry in found:
                raise _wrong(path, "an entry is given twice")
            found.append(entry)
        return tuple(found)


@frozen
class MapOf:
    """An object whose keys are texts of the caller."""

    value: Kind
    max_entries: int
    key: Text = Text()

    def schema(self) -> JsonObject:
        """As JSON Schema."""
        return {
            "type": "object",
            "propertyNames": self.key.schema(),
            "additionalProperties": self.value.schema(),
            "maxProperties": self.max_entries,
        }

    def read(self, value: object, path: str) -> dict[str, object]:
        """The entries by key."""
        if not isinstance(value, dict) or len(value) > self.max_entries:
            raise _wrong(path, f"an object of at most {self.max_entries} keys is expected")
        return {self.key.read(key, path): self.value.read(entry, f"{path}.{key}") for key, entry in value.items()}

    def read_parameter(self, texts: Sequence[str], path: str) -> object:
        """Never: a query has no objects."""
        raise _wrong(path, f"an object cannot stand in a query ({len(texts)})")


@frozen
class Nullable:
    """Something, or null."""

    kind: Kind

    def schema(self) -> JsonObject:
        """As JSON Schema."""
        return {"anyOf": [self.kind.schema(), {"type": "null"}]}

    def read(self, value: object, path: str) -> object:
        """The value, or None."""
        return None if value is None else self.kind.read(value, path)

    def read_parameter(self, texts: Sequence[str], path: str) -> object:
        """The value; a query has no null."""
        return self.kind.read_parameter(texts, path)
