"""Canaries: secrets of no worth that are easy to find, and the finder that looks for pieces of them in every form."""

from __future__ import annotations

import hashlib
import html
import json
import re
import traceback
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote, quote_plus
from xml.sax import saxutils

__all__ = ["Finder", "as_reported", "canary", "encoded_forms"]

_OURS = Path(__file__).parent
_USER = "c4n4ry-user"
_NOTHING = re.compile(rb"\0{2,}")
"""What most of a database's file consists of."""


def canary(name: str) -> str:
    """A secret for a setting of this name, always the same; it has the characters that real ones have."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    return f"c4n4ry|{digest[:9]}/{digest[9:20]}+{digest[20:26]}&<{digest[26:36]}"


def encoded_forms(secret: str) -> dict[str, str]:
    """The forms in which those who were told a secret may show it, by what they are called."""
    raw = secret.encode()
    forms = {
        "plain": secret,
        "URL": quote(secret, safe=""),
        "URL, slashes as they are": quote(secret),
        "URL, in lower case": quote(secret, safe="").replace("%7C", "%7c").replace("%2F", "%2f").replace("%2B", "%2b"),
        "form": quote_plus(secret),
        "URL in a URL": quote(quote(secret, safe=""), safe=""),
        "JSON": json.dumps(secret)[1:-1],
        "JSON with escaped slashes": json.dumps(secret)[1:-1].replace("/", "\\/"),
        "JSON in ASCII for HTML": json.dumps(secret)[1:-1].replace("&", "\\u0026").replace("<", "\\u003c"),
        "JSON in JSON": json.dumps(json.dumps(secret))[3:-3],
        "HTML": html.escape(secret),
        "HTML in numbers": "".join(f"&#{ord(char)};" for char in secret),
        "XML": saxutils.escape(secret, {'"': "&quot;", "'": "&apos;"}),
        "URL in HTML": html.escape(quote(secret, safe="")),
    }
    for name, encode in {"base64": b64encode, "URL-safe base64": urlsafe_b64encode}.items():
        forms[name] = encode(raw).decode()
        forms[f"{name} without padding"] = encode(raw).decode().rstrip("=")
        forms[f"{name} with a user's name"] = encode(f"{_USER}:".encode() + raw).decode()
        forms[f"{name} with a user's name, in a URL"] = quote(encode(f"{_USER}:".encode() + raw).decode(), safe="")
        forms[f"{name} within a text"] = encode(b"Basic c:" + raw + b", as you said").decode()
    return forms


class Finder:
    """Looks for secrets in whatever a program shows: whole ones and pieces of them, in each of their forms."""

    PIECE = 12
    """Characters of a secret that make a piece of it."""
    _GRAM = PIECE // 2

    def __init__(self, *secrets: str) -> None:
        self._pieces_by_gram = self._index_of(frozenset(secrets))

    @classmethod
    @lru_cache(maxsize=64)  # Suites look for the same secrets again and again.
    def _index_of(cls, secrets: frozenset[str]) -> Mapping[str, frozenset[str]]:
        """The pieces of the secrets by each gram that stands in them."""
        index: dict[str, set[str]] = {}
        for piece in {piece for secret in secrets for piece in cls._pieces_of(secret)}:
            for at in range(len(piece) - cls._GRAM + 1):
                index.setdefault(piece[at : at + cls._GRAM], set()).add(piece)
        return {gram: frozenset(pieces) for gram, pieces in index.items()}

    @classmethod
    @lru_cache(maxsize=64)  # as above
    def _pieces_of(cls, secret: str) -> frozenset[str]:
        windows = [secret[at : at + cls.PIECE] for at in range(len(secret) - cls.PIECE + 1)]
        pieces = {form for window in windows for name, form in encoded_forms(window).items() if "base64" not in name}
        for before in range(3):
            # What stands beside a secret in base64 decides the characters at its ends; what is between is its own.
            code = b64encode(bytes(before) + secret.encode()).decode()
            own = code[-(-before * 8 // 6) : (before + len(secret.encode())) * 8 // 6]
            for form in (own, own.translate(str.maketrans("+/", "-_")), quote(own, safe=""), own.replace("/", "\\/")):
                pieces |= {form[at : at + cls.PIECE] for at in range(len(form) - cls.PIECE + 1)}
        return frozenset(pieces)

    def found(self, *shown: object) -> set[str]:
        """The pieces found in these; bytes and texts as they are, everything else by repr and str."""
        text = "\n".join(
            _NOTHING.sub(b"\0", thing).decode("latin-1")
            if isinstance(thing, bytes)
            else thing
            if isinstance(thing, str)
            else f"{thing!r}{thing}"
            for thing in shown
        )
        # No piece is shorter than PIECE, so wherever one stands in the text, one of these grams lies within it. Most
        # texts share none with any piece; looking for thousands of pieces one by one takes seconds.
        grams = {text[at : at + self._GRAM] for at in range(0, len(text), self._GRAM + 1)} & self._pieces_by_gram.keys()
        return {piece for gram in grams for piece in self._pieces_by_gram[gram] if piece in text}


def as_reported(error: BaseException) -> str:
    """All of an error that tools that report errors show: causes, contexts, notes, and the variables of each frame.

    But for the frames of the kit and of tests, whose variables hold the canaries by nature.
    """
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    waiting = [shown]
    for part in waiting:
        part.stack = traceback.StackSummary.from_list([frame for frame in part.stack if not _is_kit(frame.filename)])
        waiting += [
            inner for inner in (part.__cause__, part.__context__, *(part.exceptions or ())) if inner is not None
        ]
    told = [line for part in waiting for line in part.format(chain=False)]
    return "".join([*told, repr(error), str(error)])


def _is_kit(filename: str) -> bool:
    path = Path(filename)
    return _OURS in path.parents or path.name.startswith("test_")
