"""One-time links in the e-mails that ask for a cancel: what one says, and how it is signed and read. Pure.

Whoever follows a link says what became of the request: canceled, not canceled, shipped already. A link is for one case
and one e-mail of it, ends at a time, and counts once. Mail programs follow links on their own, so nothing is decided
when one is opened: only when a person has confirmed it.
"""

from __future__ import annotations

import base64
import binascii
import enum
import hashlib
import hmac
import json
from datetime import UTC, datetime

from attrs import frozen

__all__ = ["AnswerLink", "LinkAnswer", "StoredLink", "read_token", "sign_link", "token_digest"]

MAX_TOKEN_LENGTH = 500
"""Characters of a token that are looked at; one of ours is shorter."""


class LinkAnswer(enum.Enum):
    """What the person who follows a link says."""

    CANCELED = "canceled"
    """The order is canceled there."""
    REJECTED = "rejected"
    """It cannot be canceled any more."""
    SHIPPED = "shipped"
    """It has left already."""


@frozen
class AnswerLink:
    """What one link says.

    Args:
        attempt: of the case, in which the e-mail with the link was sent.
        expires_at: in whole seconds, UTC.
    """

    case_id: str
    attempt: int
    answer: LinkAnswer
    expires_at: datetime


@frozen
class StoredLink:
    """A link that was put into an e-mail, as the ledger has it: it does not hold the token itself.

    Args:
        used_at: when it, or another one of the same e-mail, was used; None while none was.
    """

    digest: str
    link: AnswerLink
    used_at: datetime | None = None


def sign_link(link: AnswerLink, key: bytes) -> str:
    """The token of a link: letters, digits, `-`, `_` and one dot. The same link gives the same token."""
    payload = [link.case_id, link.attempt, link.answer.value, int(link.expires_at.timestamp())]
    content = json.dumps(payload, separators=(",", ":")).encode()
    return f"{_encoded(content)}.{_encoded(_signature(content, key))}"


def read_token(token: str, key: bytes) -> AnswerLink | None:
    """The link that a token was signed for; None for a token that this key did not sign. Says nothing of its age."""
    if len(token) > MAX_TOKEN_LENGTH or not token.isascii():
        return None
    try:
        content, signature = map(_decoded, token.split("."))
    except (binascii.Error, ValueError):
        return None
    if not hmac.compare_digest(signature, _signature(content, key)):
        return None
    case_id, attempt, answer, expires = json.loads(content)
    link = AnswerLink(case_id, attempt, LinkAnswer(answer), datetime.fromtimestamp(expires, UTC))
    # Of several spellings of the same bytes only one is a link: what is stored is the digest of that.
    return link if sign_link(link, key) == token else None


def token_digest(token: str) -> str:
    """What the ledger keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _signature(content: bytes, key: bytes) -> bytes:
    return hmac.new(key, b"orderdesk answer link\n" + content, hashlib.sha256).digest()


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
