"""The shop's orders as a desk sees them: an `OrderStore` over its models, each call of it in a transaction."""

from datetime import datetime

from django.db.models import Q
from django_shop.models import ShopOrder, Submission

from orderdesk_sdk import (
    FolderMove,
    Order,
    OrderId,
    RemoteOrder,
    is_registered,
    next_free_number,
    pick_folder,
    pick_order,
)
from orderdesk_sdk.errors import NotFoundError, ValidationError

FOLDERS = ("New", "In production", "Canceled")


def rows_called(name: str) -> dict[str, ShopOrder]:
    """The orders with this id or number. Nobody else changes them until this call is over."""
    has_id = Q(pk=int(name)) if name.isascii() and name.isdecimal() else Q()
    return {str(row.pk): row for row in ShopOrder.objects.select_for_update().filter(Q(number=name) | has_id)}


def find(ref: str) -> ShopOrder:
    rows = rows_called(str(ref))
    return rows[pick_order(ref, [row.as_order() for row in rows.values()]).id]


class ShopOrders:
    def get_order(self, ref: str) -> Order:
        return find(ref).as_order()

    def remote_orders(self, order_id: str) -> tuple[RemoteOrder, ...]:
        return tuple(place.as_remote_order() for place in find(OrderId(order_id)).submissions.all())

    def add_remote_order(self, ref: str, remote_order: RemoteOrder, *, by: str) -> None:
        row, at, number = find(ref), remote_order.connection, remote_order.remote_id
        known, owner = self.remote_orders(str(row.pk)), self.find_by_remote_id(at, number)
        if not is_registered(row.as_order(), remote_order, known, owner):
            role, time = remote_order.role.value, remote_order.submitted_at
            row.submissions.create(connection=at, remote_id=number, role=role, submitted_at=time)
            row.notes.create(by=by, text=f"Submitted to {at} as {number}")

    def find_by_remote_id(self, connection: str, remote_id: str) -> str | None:
        found = Submission.objects.filter(connection=connection, remote_id=remote_id).first()
        return None if found is None else str(found.order_id)

    def record_status(self, order_id: str, connection: str, status: str, at: datetime) -> None:
        place = find(OrderId(order_id)).submissions.filter(connection=connection).first()
        if place is None:
            raise NotFoundError(f"order id {order_id} is not at {connection}", hint="register it there first")
        if place.status_at is None or place.status_at <= at:
            place.status, place.status_at = status, at
            place.save()

    def add_history(self, ref: str, text: str, *, by: str) -> None:
        find(ref).notes.create(by=by, text=text)

    def next_free_number(self, ref: str) -> str:
        return next_free_number(find(ref).number, lambda number: bool(rows_called(number)))

    def original_of(self, order_id: str) -> str | None:
        original = find(OrderId(order_id)).original_id
        return None if original is None else str(original)

    def duplicate(self, ref: str, *, by: str, number: str | None = None) -> Order:
        row = find(ref)
        number = self.next_free_number(ref) if number is None else number
        if not number.strip() or rows_called(number):
            raise ValidationError(f"the number {number!r} is blank or taken", hint="give another number")
        copy = ShopOrder.objects.create(number=number, email=row.email, original=row)
        for line in row.lines.all():
            copy.lines.create(code=line.code, quantity=line.quantity)
        row.notes.create(by=by, text=f"Duplicated as {number}")
        copy.notes.create(by=by, text=f"Duplicate of {row.number}")
        return copy.as_order()

    def folder_of(self, ref: str) -> str | None:
        return find(ref).folder

    def resolve_folder_name(self, name: str) -> str:
        return pick_folder(name, FOLDERS)

    def move(self, ref: str, folder: str, *, by: str) -> FolderMove:
        row, there = find(ref), pick_folder(folder, FOLDERS)
        made = FolderMove(str(row.pk), row.folder, there)
        if made.source != there:
            row.folder = there
            row.save()
            row.notes.create(by=by, text=f"Moved from {made.source} to {there}")
        return made
