"""A seller's account in one region: its settings, and the reasons that Amazon takes."""

from __future__ import annotations

from orderdesk_sdk.reasons import CanonicalReason as Why
from orderdesk_sdk.reasons import ClosedList, ReasonCode
from orderdesk_sdk.settings import RefreshTokenSettings, host, parsed, read_texts, setting, settings

BARE = "CarrierCreditDecision RiskAssessmentInformationNotValid CarrierCoverageFailure CustomerReturn"
CODES = (  # Ten published ones, told in Seller Central's words (help 200198080) where it has any, and a newer one.
    ReasonCode("NoInventory", "Out of stock", [Why.OUT_OF_STOCK]),
    ReasonCode("BuyerCanceled", "The buyer asked for it", [Why.CUSTOMER_ASKED]),
    ReasonCode("ShippingAddressUndeliverable", "Undeliverable address", [Why.ADDRESS]),
    ReasonCode("GeneralAdjustment", "Any other reason", [Why.FRAUD, Why.DUPLICATE, Why.PRICING, Why.LATE, Why.OTHER]),
    ReasonCode("CustomerExchange", "The buyer wants an exchange"),
    *(ReasonCode(code, code) for code in (*BARE.split(), "MerchandiseNotReceived")),
    ReasonCode("PricingError", "Wrong price (newer; nobody knows whether the feed takes it)"),
)
REASONS = ClosedList(CODES, configured=lambda its, _: (*CODES, *(ReasonCode(one, one) for one in its.extra_reasons)))


@settings
class MarketplaceSettings(RefreshTokenSettings):
    """What a connection needs. Hosts: https://developer-docs.amazon.com/sp-api/docs/sp-api-endpoints."""

    seller_id: str = setting(str, help="the merchant token, in Seller Central > Account Info")
    marketplace_ids: tuple[str, ...] = parsed(read_texts, help="where the orders were placed, 1 to 25")
    endpoint: str = host(help="the region's API (-na, -eu, -fe)", default="https://sellingpartnerapi-na.amazon.com")
    store: str = host(help="where Amazon keeps feed documents", default="https://*.amazonaws.com")
    token_url: str = host(help="Login with Amazon", default="https://api.amazon.com/auth/o2/token")
    item_field: str = setting(str, help="a line's metadata with Amazon's order item id; empty: it is read", default="")
    extra_reasons: tuple[str, ...] = parsed(read_texts, help="codes that Amazon has added", default=())
    transport: str = setting(str, help="json: UNRELEASED cancelOrder first", default="feed", choices=("feed", "json"))
