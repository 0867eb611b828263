"""The models of a shop with SQLAlchemy, and where its orders were submitted."""

import os
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import JSON, DateTime, ForeignKey, TypeDecorator, UniqueConstraint, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, scoped_session, sessionmaker

from orderdesk_sdk import ConnectionRole, Order, OrderLine, RemoteOrder

engine = create_engine(os.environ.get("SHOP_DATABASE", "sqlite:///shop.db?timeout=30"))
if engine.dialect.name == "sqlite":  # It has no row locks: a transaction takes the whole file before it reads.
    event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
Session = scoped_session(sessionmaker(engine))  # One for each thread: a desk calls from several.


class Utc(TypeDecorator[datetime]):
    """An aware time, also in a database that keeps no zone."""

    impl, cache_ok = DateTime, True

    def process_bind_param(self, value: datetime | None, _: object) -> datetime | None:
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, _: object) -> datetime | None:
        return value and value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    type_annotation_map = {datetime: Utc}


class Submission(Base):
    __tablename__ = "submissions"
    __table_args__ = (UniqueConstraint("connection", "remote_id"),)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    connection: Mapped[str] = mapped_column(primary_key=True)
    remote_id: Mapped[str]
    role: Mapped[str]
    submitted_at: Mapped[datetime]
    status: Mapped[str | None]
    status_at: Mapped[datetime | None]

    def as_remote_order(self) -> RemoteOrder:
        role = ConnectionRole(self.role)
        return RemoteOrder(self.connection, self.remote_id, self.submitted_at, role, self.status, self.status_at)


class Note(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), index=True)
    by: Mapped[str]
    text: Mapped[str]


class ShopOrder(Base):
    __tablename__ = "orders"
    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: uuid4().hex)
    number: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str]
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    folder: Mapped[str] = mapped_column(default="New")
    original_id: Mapped[str | None] = mapped_column(ForeignKey("orders.id"))
    submissions: Mapped[list[Submission]] = relationship(order_by=Submission.submitted_at)

    def as_order(self) -> Order:
        return Order(self.id, self.number, email=self.email, lines=[OrderLine(**line) for line in self.lines])
