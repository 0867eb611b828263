"""The checks of what a client sends: one line per mistake, each beginning with the field it is in.

Fields, lengths, words and limits are those of the model (fulfillmentOutbound_2020-07-01); that a mistake answers with
code InvalidInput, and every text, is the simulator's choice. Fields that nobody knows are let pass, as Amazon does.
"""

from __future__ import annotations

from collections.abc import Mapping

from orderdesk_amazon_mcf.simulator.orders import Status
from orderdesk_devkit.simulators.http_requests import moment_in

__all__ = ["MOST_LINES", "MOST_UNITS", "mistakes_in_create", "mistakes_in_status", "mistakes_in_update"]

MOST_LINES = 100
MOST_UNITS = 250

_SPEEDS = ("Standard", "Expedited", "Priority", "ScheduledDelivery")
_ACTIONS = ("Ship", "Hold")
_POLICIES = ("FillOrKill", "FillAll", "FillAllAvailable")
_LINE_TEXTS = {"giftMessage": 512, "displayableComment": 250, "fulfillmentNetworkSku": None}
_PRICES = ("perUnitDeclaredValue", "perUnitPrice", "perUnitTax")
_ADDRESS_TEXTS = ("addressLine2", "addressLine3", "city", "districtOrCounty", "stateOrRegion", "phone")
_FIXED_ONCE_PLACED = ("destinationAddress", "items")


def mistakes_in_create(body: object) -> list[str]:
    """What is wrong with a createFulfillmentOrder body; empty when nothing is."""
    if not isinstance(body, Mapping):
        return ["body: must be a JSON object"]
    check = _Checks(body)
    check.text("sellerFulfillmentOrderId", longest=40, required=True)
    check.text("displayableOrderId", longest=40, required=True)
    check.text("displayableOrderComment", longest=750, required=True)
    check.time("displayableOrderDate", required=True)
    check.word("shippingSpeedCategory", _SPEEDS, required=True)
    check.options()
    if body.get("shippingSpeedCategory") == "ScheduledDelivery" and body.get("fulfillmentAction") == "Hold":
        check.wrong("fulfillmentAction", "Hold does not go with ScheduledDelivery")
    address = check.table("destinationAddress", required=True)
    if address is not None:
        for name in ("name", "addressLine1", "postalCode", "countryCode"):
            address.text(name, required=True)
        for name in _ADDRESS_TEXTS:
            address.text(name, required=name == "city" and address.fields.get("countryCode") != "JP")
        check.mistakes += address.mistakes
    _check_lines(check)
    return check.mistakes


def mistakes_in_update(body: object) -> list[str]:
    """What is wrong with an updateFulfillmentOrder body; empty when nothing is.

    An address cannot be changed once the order is placed (Seller Central help 200141580); that lines cannot be changed
    either is the simulator's choice.
    """
    if not isinstance(body, Mapping):
        return ["body: must be a JSON object"]
    check = _Checks(body)
    check.text("displayableOrderId", longest=40)
    check.text("displayableOrderComment", longest=750)
    check.time("displayableOrderDate")
    check.word("shippingSpeedCategory", _SPEEDS)
    check.options()
    for name in _FIXED_ONCE_PLACED:
        if name in body:
            check.wrong(name, "cannot be changed once the order is placed")
    return check.mistakes


def mistakes_in_status(body: object) -> list[str]:
    """What is wrong with a submitFulfillmentOrderStatusUpdate body; empty when nothing is."""
    if not isinstance(body, Mapping):
        return ["body: must be a JSON object"]
    check = _Checks(body)
    check.word("fulfillmentOrderStatus", tuple(Status), required=True)
    return check.mistakes


def _check_lines(check: _Checks) -> None:
    lines = check.tables("items", required=True)
    if lines is None:
        return
    units, seen = 0, set[str]()
    for line in lines:
        line.text("sellerSku", longest=50, required=True)
        line.text("sellerFulfillmentOrderItemId", longest=50, required=True)
        for name, longest in _LINE_TEXTS.items():
            line.text(name, longest=longest)
        for name in _PRICES:
            price = line.table(name)
            if price is not None:
                price.text("currencyCode", required=True)
                price.text("value", required=True)
                line.mistakes += price.mistakes
        units += line.count("quantity")
        item_id = line.fields.get("sellerFulfillmentOrderItemId")
        if isinstance(item_id, str) and item_id in seen:
            line.wrong("sellerFulfillmentOrderItemId", f"{item_id!r} stands twice")
        seen.add(str(item_id))
        check.mistakes += line.mistakes
    if not 1 <= len(lines) <= MOST_LINES:
        check.wrong("items", f"must be 1 to {MOST_LINES} lines, not {len(lines)}")
    if units > MOST_UNITS:
        check.wrong("items", f"must be {MOST_UNITS} units at most, not {units}")


class _Checks:
    """The fields of one object, and the mistakes found in them so far."""

    def __init__(self, fields: Mapping[str, object], place: str = "") -> None:
        self.fields = fields
        self.mistakes: list[str] = []
        self._place = place

    def wrong(self, name: str, text: str) -> None:
        self.mistakes.append(f"{self._place}{name}: {text}")

    def text(self, name: str, *, longest: int | None = None, required: bool = False) -> None:
        value = self._found(name, required)
        if value is None:
            return
        if not isinstance(value, str):
            self.wrong(name, "must be a text")
        elif required and not value:
            self.wrong(name, "must not be empty")
        elif longest is not None and len(value) > longest:
            self.wrong(name, f"must be {longest} characters at most, not {len(value)}")

    def time(self, name: str, *, required: bool = False) -> None:
        value = self._found(name, required)
        if value is not None and (not isinstance(value, str) or moment_in(value) is None):
            self.wrong(name, "must be an ISO 8601 date and time with a zone")

    def word(self, name: str, words: tuple[str, ...], *, required: bool = False) -> None:
        value = self._found(name, required)
        if value is not None and value not in words:
            self.wrong(name, f"must be one of {', '.join(words)}")

    def count(self, name: str) -> int:
        """The positive whole number there, 0 when it is none. That zero is no quantity is the simulator's choice."""
        value = self._found(name, required=True)
        if value is None:
            return 0
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
        self.wrong(name, "must be a whole number above zero")
        return 0

    def table(self, name: str, *, required: bool = False) -> _Checks | None:
        value = self._found(name, required)
        if isinstance(value, Mapping):
            return _Checks(value, f"{self._place}{name}.")
        if value is not None:
            self.wrong(name, "must be an object")
        return None

    def tables(self, name: str, *, required: bool = False) -> list[_Checks] | None:
        value = self._found(name, required)
        if isinstance(value, list) and all(isinstance(item, Mapping) for item in value):
            return [_Checks(item, f"{self._place}{name}[{index}].") for index, item in enumerate(value)]
        if value is not None:
            self.wrong(name, "must be a list of objects")
        return None

    def options(self) -> None:
        """The optional fields that creating and updating share."""
        self.text("marketplaceId")
        self.text("shipFromCountryCode")
        self.word("fulfillmentAction", _ACTIONS)
        self.word("fulfillmentPolicy", _POLICIES)
        self.tables("featureConstraints")
        emails = self.fields.get("notificationEmails")
        if emails is not None and not (
            isinstance(emails, list) and all(isinstance(one, str) and len(one) <= 64 for one in emails)
        ):
            self.wrong("notificationEmails", "must be a list of texts of 64 characters at most")

    def _found(self, name: str, required: bool) -> object:
        value = self.fields.get(name)
        if value is None and required:
            self.wrong(name, "is required")
        return value
