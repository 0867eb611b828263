"""A blueprint: the plugin that is to be made, by slug and by the kinds of its service. Pure."""

from __future__ import annotations

import re
from enum import StrEnum

from orderdesk_sdk.errors import ValidationError

__all__ = ["Api", "Auth", "Cancel", "PluginTemplate"]

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")  # As `declaration.SLUG`, which is too heavy for `orderdesk --help`.
_LONGEST, _LONGEST_TITLE = 28, 40
"""Characters of a slug, and of a title; beyond these, lines of the plugin would grow too long."""


class Cancel(StrEnum):
    """How the service cancels."""

    BUTTON = "button"
    """A call asks, and what is polled is the answer."""
    FINAL = "final"
    """A call cancels, and its response is the last word."""
    TWO_STEP = "two-step"
    """A call voids the label, for good, and only then another asks to cancel."""
    WINDOW_EMAIL = "window-email"
    """The button for two minutes after the order was submitted, then an e-mail."""
    EMAIL = "email"
    """An e-mail and nothing else; no call is made."""
    REASONS = "reasons"
    """The button, with a reason of the service's list."""
    RULE = "rule"
    """The button, which rules may press too."""


DESCRIPTIONS = {
    Cancel.BUTTON: "a button asks to cancel, and what is polled is the answer.",
    Cancel.FINAL: "a button cancels, and its response is the last word.",
    Cancel.TWO_STEP: "a button voids the label, then asks; what is polled is the answer.",
    Cancel.WINDOW_EMAIL: "for two minutes a button asks to cancel, after them an e-mail does.",
    Cancel.EMAIL: "an e-mail asks to cancel, and a person says what came of it.",
    Cancel.REASONS: "a button asks, for a reason of a list; what is polled is the answer.",
    Cancel.RULE: "a button or a rule asks to cancel, and what is polled is the answer.",
}


class Api(StrEnum):
    """What the service speaks."""

    REST = "rest"
    """JSON, a path for each order."""
    GRAPHQL = "graphql"
    """Queries and mutations, all at one path."""
    SOAP = "soap"
    """XML in envelopes, all at one path."""


class Auth(StrEnum):
    """How requests are signed."""

    BEARER = "bearer"
    """A token that does not change."""
    BASIC = "basic"
    """User and password."""
    OAUTH2 = "oauth2"
    """Tokens that are fetched with the client's credentials."""
    HMAC = "hmac"
    """A signature of each request."""


class PluginTemplate:
    """What is to be made; its names are those that `orderdesk check-plugin` asks for.

    Args:
        title: for people; None makes it of the slug.
        auth: None where no call is made, else a bearer token.
        api: None where no call is made, else REST.
        webhook: whether the service sends messages about its orders.

    Raises ValidationError for a slug or title that cannot be one, and for kinds that do not go together.
    """

    def __init__(
        self,
        slug: str,
        cancel: Cancel = Cancel.BUTTON,
        auth: Auth | None = None,
        title: str | None = None,
        *,
        api: Api | None = None,
        webhook: bool = False,
    ) -> None:
        _check_slug(slug)
        if cancel is Cancel.EMAIL:
            _check_email_alone(auth, api, webhook=webhook)
        if cancel is Cancel.TWO_STEP and api not in (None, Api.REST):
            raise ValidationError(
                f"two steps are written for REST only, not for {api.value}",
                location="--cancel two-step",
                hint=f"take --api {api.value} with --cancel button, and add the step as the page on prior steps shows",
            )
        self.slug = slug
        self.cancel = cancel
        self.auth = auth or (Auth.BEARER if cancel is not Cancel.EMAIL else None)
        self.api = api or (Api.REST if cancel is not Cancel.EMAIL else None)
        self.webhook = webhook
        self.title = _title(title) if title is not None else _words(slug)

    @property
    def distribution(self) -> str:
        """The name to install it by; also that of its folder, unless told otherwise."""
        return f"orderdesk-{self.slug}"

    @property
    def package(self) -> str:
        """The name to import it by."""
        return f"orderdesk_{self.slug.replace('-', '_')}"

    @property
    def name(self) -> str:
        """What its classes begin with: in the title's capitals, where it says what the slug says."""
        words = re.findall(r"[A-Za-z0-9]+", self.title)
        name = "".join(word[0].upper() + word[1:] for word in words)
        if name.lower() != self.slug.replace("-", ""):
            name = "".join(word.capitalize() for word in self.slug.split("-"))
        return name if name[0].isalpha() else f"The{name}"

    @property
    def variable(self) -> str:
        """What the environment variables of its secrets begin with."""
        name = self.slug.replace("-", "_").upper()
        return name if name[0].isalpha() else f"THE_{name}"

    @property
    def description(self) -> str:
        """How it cancels, in a sentence."""
        return DESCRIPTIONS[self.cancel]

    @property
    def folders(self) -> tuple[str, ...]:
        """What its folder may be called: beside other repositories, or below plugins/."""
        return self.distribution, self.slug.replace("-", "_"), self.slug


def _check_email_alone(auth: Auth | None, api: Api | None, *, webhook: bool) -> None:
    """Raises ValidationError for a kind that needs calls, beside the one that makes none."""
    given = {"--auth": auth is not None, "--api": api is not None, "--webhook": webhook}
    wrong = [option for option, is_given in given.items() if is_given]
    if wrong:
        raise ValidationError(
            f"a plugin that only writes e-mails makes no call, so {' and '.join(wrong)} would mean nothing",
            location="--cancel email",
            hint=f"leave {' and '.join(wrong)} out, or take --cancel window-email for a button before the e-mail",
        )


def _check_slug(slug: str) -> None:
    if not _SLUG.fullmatch(slug) or len(slug) > _LONGEST:
        made = re.sub(r"[^a-z0-9]+", "-", slug.lower()).strip("-")[:_LONGEST].strip("-")
        raise ValidationError(
            f"{slug!r} cannot name an integration",
            location="SLUG",
            hint=f"write lower-case words joined by hyphens, at most {_LONGEST} characters: {made or 'my-3pl'}",
        )
    if slug == "sdk":
        raise ValidationError(
            "orderdesk-sdk is the SDK itself", location="SLUG", hint="name it after the service: my-3pl"
        )


def _title(given: str) -> str:
    title = given.strip()
    if not title or len(title) > _LONGEST_TITLE or not title.isprintable() or set(title) & set("\"\\{}'"):
        raise ValidationError(
            f"{given!r} cannot be a title",
            location="--title",
            hint=f"write the service's name, in at most {_LONGEST_TITLE} characters, no quote, brace or backslash",
        )
    return title


def _words(slug: str) -> str:
    """`My 3PL` of my-3pl: a word with a digit in it is an abbreviation."""
    return " ".join(word.upper() if re.search(r"\d", word) else word.capitalize() for word in slug.split("-"))
