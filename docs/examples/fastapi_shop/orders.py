"""The shop's orders as a desk sees them: an `OrderStore` over its models, each call of it in a transaction."""

from datetime import datetime

from fastapi_shop.models import Note, Session, ShopOrder, Submission
from sqlalchemy import or_, select

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


def rows_called(name: str) -> list[ShopOrder]:
    query = select(ShopOrder).where(or_(ShopOrder.id == name, ShopOrder.number == name))
    return list(Session.scalars(query.with_for_update()))  # Nobody else changes them until this call is over.


class ShopOrders:
    def _row(self, ref: str) -> ShopOrder:
        return Session.get_one(ShopOrder, self.get_order(ref).id)

    def get_order(self, ref: str) -> Order:
        return pick_order(ref, [row.as_order() for row in rows_called(str(ref))])

    def remote_orders(self, order_id: str) -> tuple[RemoteOrder, ...]:
        return tuple(place.as_remote_order() for place in self._row(OrderId(order_id)).submissions)

    def add_remote_order(self, ref: str, remote_order: RemoteOrder, *, by: str) -> None:
        row, at, number = self._row(ref), remote_order.connection, remote_order.remote_id
        owner = self.find_by_remote_id(at, number)
        if not is_registered(row.as_order(), remote_order, self.remote_orders(row.id), owner):
            role, time = remote_order.role.value, remote_order.submitted_at
            row.submissions.append(Submission(connection=at, remote_id=number, role=role, submitted_at=time))
            self.add_history(ref, f"Submitted to {at} as {number}", by=by)

    def find_by_remote_id(self, connection: str, remote_id: str) -> str | None:
        return Session.scalar(select(Submission.order_id).filter_by(connection=connection, remote_id=remote_id))

    def record_status(self, order_id: str, connection: str, status: str, at: datetime) -> None:
        place = Session.get(Submission, (str(order_id), connection), with_for_update=True)
        if place is None:
            raise NotFoundError(f"order id {order_id} is not at {connection}", hint="register it there first")
        if place.status_at is None or place.status_at <= at:
            place.status, place.status_at = status, at

    def add_history(self, ref: str, text: str, *, by: str) -> None:
        Session.add(Note(order_id=self._row(ref).id, by=by, text=text))

    def next_free_number(self, ref: str) -> str:
        return next_free_number(self._row(ref).number, lambda number: bool(rows_called(number)))

    def original_of(self, order_id: str) -> str | None:
        return self._row(OrderId(order_id)).original_id

    def duplicate(self, ref: str, *, by: str, number: str | None = None) -> Order:
        row = self._row(ref)
        number = self.next_free_number(ref) if number is None else number
        if not number.strip() or rows_called(number):
            raise ValidationError(f"the number {number!r} is blank or taken", hint="give another number")
        copy = ShopOrder(number=number, email=row.email, lines=row.lines, original_id=row.id)
        Session.add(copy)
        Session.flush()  # It has an id now.
        self.add_history(ref, f"Duplicated as {number}", by=by)
        self.add_history(OrderId(copy.id), f"Duplicate of {row.number}", by=by)
        return copy.as_order()

    def folder_of(self, ref: str) -> str | None:
        return self._row(ref).folder

    def resolve_folder_name(self, name: str) -> str:
        return pick_folder(name, FOLDERS)

    def move(self, ref: str, folder: str, *, by: str) -> FolderMove:
        row, destination = self._row(ref), pick_folder(folder, FOLDERS)
        made = FolderMove(row.id, row.folder, destination)
        if made.source != destination:
            row.folder = destination
            self.add_history(ref, f"Moved from {made.source} to {destination}", by=by)
        return made
