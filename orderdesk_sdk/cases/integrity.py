"""What a look at a ledger can find: that it is as it was written, or what of it is not."""

from __future__ import annotations

from typing import Self

from attrs import frozen

from orderdesk_sdk.errors import ValidationError

__all__ = ["IntegrityFlaw", "ChainHead", "IntegrityReport"]


@frozen
class ChainHead:
    """How many lines a ledger's history had, and the digest that only these lines have, in hexadecimal."""

    count: int
    digest: str

    def __str__(self) -> str:
        return f"{self.count}:{self.digest}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """A head as `str` gives it. Raises ValidationError."""
        count, colon, digest = text.strip().partition(":")
        if not colon or not count.isdecimal() or len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            raise ValidationError(
                f"{text!r} is not the head of a ledger",
                location="head",
                hint="write the whole head, as NUMBER:64 HEX DIGITS",
            )
        return cls(int(count), digest)


@frozen
class IntegrityReport:
    """What was found of one history and the row that it leads to.

    Args:
        flaws: what is not as it was written, a sentence each.
        entry_count: how many there are.
        head: the link of the last one, in hexadecimal: it stays a part of every later history.
        texts_removed: personal texts of it were removed on request.
    """

    flaws: tuple[str, ...]
    entry_count: int
    head: str
    texts_removed: bool = False


@frozen
class IntegrityFlaw:
    """Something in a ledger that is not as it was written.

    Args:
        subject_id: of what; None: of the ledger as a whole.
    """

    subject_id: str | None
    message: str

    def __str__(self) -> str:
        return self.message if self.subject_id is None else f"{self.subject_id}: {self.message}"
