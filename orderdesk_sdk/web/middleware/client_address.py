"""Where a request comes from, and over which scheme: what a trusted proxy says of it, else the connection's own end."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network

from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["ClientAddress", "client_address", "comes_from_proxy"]

_PROXIED = "orderdesk_from_proxy"
_MAX_HOPS = 20


class ClientAddress:
    """Believes X-Forwarded-For and X-Forwarded-Proto of the proxies in these networks, and of nobody else."""

    def __init__(self, app: ASGIApp, proxies: Sequence[IPv4Network | IPv6Network]) -> None:
        self._app = app
        self._proxies = tuple(proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with `client` and `scheme` as they are at the other end of the proxies."""
        if scope["type"] == "http":
            peer = (scope.get("client") or ("", 0))[0]
            is_proxied = self._is_proxy(peer)
            scope.setdefault("state", {})[_PROXIED] = is_proxied
            if is_proxied:
                scope["client"] = (self._first_untrusted(_values(scope, b"x-forwarded-for"), peer), 0)
                schemes = _values(scope, b"x-forwarded-proto")
                if schemes and schemes[-1] in ("http", "https"):
                    scope["scheme"] = schemes[-1]
        await self._app(scope, receive, send)

    def _first_untrusted(self, hops: Sequence[str], peer: str) -> str:
        """The nearest address that is none of the proxies; each proxy adds the one that it was called by at the end."""
        nearest = peer
        for hop in reversed(hops[-_MAX_HOPS:]):
            try:
                nearest = str(ipaddress.ip_address(hop))
            except ValueError:
                return nearest
            if not self._is_proxy(nearest):
                return nearest
        return nearest

    def _is_proxy(self, address: str) -> bool:
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self._proxies)


def _values(scope: Scope, name: bytes) -> list[str]:
    joined = b",".join(value for header, value in scope["headers"] if header == name)
    return [value.strip() for value in joined.decode("latin-1").split(",") if value.strip()]


def client_address(scope: Scope) -> str:
    """The address of whoever called; "" where the server does not tell."""
    return str((scope.get("client") or ("", 0))[0])


def comes_from_proxy(scope: Scope) -> bool:
    """Whether a trusted proxy brought the request."""
    return bool(scope.get("state", {}).get(_PROXIED))
