"""Orders as the SDK sees them: frozen, plain values, made by `serialization` or by an order store.

The shape follows Order Desk's order object (https://github.com/order-desk/kb, Order_Desk_Order_Data_Array.json). What
the SDK does not know about stays in `extra`, key by key, as it was. Texts that are absent are "", never None.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum

from attrs import evolve, field, frozen
from attrs.converters import optional

from orderdesk_sdk.clock import utc
from orderdesk_sdk.errors import NotFoundError

__all__ = ["Address", "Discount", "OrderLine", "OrderNote", "Order", "RemoteOrder", "ConnectionRole", "Shipment"]

ZERO = Decimal(0)


class ConnectionRole(Enum):
    """What a connection is to an order: where it was bought, or where it is made or shipped."""

    CART = "cart"
    FULFILLMENT = "fulfillment"


@frozen
class RemoteOrder:
    """An order's presence at a connection."""

    connection: str
    remote_id: str
    """The order's number there."""
    submitted_at: datetime = field(converter=utc)
    """Aware; kept in UTC. Windows such as "two minutes" count from it. A naive datetime raises ValueError."""
    role: ConnectionRole
    status: str | None = None
    """The service's last seen word, untranslated; None: never read."""
    status_at: datetime | None = field(default=None, converter=optional(utc))
    """When `status` was read, in UTC; None: never."""


@frozen
class Address:
    """A postal address. Every part is "" where it is absent."""

    first_name: str = ""
    last_name: str = ""
    company: str = ""
    address1: str = ""
    address2: str = ""
    address3: str = ""
    address4: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""
    phone: str = ""
    extra: Mapping[str, object] = field(factory=dict, hash=False)

    @property
    def recipient(self) -> str:
        """Whose name goes on the parcel: the person's, else the company's."""
        return f"{self.first_name} {self.last_name}".strip() or self.company

    @property
    def additional_lines(self) -> str:
        """What stands below `address1`, on one line."""
        return ", ".join(filter(None, (self.address2, self.address3, self.address4)))


@frozen
class OrderLine:
    """One line of an order: so many of one thing."""

    quantity: int
    """Whole, 0 or more."""
    id: str = ""
    """The line's one identity. In an `Order` it is unique and never "": one is made where the store gives none."""
    code: str = ""
    """What is ordered: an SKU. "" where it has none; several lines may have the same."""
    name: str = ""
    """For people."""
    price: Decimal = ZERO
    """Per piece, in the store's currency."""
    weight: Decimal = ZERO
    """Per piece, in the store's unit."""
    delivery_type: str = ""
    category_code: str = ""
    variations: Mapping[str, str] = field(factory=dict, hash=False)
    """The choices of the customer, such as color and size."""
    metadata: Mapping[str, object] = field(factory=dict, hash=False)
    """What a plugin needs of the line, such as the URL of a print file."""
    extra: Mapping[str, object] = field(factory=dict, hash=False)
    """Every other key of its JSON, as it was."""


@frozen
class Shipment:
    """One parcel that left, or is said to leave."""

    id: str = ""
    tracking_number: str = ""
    carrier_code: str = ""
    shipment_method: str = ""
    tracking_url: str = ""
    weight: Decimal = ZERO
    shipped_on: date | None = None
    """The day of shipping as the order store writes it; None: not said."""
    added_at: datetime | None = field(default=None, converter=optional(utc))
    extra: Mapping[str, object] = field(factory=dict, hash=False)


@frozen
class OrderNote:
    """What somebody wrote on the order."""

    content: str = ""
    username: str = ""
    added_at: datetime | None = field(default=None, converter=optional(utc))
    extra: Mapping[str, object] = field(factory=dict, hash=False)


@frozen
class Discount:
    """One discount that the order was given."""

    name: str = ""
    code: str = ""
    amount: Decimal = ZERO
    extra: Mapping[str, object] = field(factory=dict, hash=False)


