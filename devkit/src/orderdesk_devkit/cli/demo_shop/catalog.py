"""The invented orders of the shop to look at: who ordered what, and where it was submitted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from attrs import frozen

from orderdesk_sdk.orders.order import Address, Order, OrderLine, OrderNote

__all__ = ["BULK", "BULK_FAMILY", "DEMO_ORDERS", "EMAIL_ONLY", "DemoOrder", "bulk_orders"]

_PRODUCTS: Final = {
    "MUG-11": ("Photo mug, 11 oz", "16.00"),
    "CANVAS-12X16": ("Canvas print, 12 x 16", "32.00"),
    "BLANKET-50X60": ("Fleece blanket, 50 x 60", "48.00"),
    "TEE-CAMP-M": ("Camp tee, M", "14.95"),
    "CAL-2026": ("Photo calendar 2026", "19.95"),
    "BOOK-A5": ("Paperback, A5, 120 pages", "11.40"),
    "LANTERN-S": ("Paper lantern, small", "24.50"),
}
"""Name and price by code."""
EMAIL_ONLY: Final = "oia-global"
"""The one integration that has no simulator: its service reads mails."""
BULK: Final = 200
"""How many orders wait to be canceled at once."""
BULK_FAMILY: Final = "Kalender"
"""The name of all their customers, so that a search finds these orders alone."""
_BULK_PLACES: Final = ("hp-site-flow", "lulu", "shipbob", "bay-photo")
_BULK_NAMES: Final = ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel")


@frozen
class DemoOrder:
    """One order.

    Args:
        lines: codes with quantities.
        places: connections, named as their integrations, each with the order's number there.
        added_before: how long before the end of the story it came in.
    """

    number: str
    customer: str
    city: str
    lines: tuple[tuple[str, int], ...]
    places: tuple[tuple[str, str], ...]
    added_before: timedelta
    source: str = "Paper Lantern Shop"
    note: str = ""

    def to_order(self, now: datetime) -> Order:
        """The order as the order store has it. now: the end of the story."""
        first, _, last = self.customer.partition(" ")
        address = Address(
            first_name=first,
            last_name=last,
            address1="418 Alder Street",
            city=self.city,
            postal_code="97205",
            country="US",
        )
        added = now - self.added_before
        total = sum((Decimal(_PRODUCTS[code][1]) * quantity for code, quantity in self.lines), Decimal(0))
        return Order(
            id=f"7{self.number}",
            number=self.number,
            source_name=self.source,
            email=f"{first}.{last}@example.com".lower().replace(" ", "."),
            shipping_method="Ground",
            quantity_total=Decimal(sum(quantity for _, quantity in self.lines)),
            product_total=total,
            order_total=total,
            payment_type="Visa",
            payment_status="Approved",
            added_at=added,
            updated_at=added,
            shipping=address,
            customer=address,
            lines=tuple(self._line(*line, at=at) for at, line in enumerate(self.lines, 1)),
            notes=(OrderNote(self.note, "mara", added),) if self.note else (),
        )

    def _line(self, code: str, quantity: int, *, at: int) -> OrderLine:
        name, price = _PRODUCTS[code]
        printed = {"print_sku": "PR-8X10", "print_url": f"https://files.example.com/{self.number}/{at}.pdf"}
        return OrderLine(quantity, f"{self.number}{at}", code, name, Decimal(price), metadata=printed)


def _order(
    number: str,
    customer: str,
    city: str,
    lines: str,
    places: str,
    hours_before: float,
    source: str = "Paper Lantern Shop",
    note: str = "",
) -> DemoOrder:
    """An order; lines as "2 MUG-11, 1 CAL-2026", places as "mww, shopify=5046", a number where it is another there."""
    wanted = tuple((code, int(quantity)) for quantity, code in (line.split() for line in lines.split(", ")))
    named = (place.partition("=") for place in places.split(", ")) if places else ()
    at = tuple((connection, other or number) for connection, _, other in named)
    return DemoOrder(number, customer, city, wanted, at, timedelta(hours=hours_before), source, note)


DEMO_ORDERS: Final = (
    _order("1042", "Nora Lindqvist", "Portland", "2 MUG-11, 1 CANVAS-12X16", "amazon-mcf", 6.2),
    _order("1043", "Dev Okafor", "Austin", "1 BLANKET-50X60", "mww", 2.1, note="Wants it before the 20th."),
    _order("1044", "Ridgeline Outfitters", "Boise", "6 TEE-CAMP-M", "commercehub, amazon-mcf", 6.1, "CommerceHub"),
    _order("1045", "June Abernathy", "Burlington", "2 CAL-2026", "bdlinx", 5.9),
    _order("1046", "Ida Moreau", "Duluth", "1 LANTERN-S, 2 MUG-11", "shopify, amazon-mcf, mww, bdlinx", 5.8, "Shopify"),
    _order("1047", "Tomas Reyes", "Tucson", "3 BOOK-A5", "lulu", 5.2),
    _order("1048", "Hana Kimura", "Seattle", "1 MUG-11", "shipbob", 4.9),
    _order("1049", "Peter Vance", "Dayton", "1 CANVAS-12X16", "hp-site-flow", 4.2),
    _order("1050", "Olu Adeyemi", "Houston", "2 CANVAS-12X16", "progressive-solutions", 0.8),
    _order("1051", "Greta Sommer", "Madison", "1 CANVAS-12X16", "bay-photo", 1.4),
    _order("1052", "Luca Bianchi", "Newark", "1 LANTERN-S", "amazon-marketplace=902-1106328-1059050", 0.9, "Amazon"),
    _order("1053", "Mina Haddad", "Omaha", "4 TEE-CAMP-M", "oia-global", 5.5),
    _order("1054", "Sofia Nilsson", "Fargo", "1 BLANKET-50X60", "mww-europe", 0.1),
    _order("1055", "Jack Pruitt", "Salem", "2 LANTERN-S", "shopify-fulfillment=5055", 1.5, "Shopify"),
    _order("1056", "Amara Diallo", "Denver", "1 BLANKET-50X60, 1 MUG-11", "mww", 0.1),
    _order("1057", "Elif Kaya", "Tulsa", "2 MUG-11", "mww", 0.5),
    _order("1058", "Ravi Menon", "Fresno", "5 BOOK-A5", "lulu", 0.2),
    _order("1059", "Clara Weiss", "Akron", "1 MUG-11, 2 CAL-2026", "shopify, shipbob, hp-site-flow", 0.2, "Shopify"),
    _order("1060", "Sam Whitlock", "Provo", "1 LANTERN-S", "amazon-mcf", 1.1),
    _order("1061", "Trailhead Supply", "Bend", "4 TEE-CAMP-M, 2 MUG-11", "commercehub", 1.3, "CommerceHub"),
    _order("1062", "Wen Zhao", "Eugene", "1 MUG-11", "", 0.3),
    _order("1063", "Noor Rahimi", "Boulder", "1 BLANKET-50X60, 2 MUG-11", "shopify, mww, shipbob", 0.1, "Shopify"),
)
"""Those that the story is about. 1062 was submitted nowhere yet."""


def bulk_orders() -> Iterator[DemoOrder]:
    """Orders of one day, all of one misprinted calendar, spread over those who make or ship it."""
    for index in range(BULK):
        name = f"{_BULK_NAMES[index % len(_BULK_NAMES)]} {chr(ord('A') + index % 26)} {BULK_FAMILY}"
        place = _BULK_PLACES[index % len(_BULK_PLACES)]
        yield _order(str(2001 + index), name, "Salem", "1 CAL-2026", place, 0.4)
