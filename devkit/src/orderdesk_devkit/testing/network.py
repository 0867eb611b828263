"""No network: within `no_network()` not even loopback is reached, by whatever library."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn
from unittest.mock import patch

__all__ = ["NetworkUsed", "no_network"]


class NetworkUsed(AssertionError):
    """A replay reached for the network. No OSError: nothing that handles a lost connection shall handle this."""


@contextmanager
def no_network() -> Iterator[list[NetworkUsed]]:
    """Refuse every connection of this process; gives the list of those that were tried, which fills as they are.

    Whoever tries gets a NetworkUsed. The list is for those whose threads keep their errors to themselves.
    """
    tried: list[NetworkUsed] = []

    def refuse(_sock: socket.socket, address: object) -> NoReturn:
        tried.append(NetworkUsed(f"a connection to {address!r} was tried while the network is off"))
        raise tried[-1]

    # Both, and as they are found: pytest-socket may have put guards of its own there, which must come back.
    with patch.object(socket.socket, "connect", refuse), patch.object(socket.socket, "connect_ex", refuse):
        yield tried
