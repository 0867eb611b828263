"""What users and API tokens may be called: their names stand in histories and in the audit log."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from orderdesk_sdk.errors import ValidationError

__all__ = ["clean_identity", "clean_token_name", "clean_user_name"]

MAX_NAME_LENGTH: Final = 100
"""Characters of a name."""
MAX_IDENTITY_LENGTH: Final = 255
"""Characters of a subject or an e-mail address."""
_TOKEN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,49}")
_NOT_A_PERSON = ("token ", "rule ", "link ", "id:")
"""How the names begin of those who act and are no person."""


def clean_user_name(name: str) -> str:
    """A user's name as it is kept: one line, single blanks. Raises ValidationError for one that may not be."""
    kept = " ".join(unicodedata.normalize("NFKC", name).split())
    if not 0 < len(kept) <= MAX_NAME_LENGTH or not kept.isprintable():
        raise ValidationError(f"a user's name has 1 to {MAX_NAME_LENGTH} printable characters", hint="give another one")
    if kept.casefold().startswith(_NOT_A_PERSON):
        raise ValidationError("a user's name may not look like that of a token or rule", hint="give another one")
    return kept


def clean_token_name(name: str) -> str:
    """A token's name. Raises ValidationError for one that may not be."""
    if not _TOKEN_NAME.fullmatch(name):
        raise ValidationError(
            "a token's name has 1 to 50 letters, digits, dots, hyphens and underscores", hint="give another one"
        )
    return name


def clean_identity(identity: str) -> str:
    """How another login names a user. Raises ValidationError for a text that is none."""
    kept = identity.strip()
    if not 0 < len(kept) <= MAX_IDENTITY_LENGTH or not kept.isprintable():
        raise ValidationError(
            f"an identity has 1 to {MAX_IDENTITY_LENGTH} printable characters",
            hint="give the subject or the e-mail address that the other login states",
        )
    return kept
