"""A supplier's account: its settings, and how requests are signed."""

from __future__ import annotations

from collections.abc import Mapping

from orderdesk_sdk.plugin import (
    ClientCredentialsAuth,
    ReasonCode,
    Secret,
    custom,
    read_reason_lists,
    secret,
    setting,
    settings,
    url,
)

TYPES = {
    "poNumber": "PO_NUMBER",
    "dscoOrderId": "DSCO_ORDER_ID",
    "supplierOrderNumber": "SUPPLIER_ORDER_NUMBER",
}
"""By each number that an order may be called by, what a cancel calls that kind of number."""


@settings
class HubSettings:
    """What a connection needs. Of the lists of reasons, one named `default` is for retailers without their own."""

    mode: str = setting(str, help="orderstream: experimental", default="dsco", choices=("dsco", "orderstream"))
    client_id: Secret = secret(help="Dsco's client id, from Rithum's support", default=Secret(""))
    client_secret: Secret = secret(help="Dsco's client secret", default=Secret(""))
    base_url: str = url(help="staging: https://staging-api.dsco.io/api/v3", default="https://api.dsco.io/api/v3")
    order_key: str = setting(str, help="the number that orders have here", default="poNumber", choices=tuple(TYPES))
    retailer_field: str = setting(str, help="path in the order JSON, as checkout_data.Retailer", default="")
    reasons: Mapping[str, tuple[ReasonCode, ...]] = custom(read_reason_lists, help="reasons by retailer", default={})
    answer_requests: bool = setting(bool, help="list the retailers' requests to cancel, and answer them", default=False)
    request_days: int = setting(int, help="how far back orders are looked through for requests", default=30, minimum=1)
    vendor_id: str = setting(str, help="orderstream: what the hub calls us", default="")
    file_drop: str = setting(str, help="orderstream: the folder for confirm files", default="", of_machine=True)


def sign(its: HubSettings) -> ClientCredentialsAuth:
    """Fetches a token with the supplier's credentials, and puts it on each request until it ends."""
    return ClientCredentialsAuth(f"{its.base_url}/oauth2/token", its.client_id, its.client_secret)
