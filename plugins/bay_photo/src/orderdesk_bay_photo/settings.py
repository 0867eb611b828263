"""A customer's account at Bay Photo: its settings, and how it signs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from orderdesk_sdk.plugin import (
    ApiProfile,
    ApiProfileSettings,
    ClientCredentialsAuth,
    HeaderAuth,
    Identity,
    NotStated,
    Secret,
    custom,
    read_acknowledging_profile,
    secret,
    setting,
    settings,
    url,
)

SCOPES = "integrator:order:read integrator:order:write"
TOKEN_LIFETIME_SECONDS = 2 * 60 * 60  # Seconds, by https://order-api.bayphoto.com/docs/order_api/v2.


@settings
class BayPhotoSettings(ApiProfileSettings):
    """What a connection needs. How an order is canceled and read is not in the public part of either API's document.

    V2's scope is worded "requesting order changes or cancellations", so the API profile must be able to poll.
    """

    undocumented: ClassVar[str] = "cancel endpoint"
    hint: ClassVar[str] = "ask Bay Photo for it; until then cancel in their portal or through their support"

    api_version: str = setting(str, help="which order API your account has", choices=("v1", "v2"))
    token: Secret = secret(help="v1: the API token that Bay Photo issued", default=Secret(""))
    client_id: Secret = secret(help="v2: the OAuth client id", default=Secret(""))
    client_secret: Secret = secret(help="v2: the OAuth client secret", default=Secret(""))
    base_url: str = url(help="Bay Photo's API", default="https://order-api.bayphoto.com")
    token_url: str = url(help="v2: its tokens", default="https://order-api.bayphoto.com/oauth/token")
    api: ApiProfile | None = custom(
        read_acknowledging_profile, help="the cancel and read calls, from Bay Photo", default=None
    )
    submit_path: str = setting(str, help="v2: the path that takes new orders, from Bay Photo", default="")
    shipping_code: str = setting(str, help="of new orders, such as FEDEX2; empty: the order's own method", default="")
    return_shipping_id: str = setting(str, help="v1: the return address of new orders; empty: none", default="")
    drop_ship: bool = setting(bool, help="v1: new orders leave without the lab's branding", default=True)
    product_key: str = setting(str, help="the line metadata or variation with the product", default="print_sku")
    image_key: str = setting(str, help="the line metadata or variation with its image's URL", default="print_url")

    def __attrs_post_init__(self) -> None:
        names = ("token",) if self.api_version == "v1" else ("client_id", "client_secret")
        if missing := [name for name in names if not getattr(self, name).reveal()]:
            raise ValueError(f'api_version "{self.api_version}" needs {" and ".join(missing)}, which Bay Photo issues')

    def identities(self) -> Mapping[str, Identity]:
        """What the profile says of its calls. Of the response to a new order nothing is documented."""
        return {**super().identities(), "create": NotStated("Bay Photo documents no response to a new order")}

    def auth(self) -> HeaderAuth | ClientCredentialsAuth:
        """How requests are signed."""
        if self.api_version == "v1":
            return HeaderAuth({"authorization": Secret(f'Token token="{self.token.reveal()}"')})
        return ClientCredentialsAuth(
            self.token_url, self.client_id, self.client_secret, scope=SCOPES, expires_in=TOKEN_LIFETIME_SECONDS
        )
