"""A brand's account at a print company's Site Flow: its settings, and how it signs."""

from __future__ import annotations

from orderdesk_sdk.plugin import (
    HmacAuth,
    PostbackProfile,
    Secret,
    host,
    parsed,
    read_postback_profile,
    secret,
    setting,
    settings,
)


@settings
class SiteFlowSettings:
    """What a connection needs. Host: https://hpsiteflow.com/docs/siteflow/order-endpoints.html."""

    token: Secret = secret(help="the API token of your source account")
    api_secret: Secret = secret(help="the API secret that belongs to the token")
    source_account: str = setting(str, help="the name of your source account, the brand, at Site Flow")
    destination: str = setting(str, help="the name of the print company's account, for new orders")
    base_url: str = host(help="Site Flow's API", default="https://pro-api.oneflowcloud.com/api")
    component_code: str = setting(str, help="the component code of your products, for new orders", default="")
    carrier_alias: str = setting(str, help="of new orders; empty: the order's own shipping method", default="")
    artwork_key: str = setting(str, help="the line metadata with the URL of its artwork", default="print_url")
    postback_token: Secret = secret(help="the token that your triggers send; empty: none are read", default=Secret(""))
    postback: PostbackProfile | None = parsed(read_postback_profile, help="your triggers' template", default=None)


def sign(its: SiteFlowSettings) -> HmacAuth:
    """Signs method, path and moment of each request, neither body nor query.

    See https://hpsiteflow.com/docs/siteflow/api-authentication.html.
    """
    return HmacAuth(
        its.api_secret,
        lambda sent, stamp: f"{sent.method} {sent.url.path} {stamp}",
        lambda signature, stamp: {
            "x-oneflow-authorization": f"{its.token.reveal()}:{signature.hex()}",
            "x-oneflow-date": stamp,
            "x-oneflow-algorithm": "SHA256",
            "content-type": "application/json",
        },
    )
