"""Text out of a stranger's bytes: by the charset that they name where it is a harmless one, else as it can be read.

Pure.
"""

from __future__ import annotations

import codecs
import re

__all__ = ["decoded"]

_HARMLESS = re.compile(
    r"ascii|utf-?(7|8|8-sig|16|16-[bl]e|32|32-[bl]e)|iso(8859|2022)-.{1,12}|cp\d{2,5}|koi8-.|kz1048|mac-.{1,12}|gbk?|"
    r"gb(2312|18030)|big5(hkscs)?|euc-..|shift-jis.{0,6}|hz|johab|tis-620|ptcp154|hp-roman8"
)
"""Codecs that decode in time that grows with the length alone: the time of punycode and idna grows with its square."""
_OTHER_NAMES = re.compile(r"(?:windows|cp|ibm|dos|ms)-?(\d{3,5})")


def decoded(raw: bytes, charset: str | None) -> str:
    """The text of these bytes. What the charset does not know is replaced; an unknown charset is taken for UTF-8 or,
    where that cannot be, for Windows-1252, which most mails of unknown charset are written in.
    """
    name = _codec(charset) if charset else None
    if name is not None and name != "ascii":
        return raw.decode(name, "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        # Nearly all of it is UTF-8: a mail that was cut, or a byte of it that was lost, is no other charset.
        if raw[: error.start].isascii():
            return raw.decode("cp1252", "replace")
        return raw.decode("utf-8", "replace")


def _codec(charset: str) -> str | None:
    """The name of Python's harmless codec for a charset; None where there is none."""
    folded = charset.strip().strip("\"'").lower()
    other = _OTHER_NAMES.fullmatch(folded)
    for name in (folded, f"cp{other[1]}" if other else ""):
        if not 0 < len(name) <= 40 or not name.isascii() or not name.isprintable():
            continue
        try:
            found = codecs.lookup(name).name.replace("_", "-")
        except LookupError:
            continue
        if _HARMLESS.fullmatch(found):
            return found
    return None
