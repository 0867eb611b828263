"""Texts that must not be shown, and where they stand in another: as they are, encoded in base64, or cut off. Pure.

What escapes hide is looked for beneath them (`escapes`), by whoever asks here.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus

from attrs import frozen

from orderdesk_sdk.transport.escapes import CUT_ESCAPE

__all__ = ["KnownSecrets"]

_MIN_LENGTH = 4
"""A learned text shorter than this is not searched for: it would blank out half of every body."""

_MIN_CODE_LENGTH = 8
"""Characters of base64 that only a secret's own bytes decide, below which it could be anybody's."""

_MIN_CUT_LENGTH = 8
"""Characters of a secret's beginning that are taken for it at the end of a text: plugins cut what services say."""

_BEHIND_CUT = 3
"""Characters that may stand behind such a beginning: three dots, or half of what one character was encoded to."""

_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")


@frozen(repr=False)
class KnownSecrets:
    """What is searched for, never shown.

    Args:
        codes: base64 of it.
        starts: by its first characters, what may be cut off.
        probes: a text that holds none of these, and no escapes, holds nothing of it.
    """

    texts: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    starts: Mapping[str, tuple[str, ...]] = {}
    longest: int = 0
    probes: tuple[str, ...] = ()

    @classmethod
    def of(cls, texts: Iterable[str]) -> KnownSecrets:
        long_enough = [text for text in texts if len(text) >= _MIN_LENGTH]
        plain = {form for text in long_enough for form in _forms(text)}
        codes = {code for text in plain for code in _codes(text)} - plain
        # A percent sign before it takes the first characters for its own, so that beneath the escapes it is not found.
        raw = [text.encode("utf-8", "surrogatepass") for text in long_enough]
        plain |= {quoted for text in raw for quoted in (quote(text), quote(text, safe=""), quote_plus(text))}
        starts: dict[str, tuple[str, ...]] = {}
        for form in plain | codes:
            if len(form) >= _MIN_CUT_LENGTH:
                starts[form[:_MIN_CUT_LENGTH]] = (*starts.get(form[:_MIN_CUT_LENGTH], ()), form)
        longest = max(map(len, plain | codes), default=0)
        probes = {form[:_MIN_CUT_LENGTH] for form in plain | codes}
        return cls(tuple(plain), tuple(codes), starts, longest, tuple(probes))

    def may_be_in(self, text: str) -> bool:
        """False where it does not stand in a text without escapes, not even its beginning."""
        return any([probe in text for probe in self.probes])  # noqa: C419 - a generator costs more than it saves

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where it stands in a text, as it is or in base64, and where its beginning was cut off at the end."""
        whole: list[tuple[int, int]] = []
        for form in self.texts:
            if form in text:
                whole += ((at, at + len(form)) for at in _occurrences(form, text))
        for code in self.codes:
            if code in text:
                whole += (_widened(text, at, at + len(code)) for at in _occurrences(code, text))
        yield from whole
        if self.longest >= _MIN_CUT_LENGTH:
            yield from self._cut_off(text, max((end for _, end in whole), default=0))

    def _cut_off(self, text: str, begin: int) -> Iterator[tuple[int, int]]:
        whole = CUT_ESCAPE.search(text, max(0, len(text) - 10))
        ends = {len(text) - behind for behind in range(_BEHIND_CUT + 1)} | ({whole.start()} if whole else set())
        first = max(begin, len(text) - self.longest - _BEHIND_CUT)
        for at in range(first, len(text) - _MIN_CUT_LENGTH + 1):
            for form in self.starts.get(text[at : at + _MIN_CUT_LENGTH], ()):
                if any(end - at >= _MIN_CUT_LENGTH and form.startswith(text[at:end]) for end in ends):
                    yield at, len(text)
                    return


def _forms(text: str) -> set[str]:
    """How a text may stand in another: as it is, in a form, as bytes that were read as Latin-1, and as JSON has it.

    Escapes are taken off elsewhere. That of JSON is searched for too, because a backslash before it hides it there:
    what it says then begins with an escaped backslash.
    """
    latin = text.encode("utf-8", "surrogatepass").decode("latin-1")
    return {text, text.replace(" ", "+"), latin, json.dumps(text)[1:-1]}


def _codes(text: str) -> Iterator[str]:
    """What base64, the standard and the URL-safe one, makes of a text wherever in a longer one it stands.

    Only the characters that its own bytes decide; their neighbors hold bits of what stands beside it.
    """
    raw = text.encode("utf-8", "surrogatepass")
    for before in range(3):
        code = base64.b64encode(bytes(before) + raw).decode()
        core = code[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]
        if len(core) >= _MIN_CODE_LENGTH:
            yield core
            yield core.translate(_URL_SAFE)


_URL_SAFE = str.maketrans("+/", "-_")


def _occurrences(form: str, text: str) -> Iterator[int]:
    at = text.find(form)
    while at >= 0:
        yield at
        at = text.find(form, at + 1)


def _widened(text: str, start: int, end: int) -> tuple[int, int]:
    """The same with the neighbors that hold a part of the secret's first and last byte, and with the padding."""
    start -= start > 0 and text[start - 1] in _BASE64
    end += end < len(text) and text[end] in _BASE64
    while end < len(text) and text[end] == "=":
        end += 1
    return start, end
