"""The credentials of a connection whose files go by SFTP: a login, and the keys by which its server is known."""

from __future__ import annotations

from collections.abc import Collection, Generator

import httpx

from orderdesk_sdk.secret import Secret

__all__ = ["SftpLogin"]


class SftpLogin(httpx.Auth):
    """Opens the connections to an SFTP server, and puts nothing on a request.

    Args:
        host_keys: the fingerprints (SHA256:...) of its keys; a server that shows another one is not spoken to.
        password, private_key: one of them may be empty; of both the key is used.
    """

    def __init__(
        self,
        user: str,
        host_keys: Collection[str],
        *,
        password: Secret,
        private_key: Secret,
    ) -> None:
        self.user = user
        self.host_keys = frozenset(host_keys)
        self.password = password
        self.private_key = private_key

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        yield request
