"""A JSON text read by pieces: one value at a time from a file of any length, with exact places of what is wrong.

A value is read by the same reader as a whole text (`json_text`), from a buffer that grows until the value is in it. No
library is taken for this: of the kept ones ijson tells no line and column, lets keys come twice, and gives numbers that
it has read as floats or as its own class.
"""

from __future__ import annotations

import codecs
import json
import re
from decimal import InvalidOperation
from typing import IO, Final

from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.serialization.json_text import (
    HINT,
    TOO_DEEP,
    TOO_LONG,
    JsonParser,
    may_hold_half_characters,
)

__all__ = ["JsonStream"]

CHUNK: Final = 1 << 16
"""Bytes that are read at once."""
_CUT_OFF: Final = 16
"""Characters before the buffer's end in which a fault may be that of a text that goes on."""
_BLANK: Final = re.compile(r"[ \t\n\r]*")
_OF_NUMBERS: Final = re.compile(r"[0-9eE.+-]*")


class JsonStream:
    """A JSON text in UTF-8 that is read from a seekable file. Every method raises ValidationError for what is no JSON.

    Args:
        location: names the text in errors.
    """

    def __init__(self, file: IO[bytes], location: str) -> None:
        self._file = file
        self._location = location
        self._parser = JsonParser()
        self._decode = self._parser.decoder.raw_decode
        self._origin = file.tell()
        self.rewind((0, 1, 1))

    def rewind(self, mark: tuple[int, int, int]) -> None:
        """Go to a place that `mark` gave."""
        self._bytes_before, self._line, self._column = mark
        self._file.seek(self._origin + self._bytes_before)
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._buffer, self._at, self._is_at_end = "", 0, False
        if not self._bytes_before and self.peek(skip_blanks=False) == "\ufeff":
            self._at = 1
            self._column = 0  # A byte order mark is no column.

    def mark(self) -> tuple[int, int, int]:
        """The present place, for `rewind`."""
        self._forget()
        return self._bytes_before, self._line, self._column

    def peek(self, *, skip_blanks: bool = True) -> str:
        """The next character; "" at the end of the text."""
        while True:
            if skip_blanks and (blanks := _BLANK.match(self._buffer, self._at)):
                self._at = blanks.end()
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._read_more():
                return ""

    def take(self, expected: str) -> str:
        """Go past the next character, which must be one of these; which it was."""
        character = self.peek()
        if not character or character not in expected:
            raise self._not_json(f"Expecting {expected[0]!r} delimiter", self._at)
        self._at += 1
        return character

    def key(self) -> str:
        """The key that comes next in an object."""
        if self.peek() == '"':
            key, is_marked = self.value()
            if isinstance(key, str) and not is_marked:
                return key
        raise self._not_json("Expecting property name enclosed in double quotes", self._at)

    def value(self) -> tuple[object, bool]:
        """The next value, and whether something in it is marked for `json_errors`."""
        self.peek()
        while True:
            self._parser.has_errors = False
            try:
                found, end = self._decode(self._buffer, self._at)
            except json.JSONDecodeError as error:
                unterminated = error.msg.startswith("Unterminated string")
                may_go_on = unterminated or error.pos >= len(self._buffer) - _CUT_OFF
                if not (may_go_on and self._read_more()):
                    raise self._not_json(error.msg, error.pos) from error
            except RecursionError as error:
                raise ValidationError(TOO_DEEP, location=self._location, hint=HINT) from error
            except (ValueError, InvalidOperation) as error:
                raise ValidationError(TOO_LONG, location=self._location, hint=HINT) from error
            else:
                # A number may go on beyond the end of the buffer.
                tail = _OF_NUMBERS.match(self._buffer, end)
                if (tail and tail.end() < len(self._buffer)) or not self._read_more():
                    is_marked = self._parser.has_errors or may_hold_half_characters(self._buffer, self._at, end)
                    self._at = end
                    return found, is_marked

    def end(self) -> None:
        """Nothing but blanks may follow."""
        if self.peek():
            raise self._not_json("Extra data", self._at)

    def _read_more(self) -> bool:
        """Whether there was more; what was read before the present place is forgotten."""
        if self._is_at_end:
            return False
        self._forget()
        # As much again as there is: a long value is read anew a few times, not once per chunk.
        chunk = self._file.read(max(CHUNK, len(self._buffer)))
        self._is_at_end = not chunk
        try:
            self._buffer += self._utf8.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            position = self._bytes_before + len(self._buffer.encode()) + error.start
            raise ValidationError(f"byte {position} is not UTF-8", location=self._location, hint=HINT) from error
        return True

    def _forget(self) -> None:
        passed = self._buffer[: self._at]
        self._bytes_before += len(passed.encode())
        lines = passed.count("\n")
        self._line += lines
        self._column = len(passed) - passed.rindex("\n") if lines else self._column + len(passed)
        self._buffer, self._at = self._buffer[self._at :], 0

    def _not_json(self, message: str, position: int) -> ValidationError:
        before = self._buffer[:position]
        lines = before.count("\n")
        column = position - before.rindex("\n") if lines else self._column + position
        where = f"{self._location}: line {self._line + lines}, column {column}"
        return ValidationError(f"not JSON: {message}", location=where, hint=HINT)
