"""Settings of a connection to OIA Global, and the e-mail that they make."""

from __future__ import annotations

from orderdesk_sdk.plugin import custom, parse_address, read_address, read_template, setting, settings

__all__ = ["OiaSettings"]

SUBJECT = "Please cancel order {order_number}"
BODY = """Please cancel our order {order_number} (at OIA Global: {remote_id}), all of it, and answer whether it is
canceled or ships. It was submitted {submitted_at} and ships to {ship_to}.

{lines}

Reason: {reason}. Requested by {requested_by}."""


@settings
class OiaSettings:
    """What a connection needs. No address for cancellations is published, so it is asked for and never guessed."""

    client_code: str = setting(str, help="your client code at OIA Global; it stands in every mail")
    mode: str = setting(str, help="test or production, as at OIA Global", choices=("test", "production"))
    cancel_email_to: str = custom(read_address, help="where OIA Global takes cancellations; ask your contact there")
    test_email_to: str = custom(read_address, help="your own address, which gets the mails in mode test", default="")
    cancel_email_subject: str = custom(read_template, help="of that e-mail", default=SUBJECT)
    cancel_email_body: str = custom(read_template, help="of that e-mail", default=BODY)

    def __attrs_post_init__(self) -> None:
        if self.mode == "test" and not (self.test_email_to and self._has_own_test_mailbox()):
            raise ValueError(
                'mode "test" needs test_email_to, an address of your own: OIA Global must not get test mails'
            )

    def _has_own_test_mailbox(self) -> bool:
        own, theirs = (parse_address(to, "").addr_spec for to in (self.test_email_to, self.cancel_email_to))
        return own.casefold() != theirs.casefold()

    @property
    def recipient(self) -> str:
        """Who gets the mail."""
        return self.test_email_to if self.mode == "test" else self.cancel_email_to

    @property
    def subject(self) -> str:
        """The template of the subject; it says so in mode test."""
        return (
            f"TEST, cancels nothing: {self.cancel_email_subject}" if self.mode == "test" else self.cancel_email_subject
        )

    @property
    def body(self) -> str:
        """The template of the body, which begins with the client code."""
        code = self.client_code.replace("{", "{{").replace("}", "}}")
        return f"Client code: {code}\n\n{self.cancel_email_body}"
