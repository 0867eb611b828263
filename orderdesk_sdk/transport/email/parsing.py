"""Mail that came in: what a person files as a service's answer, read without trusting any of it. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from datetime import datetime

from attrs import frozen

from orderdesk_sdk.cases.evidence import MailIn
from orderdesk_sdk.errors import InputError
from orderdesk_sdk.plugin.toolkit.templates import one_line
from orderdesk_sdk.transport.email.automatic import addresses_in, why_automatic
from orderdesk_sdk.transport.email.dates import moment_of
from orderdesk_sdk.transport.email.parts import Mail, headers, take_apart, text_of, unfit

__all__ = ["EXCERPT", "LONGEST", "Letter", "read_mail"]

EXCERPT = 2000
"""Characters of its text that are kept as evidence."""
LONGEST = 250
"""Characters of a header that are kept."""
LONGEST_TEXT = 200_000
"""Characters of its text that are looked at."""
WORD = "if a person told you, give your own word: leave the message away, and say in the note how you know"

_IDENTITY = re.compile(r"<[!-;=?-~]{1,240}>")
_SMALL = re.compile(r"[0-9]{1,3}|(19|20)[0-9]{2}")
"""Numbers that stand in mails as days, quantities and years: one counts where it is called an order's."""
_CALLED = r"(?:#|\b(?:n[or]|number|nummer|order|bestellung|commande|po)\b)[\s.:#]{0,3}"


@frozen
class Letter:
    """A mail that came in, read whole.

    mail: as evidence; whose answer it is is for the reader to find out. text: on one line, cleaned. addresses: of who
    wrote it. answered: the Message-IDs that it names, the one that it answers first, then its thread, latest first.
    """

    mail: MailIn
    text: str
    addresses: tuple[str, ...]
    answered: tuple[str, ...]

    def names(self, numbers: Iterable[str]) -> str | None:
        """The first of these numbers that stands in its subject or text by itself; None where none does."""
        told = f"{self.mail.subject} \n {self.text}"
        return next((number for number in numbers if number and _by_itself(number).search(told)), None)


def _by_itself(number: str) -> re.Pattern[str]:
    """A number that is no part of a longer one: 1042 is neither in 10420 nor in 1042-1, and is in "PO-1042."."""
    before = _CALLED if _SMALL.fullmatch(number) else r"(?<!\w)(?<!\d[-./_])"
    return re.compile(rf"{before}{re.escape(one_line(number))}(?!\w)(?![-./_]\w)", re.IGNORECASE)


def read_mail(raw: bytes, clean: Callable[[str], str]) -> Letter:
    """A mail as a person filed it. clean: takes secrets out of a text.

    Raises InputError for what is too large, is no mail with a sender, a date and a text, or was written by no person.
    """
    try:
        return _read(take_apart(raw), raw, clean)
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001 - on junk the library raises many kinds, and junk is the mail's fault
        raise unfit(f"the mail cannot be read: {type(error).__name__}") from None


def _read(mail: Mail, raw: bytes, clean: Callable[[str], str]) -> Letter:
    def header(name: str) -> str:
        return clean(one_line(headers(mail, name)[0]))[:LONGEST] if headers(mail, name) else ""

    sender = header("From")
    if not sender:
        raise unfit("the mail does not say who wrote it or when, so it proves nothing")
    if len(headers(mail, "From")) > 1:
        raise unfit("the mail names two senders, so nobody can tell who wrote it")
    automatic = why_automatic(mail)
    if automatic is not None:
        said = clean(one_line(automatic))
        raise unfit(f"no person wrote this mail ({said}), so it is no evidence", f"wait for a person's answer; {WORD}")
    at = _date(mail, clean)
    addresses = tuple(addresses_in(mail, "From"))
    answered = tuple(dict.fromkeys((*_identities(mail, "In-Reply-To"), *reversed(_identities(mail, "References")))))
    own = next(iter(_identities(mail, "Message-ID")), None)
    subject = header("Subject")
    text = clean(" ".join(one_line(text_of(mail)[:LONGEST_TEXT]).split()))
    if not text:
        raise unfit("the mail has no text")
    kept = MailIn(sender, subject, at, hashlib.sha256(raw).hexdigest(), clean(own) if own is not None else None)
    return Letter(kept, text, addresses, answered)


def _date(mail: Mail, clean: Callable[[str], str]) -> datetime:
    said = headers(mail, "Date")
    at = moment_of(said[0]) if len(said) == 1 else None
    if at is None:
        what = f"its Date, {clean(one_line(said[0]))[:60]!r}, is no moment" if len(said) == 1 else f"it has {len(said)}"
        raise unfit(f"the mail does not say when it was written, so it proves nothing: {what}")
    return at


def _identities(mail: Mail, name: str) -> list[str]:
    """The Message-IDs in a header, which may be long: a thread has many."""
    values = (str(value) for found, value in mail.raw_items() if found.lower() == name.lower())
    return [identity for value in values for identity in _IDENTITY.findall(value)]
