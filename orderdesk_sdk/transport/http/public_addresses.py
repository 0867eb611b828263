"""Which URLs a client of some reach may be given, and which addresses it may connect to.

Whoever writes orderdesk.toml owns the machine, so connections of that file go anywhere. What a person fills in at run
time (a connection, an endpoint for events) must not reach the network that this machine stands in: there are databases,
routers and the metadata of a cloud, which hands out its credentials. Names say nothing about that, and what a name
resolves to may change between two look-ups, so the address is judged that is connected to.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.urls import read_base_url, read_folder_url
from orderdesk_sdk.transport.http.reach import Reach

__all__ = ["is_public", "may_connect", "require_reachable_url"]

HTTPS_PORT = 443
SFTP_PORT = 22
_IPv4 = ipaddress.IPv4Address
_IPv6 = ipaddress.IPv6Address

_NOT_PUBLIC_IPV4 = tuple(
    ipaddress.IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # This host.
        "10.0.0.0/8",  # Private.
        "100.64.0.0/10",  # Behind a provider's address translation.
        "127.0.0.0/8",  # Loopback.
        "168.63.129.16/32",  # Azure's own service for its machines, which looks public.
        "169.254.0.0/16",  # Link-local; 169.254.169.254 is the metadata of most clouds.
        "172.16.0.0/12",  # Private.
        "192.0.0.0/24",  # Protocol assignments; 192.0.0.192 is the metadata of a cloud.
        "192.0.2.0/24",  # Documentation.
        "192.31.196.0/24",  # AS112.
        "192.52.193.0/24",  # Multicast tunnels.
        "192.88.99.0/24",  # Relays of 6to4.
        "192.168.0.0/16",  # Private.
        "192.175.48.0/24",  # AS112.
        "198.18.0.0/15",  # Benchmarks.
        "198.51.100.0/24",  # Documentation.
        "203.0.113.0/24",  # Documentation.
        "224.0.0.0/4",  # Multicast.
        "240.0.0.0/4",  # Reserved, and broadcast.
    )
)
"""The IANA registry of IPv4 special-purpose addresses, and what clouds keep beside it."""

_GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")
"""The only addresses of IPv6 that are given out as global: all else is local, multicast, mapped or reserved."""
_NOT_PUBLIC_IPV6 = tuple(
    ipaddress.IPv6Network(block)
    for block in (
        "2001::/23",  # Protocol assignments, Teredo among them, which carries an IPv4 address.
        "2001:db8::/32",  # Documentation.
        "2002::/16",  # 6to4, which carries an IPv4 address, and is deprecated.
        "2620:4f:8000::/48",  # AS112.
        "3fff::/20",  # Documentation.
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet, that belongs to no private network, machine or cloud.

    False for a text that is no IP address, and for one with a zone (`fe80::1%eth0`).
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, _IPv6):
        carried = _carried_ipv4(parsed)
        if carried is None:
            inside = parsed in _GLOBAL_IPV6 and parsed.scope_id is None
            return inside and not any(parsed in block for block in _NOT_PUBLIC_IPV6)
        parsed = carried
    return not any(parsed in block for block in _NOT_PUBLIC_IPV4)


def may_connect(reach: Reach, scheme: str, address: str) -> bool:
    """Whether a connection of this reach may be made to an IP address, as a look-up gave it."""
    if reach is Reach.ANYWHERE:
        return True
    if reach is Reach.SANDBOX and _is_loopback(address):
        return True
    return scheme in ("https", "sftp") and is_public(address)


def require_reachable_url(
    url: str, location: str, reach: Reach, ports: Collection[int] = (), *, of_files: bool = False
) -> str:
    """A URL that a client of this reach may be given, as `read_base_url` or `read_folder_url` gives it.

    What its name resolves to is judged when it is connected to.

    Args:
        ports: besides 443, or 22 by SFTP, for reaches other than ANYWHERE.
        of_files: it is that of a folder.

    Raises ConfigurationError that does not show the URL: it may hold a secret.
    """
    read = (
        read_folder_url(url, location) if of_files else read_base_url(url, location, insecure=reach is Reach.ANYWHERE)
    )
    secure, port = ("sftp", SFTP_PORT) if of_files else ("https", HTTPS_PORT)
    if reach is Reach.ANYWHERE:
        return read
    parts = urlsplit(read)
    host = (parts.hostname or "").rstrip(".")
    is_own = host == "localhost" or host.endswith(".localhost") or _is_loopback(host)
    if is_own and reach is Reach.SANDBOX:
        return read
    if parts.scheme != secure:
        raise ConfigurationError(
            f"what is configured at run time is called by {secure} alone", location=location, hint=f"write {secure}://"
        )
    if is_own or (_is_address(host) and not is_public(host)):
        raise ConfigurationError(
            "the URL leads into a private network or to this machine",
            location=location,
            hint="give a public host; a service in your own network belongs into orderdesk.toml",
        )
    if (parts.port or port) not in {port, *ports}:
        raise ConfigurationError(
            f"the port {parts.port} is not allowed",
            location=location,
            hint="leave it out, or let whoever owns orderdesk.toml allow the port",
        )
    return read


def _carried_ipv4(address: _IPv6) -> _IPv4 | None:
    """The IPv4 address that is connected to in truth; None where the IPv6 address itself is."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return _IPv4(int(address) & 0xFFFFFFFF) if address in _NAT64 else None


def _is_loopback(host: str) -> bool:
    try:
        parsed = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, _IPv6) else None
    return (mapped or parsed).is_loopback


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
