"""One-time links for the e-mails of a desk: made, written down before the mail leaves, and put into its text."""

from __future__ import annotations

from datetime import UTC

from attrs import frozen

from orderdesk_sdk.cases.answer_links import AnswerLink, LinkAnswer, StoredLink, read_token, sign_link, token_digest
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.clock import Clock, hours
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.connection_settings import (
    secret,
    setting,
    settings,
    settings_fields,
    url,
    validate_number,
)
from orderdesk_sdk.secret import Secret

__all__ = ["AnswerLinkConfig", "AnswerLinks", "EmailLinks", "validate_answer_link_config"]

MIN_SECRET_LENGTH = 32
"""Characters of the secret that links are signed with."""
_WORDS = {
    LinkAnswer.CANCELED: "It is canceled",
    LinkAnswer.REJECTED: "It cannot be canceled any more",
    LinkAnswer.SHIPPED: "It has shipped already",
}


@settings
class AnswerLinkConfig:
    """The `[answer_links]` table: where the page is that the links in e-mails lead to, and how they are signed."""

    page: str = url(help="the page; a link is this, a slash and the token")
    signing_secret: Secret = secret(help=f"at least {MIN_SECRET_LENGTH} characters that only this desk's programs know")
    valid_days: int = setting(int, help="days that a link can be used", default=14, minimum=1, maximum=365)


def validate_answer_link_config(config: AnswerLinkConfig, location: str) -> None:
    """Raises ConfigurationError, with location and hint, for a secret that could be guessed, and a number of days."""
    if len(config.signing_secret.reveal()) < MIN_SECRET_LENGTH:
        raise ConfigurationError(
            f"the secret has fewer than {MIN_SECRET_LENGTH} characters",
            location=f"{location}.signing_secret",
            hint="make one with `python -c 'import secrets; print(secrets.token_urlsafe(32))'`",
        )
    for declared in settings_fields(AnswerLinkConfig):
        if declared.type is int:
            validate_number(declared, getattr(config, declared.name), f"{location}.{declared.name}")


@frozen
class EmailLinks:
    """The links of one e-mail.

    Args:
        text: what is added to the body.
        tokens: what must not be kept of it: whoever has one may answer.
    """

    text: str
    tokens: tuple[str, ...]

    def hide_in(self, text: str) -> str:
        """A text of the mail as it may be kept."""
        for token in self.tokens:
            text = text.replace(token, "[one-time link]")
        return text


class AnswerLinks:
    """The one-time links of a desk."""

    def __init__(self, config: AnswerLinkConfig, ledger: Ledger, clock: Clock) -> None:
        self._config = config
        self._key = config.signing_secret.reveal().encode()
        self._ledger = ledger
        self._clock = clock

    def for_email(self, sending_case: CancelCase) -> EmailLinks:
        """The links of the e-mail that a case sends in its present attempt; they are in the ledger then."""
        now = self._clock.now()
        ends = (now + hours(24 * self._config.valid_days)).astimezone(UTC).replace(microsecond=0)
        links = [AnswerLink(sending_case.id, sending_case.attempt, answer, ends) for answer in LinkAnswer]
        tokens = {link.answer: sign_link(link, self._key) for link in links}
        stored = [StoredLink(token_digest(tokens[link.answer]), link) for link in links]
        self._ledger.record_links(stored, now)
        base = self._config.page.rstrip("/")
        lines = [f"{_WORDS[answer]}:\n{base}/{token}" for answer, token in tokens.items()]
        head = f"To answer, open one of these links. Each works once, until {ends:%Y-%m-%d %H:%M} UTC."
        return EmailLinks("\n\n".join([head, *lines]), tuple(tokens.values()))

    def find(self, token: str) -> StoredLink | None:
        """The link that a token is; None for one that was not signed here, or never put into an e-mail."""
        link = read_token(token, self._key)
        return self._ledger.find_link(token_digest(token)) if link is not None else None
