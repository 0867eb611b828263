"""Which hosts and folders a connection may call: those of its `url` and `folder_url` settings, and no other."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

import httpx

__all__ = ["AllowedOrigins"]

_WILDCARD = "https://*."
_PORTS = {"https": 443, "http": 80, "sftp": 22}
_FOLDERS = ("sftp:", "file:")


class AllowedOrigins:
    """The origins of these settings; of a folder, what lies below it; of `https://*.example.com`, every subdomain."""

    def __init__(self, urls: Iterable[str]) -> None:
        given = tuple(urls)
        self.secure = any(url.startswith("https:") for url in given)
        """Whether any of them is called over TLS."""
        self._origins = frozenset(_origin(url) for url in given if not url.startswith(_WILDCARD))
        folders = [url for url in given if url.startswith(_FOLDERS)]
        self._folders = tuple((_origin(url), unquote(urlsplit(url).path).rstrip("/") + "/") for url in folders)
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
            return f"{scheme}:" not in _FOLDERS or self._is_in_folder((scheme, name, port), url.path)
        return not signed and (scheme, port) == ("https", 443) and name.endswith(self._suffixes)

    def _is_in_folder(self, origin: tuple[str, str, int | None], path: str) -> bool:
        is_plain = not {".", ".."} & set(path.split("/"))
        return is_plain and any(origin == known and path.startswith(folder) for known, folder in self._folders)


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme)
