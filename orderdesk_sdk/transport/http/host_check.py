"""Whether a host can be connected to: its name looked up, its address allowed, its certificate sound. Sends nothing."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx

from orderdesk_sdk.transport.http.connection import Origin, open_connection
from orderdesk_sdk.transport.http.deadline import CallTimes
from orderdesk_sdk.transport.http.pool import tls_context
from orderdesk_sdk.transport.http.reach import Reach

__all__ = ["connect_failure"]

_PORTS = {"http": 80, "https": 443}


def connect_failure(url: str, reach: Reach, timeout: float) -> str | None:
    """What keeps a connection to the host of a URL from being made; None where it was made, and closed again.

    Args:
        timeout: seconds.
    """
    parts = urlsplit(url)
    origin = Origin(parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme])
    times = CallTimes({"timeout": {"connect": timeout}})
    try:
        open_connection(origin, tls_context() if origin.scheme == "https" else None, times, reach).close()
    except httpx.TransportError as error:
        return str(error)
    return None
