"""Which key of an order document is which field: one table per class, read and written by the same two functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo

from attrs import field, frozen

from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.order import Address, Discount, Order, OrderLine, OrderNote, Shipment
from orderdesk_sdk.orders.serialization.fields import (
    DAY,
    IDENTIFIER,
    INTEGER,
    KEY,
    MAX_REPORTED,
    NUMBER,
    OBJECT,
    QUANTITY,
    TEXT,
    TIME,
    VARIATIONS,
    FieldType,
    InvalidValue,
    ZonedFieldType,
    path_step,
)

__all__ = ["ORDER", "ParseContext", "read_record", "write_record"]


@frozen
class RecordSchema:
    """How objects of one class look in a document."""

    make: Callable[..., object]
    fields: Mapping[str, tuple[str, FieldType | ZonedFieldType | RecordSchema | ListOf]]
    """Key in the document -> name of the field and what stands there."""
    required: tuple[str, ...] = ()


@frozen
class ListOf:
    """A list of objects of one shape."""

    schema: RecordSchema


@frozen
class ParseContext:
    """What one reading needs and finds: the zone of times that name none, and the faults so far.

    Args:
        strict: False for what is stored already, of which nothing may become unreadable by a rule that came later.
    """

    zone: tzinfo
    strict: bool = True
    errors: list[str] = field(factory=list)

    def add_error(self, path: str, message: object) -> None:
        self.errors.append(f"{path}: {message}")

    def raise_errors(self, location: str | None) -> None:
        """Raises ValidationError that tells the first faults; nothing for none."""
        if not self.errors:
            return
        told = self.errors[:MAX_REPORTED]
        if len(self.errors) > MAX_REPORTED:
            told.append(f"and {len(self.errors) - MAX_REPORTED} more")
        raise ValidationError("\n".join(told), location=location, hint="correct the document at the paths shown")


def read_record(schema: RecordSchema, value: object, path: str, context: ParseContext) -> object | None:
    """The object that stands at `path`; None after its faults were added to `context`. Raises nothing for bad data."""
    if value == [] and not schema.required:
        value = {}
    if not isinstance(value, dict):
        context.add_error(path, InvalidValue("an object", value))
        return None
    found: dict[str, object] = {}
    extra: dict[str, object] = {}
    before = len(context.errors)
    for key, entry in value.items():
        known = schema.fields.get(key) if isinstance(key, str) else None
        if known is None:
            if isinstance(key, str):
                extra[key] = entry
                meant = next((known for known in schema.fields if known == key.lower() and known not in value), None)
                if meant is not None and context.strict:
                    context.add_error(f"{path}{path_step(key)}", f"is not read; write it as {meant}")
            else:
                context.add_error(path, InvalidValue("a key: keys are texts", key))
        elif entry is not None:
            name, form = known
            try:
                if isinstance(form, FieldType):
                    found[name] = form.read(entry)
                elif isinstance(form, ZonedFieldType):
                    found[name] = form.read(entry, context.zone)
                elif isinstance(form, RecordSchema):
                    found[name] = read_record(form, entry, f"{path}.{key}", context)
                else:
                    found[name] = _read_list(form.schema, entry, f"{path}.{key}", context)
            except InvalidValue as wrong:
                context.add_error(f"{path}.{key}{wrong.key}", wrong)
    for key in schema.required:
        if value.get(key) is None:
            context.add_error(f"{path}.{key}", "is missing")
    if len(context.errors) > before:
        return None
    return schema.make(**found, extra=extra)


def _read_list(schema: RecordSchema, value: object, path: str, context: ParseContext) -> tuple[object, ...]:
    if not isinstance(value, list):
        raise InvalidValue("a list", value)
    return tuple(read_record(schema, entry, f"{path}[{index}]", context) for index, entry in enumerate(value))


def write_record(schema: RecordSchema, record: object, zone: tzinfo) -> dict[str, object]:
    """The document of `record`: the known keys, then its `extra`."""
    written: dict[str, object] = {}
    for key, (name, form) in schema.fields.items():
        entry: object = getattr(record, name)
        if isinstance(form, FieldType):
            written[key] = form.write(entry)
        elif isinstance(form, ZonedFieldType):
            written[key] = form.write(entry, zone)
        elif isinstance(form, RecordSchema):
            written[key] = write_record(form, entry, zone)
        elif isinstance(entry, tuple):
            written[key] = [write_record(form.schema, each, zone) for each in entry]
    extra: Mapping[str, object] = getattr(record, "extra", {})
    for key, entry in extra.items():
        written.setdefault(key, entry)
    return written


def _same_names(
    field_type: FieldType | ZonedFieldType | RecordSchema | ListOf, *names: str
) -> dict[str, tuple[str, FieldType | ZonedFieldType | RecordSchema | ListOf]]:
    return {name: (name, field_type) for name in names}


def _make_order(**found: object) -> object:
    # A blank source_id takes the own id: so does Order Desk.
    if not str(found.get("number", "")).strip():
        found["number"] = found["id"]
    make: Callable[..., object] = Order
    return make(**found)


ADDRESS = RecordSchema(
    Address,
    _same_names(
        TEXT, "first_name", "last_name", "company", "address1", "address2", "address3", "address4", "city", "state"
    )
    | _same_names(IDENTIFIER, "postal_code")
    | _same_names(TEXT, "country")
    | _same_names(IDENTIFIER, "phone"),
)

LINE = RecordSchema(
    OrderLine,
    _same_names(IDENTIFIER, "id")
    | _same_names(TEXT, "name")
    | _same_names(NUMBER, "price")
    | _same_names(QUANTITY, "quantity")
    | _same_names(NUMBER, "weight")
    | _same_names(IDENTIFIER, "code")
    | _same_names(TEXT, "delivery_type")
    | _same_names(IDENTIFIER, "category_code")
    | {"variation_list": ("variations", VARIATIONS)}
    | _same_names(OBJECT, "metadata"),
    required=("quantity",),
)

SHIPMENT = RecordSchema(
    Shipment,
    _same_names(IDENTIFIER, "id", "tracking_number", "carrier_code")
    | _same_names(TEXT, "shipment_method", "tracking_url")
    | _same_names(NUMBER, "weight")
    | {"date_shipped": ("shipped_on", DAY), "date_added": ("added_at", TIME)},
)

NOTE = RecordSchema(OrderNote, {"date_added": ("added_at", TIME)} | _same_names(TEXT, "username", "content"))

DISCOUNT = RecordSchema(
    Discount, _same_names(TEXT, "name") | _same_names(IDENTIFIER, "code") | _same_names(NUMBER, "amount")
)

ORDER = RecordSchema(
    _make_order,
    _same_names(KEY, "id")
    | _same_names(TEXT, "email", "shipping_method")
    | _same_names(NUMBER, "quantity_total", "weight_total", "product_total", "shipping_total", "handling_total")
    | _same_names(NUMBER, "tax_total", "discount_total", "refund_total", "order_total")
    | _same_names(TEXT, "payment_type", "payment_status")
    | _same_names(IDENTIFIER, "customer_id")
    | _same_names(TEXT, "source_name")
    | {"source_id": ("number", IDENTIFIER)}
    | _same_names(TEXT, "fulfillment_name")
    | _same_names(IDENTIFIER, "fulfillment_id")
    | _same_names(INTEGER, "folder_id")
    | {"date_added": ("added_at", TIME), "date_updated": ("updated_at", TIME)}
    | _same_names(ADDRESS, "shipping", "customer")
    | _same_names(OBJECT, "checkout_data")
    | {
        "order_metadata": ("metadata", OBJECT),
        "discount_list": ("discounts", ListOf(DISCOUNT)),
        "order_notes": ("notes", ListOf(NOTE)),
        "order_items": ("lines", ListOf(LINE)),
        "order_shipments": ("shipments", ListOf(SHIPMENT)),
    },
    required=("id",),
)
