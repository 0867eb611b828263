"""Which hosts a connection may call: those of its `host` settings, and no other."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

import httpx

__all__ = ["AllowedOrigins"]

_WILDCARD = "https://*."
_PORTS = {"https": 443, "http": 80}


class AllowedOrigins:
    """The origins of `host` settings; of one that reads `https://*.example.com`, every subdomain over https."""

    def __init__(self, urls: Iterable[str]) -> None:
        given = tuple(urls)
        self.secure = any(url.startswith("https:") for url in given)
        """Whether any of them is called over TLS."""
        self._origins = frozenset(_origin(url) for url in given if not url.startswith(_WILDCARD))
        self._suffixes = tuple(url.removeprefix("https://*").lower() for url in given if url.startswith(_WILDCARD))

    def allow(self, url: httpx.URL, *, signed: bool) -> bool:
        """Whether a request may go to this URL.

        Args:
            signed: whether it carries the connection's credentials. These go to hosts that are named in full only, for
                anybody may own a subdomain where many have theirs.
        """
        # As httpx reads it, and so as it is called; in ASCII, as the setting has it.
        scheme, name = url.scheme, url.raw_host.decode("ascii")
        port = url.port or _PORTS.get(scheme)
        if (scheme, name, port) in self._origins:
            return True
        return not signed and (scheme, port) == ("https", 443) and name.endswith(self._suffixes)


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme)
