"""Which key of an order document is which field: one table per class, read and written by the same two functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo

from attrs import field, frozen

from orderdesk_sdk.orders.order import Address, Discount, Line, Note, Order, Shipment
from orderdesk_sdk.orders.serialization.fields import (
    BOX,
    DAY,
    IDENTIFIER,
    KEY,
    NUMBER,
    QUANTITY,
    TEXT,
    TIME,
    VARIATIONS,
    WHOLE,
    Value,
    WrongValue,
    Zoned,
    step,
)

__all__ = ["ORDER", "Reading", "read_record", "write_record"]


@frozen
class Shape:
    """How objects of one class look in a document."""

    make: Callable[..., object]
    fields: Mapping[str, tuple[str, Value | Zoned | Shape | Many]]
    """Key in the document -> name of the field and what stands there."""
    required: tuple[str, ...] = ()


@frozen
class Many:
    """A list of objects of one shape."""

    shape: Shape


@frozen
class Reading:
    """What one reading needs and finds: the zone of times that name none, and the faults so far.

    strict: False for what is stored already, of which nothing may become unreadable by a rule that came later.
    """

    zone: tzinfo
    strict: bool = True
    faults: list[str] = field(factory=list)

    def fault(self, path: str, text: object) -> None:
        self.faults.append(f"{path}: {text}")


def read_record(shape: Shape, value: object, path: str, reading: Reading) -> object | None:
    """The object that stands at `path`; None after its faults were added to `reading`. Raises nothing for bad data."""
    if value == [] and not shape.required:
        value = {}
    if not isinstance(value, dict):
        reading.fault(path, WrongValue("an object", value))
        return None
    found: dict[str, object] = {}
    extra: dict[str, object] = {}
    before = len(reading.faults)
    for key, entry in value.items():
        known = shape.fields.get(key) if isinstance(key, str) else None
        if known is None:
            if isinstance(key, str):
                extra[key] = entry
                meant = next((known for known in shape.fields if known == key.lower() and known not in value), None)
                if meant is not None and reading.strict:
                    reading.fault(f"{path}{step(key)}", f"is not read; write it as {meant}")
            else:
                reading.fault(path, WrongValue("a key: keys are texts", key))
        elif entry is not None:
            name, form = known
            try:
                if isinstance(form, Value):
                    found[name] = form.read(entry)
                elif isinstance(form, Zoned):
                    found[name] = form.read(entry, reading.zone)
                elif isinstance(form, Shape):
                    found[name] = read_record(form, entry, f"{path}.{key}", reading)
                else:
                    found[name] = _read_list(form.shape, entry, f"{path}.{key}", reading)
            except WrongValue as wrong:
                reading.fault(f"{path}.{key}{wrong.key}", wrong)
    for key in shape.required:
        if value.get(key) is None:
            reading.fault(f"{path}.{key}", "is missing")
    if len(reading.faults) > before:
        return None
    return shape.make(**found, extra=extra)


def _read_list(shape: Shape, value: object, path: str, reading: Reading) -> tuple[object, ...]:
    if not isinstance(value, list):
        raise WrongValue("a list", value)
    return tuple(read_record(shape, entry, f"{path}[{index}]", reading) for index, entry in enumerate(value))


def write_record(shape: Shape, record: object, zone: tzinfo) -> dict[str, object]:
    """The document of `record`: the known keys, then its `extra`."""
    written: dict[str, object] = {}
    for key, (name, form) in shape.fields.items():
        entry: object = getattr(record, name)
        if isinstance(form, Value):
            written[key] = form.write(entry)
        elif isinstance(form, Zoned):
            written[key] = form.write(entry, zone)
        elif isinstance(form, Shape):
            written[key] = write_record(form, entry, zone)
        elif isinstance(entry, tuple):
            written[key] = [write_record(form.shape, each, zone) for each in entry]
    extra: Mapping[str, object] = getattr(record, "extra", {})
    for key, entry in extra.items():
        written.setdefault(key, entry)
    return written


def _same(form: Value | Zoned | Shape | Many, *names: str) -> dict[str, tuple[str, Value | Zoned | Shape | Many]]:
    return {name: (name, form) for name in names}


def _order(**found: object) -> object:
    # A blank source_id takes the own id: so does Order Desk.
    if not str(found.get("number", "")).strip():
        found["number"] = found["id"]
    make: Callable[..., object] = Order
    return make(**found)


ADDRESS = Shape(
    Address,
    _same(TEXT, "first_name", "last_name", "company", "address1", "address2", "address3", "address4", "city", "state")
    | _same(IDENTIFIER, "postal_code")
    | _same(TEXT, "country")
    | _same(IDENTIFIER, "phone"),
)

LINE = Shape(
    Line,
    _same(IDENTIFIER, "id")
    | _same(TEXT, "name")
    | _same(NUMBER, "price")
    | _same(QUANTITY, "quantity")
    | _same(NUMBER, "weight")
    | _same(IDENTIFIER, "code")
    | _same(TEXT, "delivery_type")
    | _same(IDENTIFIER, "category_code")
    | {"variation_list": ("variations", VARIATIONS)}
    | _same(BOX, "metadata"),
    required=("quantity",),
)

SHIPMENT = Shape(
    Shipment,
    _same(IDENTIFIER, "id", "tracking_number", "carrier_code")
    | _same(TEXT, "shipment_method", "tracking_url")
    | _same(NUMBER, "weight")
    | {"date_shipped": ("shipped_on", DAY), "date_added": ("added_at", TIME)},
)

NOTE = Shape(Note, {"date_added": ("added_at", TIME)} | _same(TEXT, "username", "content"))

DISCOUNT = Shape(Discount, _same(TEXT, "name") | _same(IDENTIFIER, "code") | _same(NUMBER, "amount"))

ORDER = Shape(
    _order,
    _same(KEY, "id")
    | _same(TEXT, "email", "shipping_method")
    | _same(NUMBER, "quantity_total", "weight_total", "product_total", "shipping_total", "handling_total")
    | _same(NUMBER, "tax_total", "discount_total", "refund_total", "order_total")
    | _same(TEXT, "payment_type", "payment_status")
    | _same(IDENTIFIER, "customer_id")
    | _same(TEXT, "source_name")
    | {"source_id": ("number", IDENTIFIER)}
    | _same(TEXT, "fulfillment_name")
    | _same(IDENTIFIER, "fulfillment_id")
    | _same(WHOLE, "folder_id")
    | {"date_added": ("added_at", TIME), "date_updated": ("updated_at", TIME)}
    | _same(ADDRESS, "shipping", "customer")
    | _same(BOX, "checkout_data")
    | {
        "order_metadata": ("metadata", BOX),
        "discount_list": ("discounts", Many(DISCOUNT)),
        "order_notes": ("notes", Many(NOTE)),
        "order_items": ("lines", Many(LINE)),
        "order_shipments": ("shipments", Many(SHIPMENT)),
    },
    required=("id",),
)
