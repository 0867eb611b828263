"""Mail addresses as they are configured: exactly one, in a form that every mail server takes. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from orderdesk_sdk.errors import ConfigurationError

if TYPE_CHECKING:
    from email.headerregistry import Address

__all__ = ["parse_address", "read_address"]

MAX_LENGTH = 320
"""Characters of an address with the name before it."""
_DOMAIN = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*|\[(IPv6:)?[0-9A-Fa-f:.]{2,45}\]")
EXAMPLE = 'write it as "orders@example.com" or "Shop <orders@example.com>"'


def read_address(value: object, location: str) -> str:
    """A text that holds exactly one address, as configured. Raises ConfigurationError with place and hint."""
    parse_address(value, location)
    return str(value)


def parse_address(value: object, location: str) -> Address:
    """The one address of a text; `addr_spec` is what a server is told. Raises ConfigurationError as `read_address`."""
    from email.headerregistry import Address  # Slow to import, for those who have no address to read.
    from email.policy import SMTP

    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError("an e-mail address was expected", location=location, hint=EXAMPLE)
    if len(value) > MAX_LENGTH:
        raise ConfigurationError(f"the address is longer than {MAX_LENGTH} characters", location=location, hint=EXAMPLE)
    if "=?" in value:
        text = "the address has an encoded word (=?...?=), which a mail program may read as something else"
        raise ConfigurationError(text, location=location, hint=f"write the name as it is read; {EXAMPLE}")
    if not value.isprintable():
        raise ConfigurationError("the address has a line break or control character", location=location, hint=EXAMPLE)
    try:
        header = SMTP.header_factory("To", value)
        found = header.addresses
    except Exception:  # noqa: BLE001 - the standard parser fails in many ways on odd texts: IndexError for "a@", say
        raise ConfigurationError(f"{value!r} is not an e-mail address", location=location, hint=EXAMPLE) from None
    if len(found) != 1 or header.groups[0].display_name is not None:
        raise ConfigurationError(
            f"exactly one address was expected, not {len(found)}",
            location=location,
            hint=f"{EXAMPLE}; for several people give the address of a list",
        )
    (address,) = found
    whole = f"{address.display_name}{address.addr_spec}"
    if header.defects or not address.username or "=?" in whole or not whole.isprintable():
        raise ConfigurationError(f"{value!r} is not an e-mail address", location=location, hint=EXAMPLE)
    if address.domain.isascii() and not _DOMAIN.fullmatch(address.domain):
        raise ConfigurationError(f"{value!r} is not an e-mail address", location=location, hint=EXAMPLE)
    if not address.addr_spec.isascii():
        raise ConfigurationError(
            "the address has letters outside ASCII, which many mail servers refuse",
            location=location,
            hint="write its domain in the ASCII form (xn--...); the name before the address may have any letters",
        )
    return Address(address.display_name.strip(), address.username, address.domain)