def _with_line_ids(lines: Iterable[OrderLine]) -> tuple[OrderLine, ...]:
    """The lines, each with an id that no other has.

    A line without one gets its code, where nothing else is called so. Otherwise, and where it gave one id to
    several lines, the id is made of what tells them apart: so it stays the same when other lines come and go, and a
    line that became another one is not taken for what it was.
    """
    known = tuple(lines)
    ids = {line.id.strip() for line in known}
    if len(ids) == len(known) and "" not in ids:
        return known
    given = Counter(line.id.strip() for line in known)
    names = given + Counter(line.code for line in known)
    taken = {name for name, count in given.items() if count == 1}
    found = []
    for line in known:
        made = line.id
        if not line.id.strip() and line.code.strip() and names[line.code] == 1:
            made = line.code
        elif not line.id.strip() or given[line.id.strip()] > 1:
            made = _generated_id(line, taken)
        taken.add(made)
        found.append(evolve(line, id=made))
    return tuple(found)


def _generated_id(line: OrderLine, taken: set[str]) -> str:
    said = json.dumps([line.code, line.name, dict(line.variations), dict(line.metadata)], sort_keys=True, default=str)
    stem = f"{line.id or line.code or line.name or 'line'}~{hashlib.sha256(said.encode()).hexdigest()[:6]}"
    made, count = stem, 1
    while made in taken:
        count += 1
        made = f"{stem}~{count}"
    return made


@frozen
class Order:
    """One order. It has no status: folder, remote orders and shipments are all the state there is."""

    id: str
    """The order store's own id."""
    number: str
    """The number the cart gave (`source_id`); the own id where the cart gave none, as Order Desk does."""
    source_name: str = ""
    """The cart's name."""
    email: str = ""
    """The customer's."""
    customer_id: str = ""
    """The customer's id in the order store."""
    shipping_method: str = ""
    """As the customer chose it, in the words of the cart."""
    folder_id: int | None = None
    """None: in no folder yet."""
    fulfillment_name: str = ""
    """The name of the service that it was submitted to, as the order store has it."""
    fulfillment_id: str = ""
    """The service's number; "" until submitted."""
    quantity_total: Decimal = ZERO
    """Pieces of all lines."""
    weight_total: Decimal = ZERO
    """In the store's unit."""
    product_total: Decimal = ZERO
    """The lines alone. This and all amounts below are in the store's currency."""
    shipping_total: Decimal = ZERO
    handling_total: Decimal = ZERO
    tax_total: Decimal = ZERO
    discount_total: Decimal = ZERO
    """As the order store has it; Order Desk writes a negative amount."""
    refund_total: Decimal = ZERO
    order_total: Decimal = ZERO
    """What the customer pays."""
    payment_type: str = ""
    payment_status: str = ""
    added_at: datetime | None = field(default=None, converter=optional(utc))
    """When it came into the order store; aware, UTC. None: not said. So is `updated_at`."""
    updated_at: datetime | None = field(default=None, converter=optional(utc))
    shipping: Address = field(factory=Address)
    """Where it is sent."""
    customer: Address = field(factory=Address)
    """Who ordered it."""
    lines: tuple[OrderLine, ...] = field(default=(), converter=_with_line_ids)
    """What was ordered."""
    shipments: tuple[Shipment, ...] = ()
    """Parcels that left, or are said to leave."""
    notes: tuple[OrderNote, ...] = ()
    discounts: tuple[Discount, ...] = ()
    checkout_data: Mapping[str, object] = field(factory=dict, hash=False)
    """What the customer filled in at the checkout."""
    metadata: Mapping[str, object] = field(factory=dict, hash=False)
    """What the cart and plugins keep with the order (`order_metadata`)."""
    extra: Mapping[str, object] = field(factory=dict, hash=False)
    """Every other key of its JSON, as it was."""

    def line(self, line_id: str) -> OrderLine:
        """The line with this id. Raises NotFoundError, with the lines that there are."""
        for line in self.lines:
            if line.id == line_id:
                return line
        known = ", ".join(f"{line.id} ({line.code or line.name or 'no code'})" for line in self.lines) or "none"
        text = f"no line has the id {line_id!r}"
        raise NotFoundError(text, location=f"order {self.number}", hint=f"its lines by id and code: {known}")
