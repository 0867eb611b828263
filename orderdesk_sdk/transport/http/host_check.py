"""Whether a host can be connected to: its name looked up, its address allowed, its certificate or key sound.

Nothing is sent but the login by SFTP.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx

from orderdesk_sdk.plugin.sftp_auth import SftpLogin
from orderdesk_sdk.transport.http.connection import Origin, open_connection
from orderdesk_sdk.transport.http.deadline import CallTimes
from orderdesk_sdk.transport.http.files.connection import open_files
from orderdesk_sdk.transport.http.pool import tls_context
from orderdesk_sdk.transport.http.reach import Reach

__all__ = ["connect_failure"]

_PORTS = {"http": 80, "https": 443, "sftp": 22}


def connect_failure(url: str, reach: Reach, timeout: float, login: SftpLogin | None = None) -> str | None:
    """What keeps a connection to the host of a URL from being made; None where it was made, and closed again.

    Args:
        timeout: seconds.
        login: with which an SFTP server is logged in to.

    Raises ConfigurationError where that shows another key than it should, or rejects the login.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return None if Path(unquote(parts.path)).is_dir() else "there is no such folder on this machine"
    origin = Origin(parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme])
    times = CallTimes({"timeout": {"connect": timeout}})
    try:
        if origin.scheme == "sftp":
            open_files(origin, login, times, reach).close()
            return None
        open_connection(origin, tls_context() if origin.scheme == "https" else None, times, reach).close()
    except httpx.TransportError as error:
        return str(error)
    return None
