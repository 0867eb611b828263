"""The credentials of a connection that has `RefreshTokenSettings`, declared in one line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from orderdesk_sdk.plugin.connection_settings import RefreshTokenSettings

if TYPE_CHECKING:
    from orderdesk_sdk.plugin.oauth import RefreshTokenAuth

__all__ = ["refresh_token_auth"]


def refresh_token_auth(
    token_url: str,
    *,
    header: str | None = None,
    date_header: str | None = None,
    expires_in: int | None = None,
    rotates: bool = False,
) -> Callable[[RefreshTokenSettings], RefreshTokenAuth]:
    """What `Integration.auth` takes for `RefreshTokenSettings`.

    Args:
        token_url: the name of the setting with that URL.
    """

    def auth(its: RefreshTokenSettings) -> RefreshTokenAuth:
        from orderdesk_sdk.plugin.oauth import RefreshTokenAuth

        login = (getattr(its, token_url), its.refresh_token, its.client_id, its.client_secret)
        return RefreshTokenAuth(*login, header=header, date_header=date_header, expires_in=expires_in, rotates=rotates)

    return auth
