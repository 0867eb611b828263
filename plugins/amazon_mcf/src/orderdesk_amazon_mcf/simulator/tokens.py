"""The one client that the simulated Login with Amazon knows, and its seller's refresh token."""

from __future__ import annotations

from orderdesk_devkit.simulators.refresh_tokens import RefreshTokens

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN", "tokens"]

CLIENT_ID = "amzn1.application-oa2-client.simulated"
CLIENT_SECRET = "simulated-client-secret"
REFRESH_TOKEN = "Atzr|simulated-refresh-token"


def tokens(seed: str) -> RefreshTokens:
    """The tokens that this client is given."""
    return RefreshTokens(
        seed, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, refresh_token=REFRESH_TOKEN, prefix="Atza|"
    )
