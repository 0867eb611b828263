"""Hosts and URLs as they are configured: read whole when the file is read, so that no call meets an odd one. Pure."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import unquote, urlsplit

from orderdesk_sdk.errors import ConfigurationError

__all__ = ["is_loopback", "read_base_url", "read_folder_url", "read_host"]

_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")
_SUBDOMAINS = re.compile(r"https://\*((\.[A-Za-z0-9-]+){2,})/?", re.IGNORECASE)
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:]+)(:[0-9]{1,5})?")
MAX_URL_LENGTH = 2000
"""Characters of a URL."""


def read_host(value: object, location: str) -> str:
    """The name of a server or its IP address, in IPv6 without brackets.

    Raises ConfigurationError that does not show the value: it may hold a password.
    """
    if not isinstance(value, str) or not _is_host(value):
        raise ConfigurationError(
            "this is not the name of a host, nor an IP address",
            location=location,
            hint='write it as "smtp.example.com", without a scheme, a port or a login; other letters as xn--...',
        )
    return value


def read_base_url(value: object, location: str, *, insecure: bool = False) -> str:
    """A base URL, or `https://*.example.com`, without a slash at its end.

    Args:
        insecure: http may go to another machine.

    Raises ConfigurationError that does not show the value, as above.
    """
    hint = 'write it as "https://api.example.com/v1"'
    if not isinstance(value, str) or not re.match(r"https?://[^/\s]+", value, re.IGNORECASE):
        raise ConfigurationError("must be a URL that begins with https:// or http://", location=location, hint=hint)
    if "*" in value:
        found = _SUBDOMAINS.fullmatch(value)
        if found is None or not _is_host(found[1][1:]):
            text = "a * stands for all subdomains of a name, over https"
            raise ConfigurationError(text, location=location, hint='write it as "https://*.example.com"')
        return value.lower().rstrip("/")
    host, wrong = _split_authority(value)
    if wrong is not None:
        raise ConfigurationError(f"this URL cannot be called: {wrong}", location=location, hint=hint)
    if not insecure and value.lower().startswith("http:") and not is_loopback(host):
        raise ConfigurationError(
            "http:// sends credentials and orders in clear to another machine",
            location=location,
            hint="write https://, or, for a connection in a network that you trust, insecure = true in its table",
        )
    scheme, _, rest = value.partition("//")
    authority, slash, path = rest.partition("/")
    return f"{scheme}//{authority}".lower() + f"{slash}{path}".rstrip("/")


def read_folder_url(value: object, location: str) -> str:
    """The URL of a folder for files, `sftp://host/folder` or `file:///folder`, without a slash at its end.

    http:// leads to this machine only: to a simulator, which answers as the transports of files do.

    Raises ConfigurationError that does not show the value, as above.
    """
    hint = 'write it as "sftp://files.example.com/folder", or "file:///srv/folder"'
    scheme, _, rest = value.partition("://") if isinstance(value, str) else ("", "", "")
    if not isinstance(value, str) or scheme.lower() not in ("sftp", "file", "http"):
        raise ConfigurationError("must be a URL that begins with sftp:// or file://", location=location, hint=hint)
    authority, slash, path = rest.partition("/")
    is_file = scheme.lower() == "file"
    # A file URL has no host; one stands in for it, so that the rest is judged as that of any other.
    host, wrong = _split_authority(f"{scheme}://{authority}{'localhost' if is_file and not authority else ''}/{path}")
    if wrong is None and is_file and (authority or not path.strip("/")):
        wrong = "file:/// and the path of a folder of this machine were expected"
    if wrong is None and ("//" in path or {".", ".."} & set(unquote(path).split("/"))):
        wrong = "its path has an empty part, or one of nothing but dots"
    if wrong is None and scheme.lower() == "http" and not is_loopback(host):
        wrong = "by http:// only a simulator on this machine is called"
    if wrong is not None:
        raise ConfigurationError(f"this URL leads to no folder: {wrong}", location=location, hint=hint)
    return f"{scheme}://{authority}".lower() + f"{slash}{path}".rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its name or address alone."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split_authority(url: str) -> tuple[str, str | None]:
    """The host of a URL, and what is wrong with the URL; None where nothing is."""
    if len(url) > MAX_URL_LENGTH or not url.isprintable() or re.search(r"[\s\\]", url):
        return "", "it has a blank, a backslash or a control character, or is too long"
    if "?" in url or "#" in url:
        return "", "paths are put behind it, so it has no query and no fragment"
    authority = url.partition("//")[2].partition("/")[0]
    if "@" in authority:
        return "", "it holds a login; a login is a setting of its own"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "", "its host or its port cannot be one"
    bare = not authority.startswith("[")
    if port == 0 or bare == (":" in host) or not (_is_host(host) and _AUTHORITY.fullmatch(authority)):
        return "", "its host or its port cannot be one"
    return host, None


def _is_host(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        labels = text.removesuffix(".").split(".")
        # A name whose last part is a number would be taken for an address (RFC 3696, 2).
        return len(text) <= 253 and all(map(_is_label, labels)) and not re.fullmatch(r"[0-9]+|0[xX].*", labels[-1])
    return "%" not in text


def _is_label(label: str) -> bool:
    if not _LABEL.fullmatch(label):
        return False
    if not label.lower().startswith("xn--"):
        return True
    try:
        return bool(label.encode("ascii").decode("idna"))
    except UnicodeError:
        return False
