"""The simulated shop: its orders, the jobs that cancel them, and what fulfillment services hold, by the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from attrs import define, field, frozen

from orderdesk_devkit.simulators.orders import Orders
from orderdesk_sdk.plugin import ValidationError, hours, minutes, seconds

__all__ = ["Durations", "FulfillmentOrder", "Job", "Order", "Shop"]


_STATUSES = ("open", "archived", "canceled", "partially fulfilled", "fulfilled")


@frozen
class Durations:
    """How long things take. Shopify names none of them: all are the simulator's choice."""

    job: timedelta = field(default=seconds(20))
    """From orderCancel to the end of its job."""
    acceptance: timedelta = field(default=minutes(10))
    """From the request for fulfillment to the service's yes."""
    answer: timedelta = field(default=minutes(12))
    """From the request for cancellation to the service's answer."""
    shipping: timedelta = field(default=hours(48))
    """From the request for fulfillment to the parcel."""


@define
class Order:
    """An order of the shop. number: the id at its end. asked: what the last orderCancel wanted."""

    number: str
    canceled_at: datetime | None = None
    reason: str | None = None
    closed: bool = False
    fulfillment: str = "unfulfilled"
    cancel_arguments: dict[str, object] = field(factory=dict)

    @property
    def gid(self) -> str:
        """Its name at the API."""
        return f"gid://shopify/Order/{self.number}"

    def put_status(self, status: str, now: datetime) -> None:
        """Let it be as a status of the simulator says. Raises ValidationError for another word."""
        if status not in _STATUSES:
            raise ValidationError(f"{status!r} is no status", hint=f"use one of: {', '.join(_STATUSES)}")
        self.fulfillment = status if status in _STATUSES[-2:] else "unfulfilled"
        self.closed = status == "archived"
        self.canceled_at = now if status == "canceled" else None


@define
class Job:
    """A job that cancels an order. error: what kept it from doing so, once it has failed."""

    number: int
    order: Order
    ends_at: datetime
    done: bool = False
    error: str | None = None
    is_told: bool = False
    """Whether a client has heard that it is done."""


@define
class FulfillmentOrder:
    """A fulfillment order. request: of the cancellation. answer: the service's words. parcel: how its parcel fares."""

    number: str
    since: datetime
    status: str = "OPEN"
    asked: str = "SUBMITTED"
    request: str | None = None
    requested_at: datetime | None = None
    times_asked: int = 0
    answer: str | None = None
    parcel: str | None = None

    @property
    def gid(self) -> str:
        """Its name at the API."""
        return f"gid://shopify/FulfillmentOrder/{self.number}"

    @property
    def actions(self) -> tuple[str, ...]:
        """What can be done now, as far as it is simulated."""
        return {
            "SUBMITTED": ("CANCEL_FULFILLMENT_ORDER",),
            "ACCEPTED": ("CREATE_FULFILLMENT", "REQUEST_CANCELLATION"),
            "CANCELLATION_REQUESTED": ("CANCEL_FULFILLMENT_ORDER", "CREATE_FULFILLMENT"),
        }.get(self.asked, ())

    @property
    def word(self) -> str:
        """Both its states."""
        return f"{self.status} {self.asked}"


OnEvent = Callable[[str, str, str, datetime], None]
"""Hears of what happens by itself: kind of object, number, effect, when."""


class Shop:
    """Everything in it. `settle` moves it on as time passes; guarded by its caller's lock."""

    def __init__(self, durations: Durations, choice: Callable[[str, str], str], on_event: OnEvent) -> None:
        """choice: of a switch for a number."""
        self.orders = Orders[Order]()
        self.jobs: list[Job] = []
        self.fulfillment_orders = Orders[FulfillmentOrder]()
        self._durations = durations
        self._choice = choice
        self._told = on_event
        self.is_locked = False
        """Whether the app has lost its scopes."""

    def start_job(self, order: Order, now: datetime) -> Job:
        """Begin to cancel an order."""
        job = Job(len(self.jobs) + 1, order, now + self._durations.job)
        self.jobs.append(job)
        return job

    def shows_cancel(self, order: Order) -> bool:
        """Whether an order tells that it is canceled, which by the switch `reads` it does after its job is told."""
        is_late = self._choice("reads", order.number) == "late"
        return not is_late or all(job.is_told for job in self.jobs if job.order is order)

    def interfere(self, number: str, now: datetime) -> None:
        """Do what others do, by the switch `meanwhile`, right before an order is changed."""
        match self._choice("meanwhile", number):
            case "canceled" if number in self.orders:
                self.orders[number].put_status("canceled", now)
            case "canceled" if number in self.fulfillment_orders:
                held = self.fulfillment_orders[number]
                held.status, held.asked = "CANCELLED", "CANCELLATION_ACCEPTED"
            case "accepted" if number in self.fulfillment_orders:
                held = self.fulfillment_orders[number]
                held.status, held.asked = "IN_PROGRESS", "CANCELLATION_REJECTED"
            case "locked out":
                self.is_locked = True
            case _:
                return

    def settle(self, now: datetime) -> None:
        """Do everything that is due by `now`, jobs first."""
        for job in self.jobs:
            if not job.done and job.ends_at <= now:
                self._end(job)
        self.fulfillment_orders.advance(now, self._step, self._move)

    def _end(self, job: Job) -> None:
        job.done = True
        order, obstacle = job.order, self._choice("obstacle", job.order.number)
        if order.canceled_at is not None:
            job.error = "SIM: the order is canceled already"
        elif obstacle != "none":
            job.error = f"SIM: {obstacle} keeps the order from being canceled"
        else:
            order.canceled_at, order.reason = job.ends_at, str(order.cancel_arguments.get("reason"))
        self._told("order", order.number, job.error or "canceled", job.ends_at)

    def _step(self, order: FulfillmentOrder) -> tuple[str, datetime] | None:
        takes = self._durations
        match order.asked:
            case "SUBMITTED":
                return "ACCEPTED", order.since + takes.acceptance
            case "CANCELLATION_REQUESTED" if (
                order.requested_at is not None and self._choice("service", order.number) != "silent"
            ):
                fate = "ACCEPTED" if self._choice("service", order.number) == "accepts" else "REJECTED"
                return f"CANCELLATION_{fate}", order.requested_at + takes.answer
            case "ACCEPTED" | "CANCELLATION_REQUESTED" | "CANCELLATION_REJECTED" if order.parcel is None:
                return "parcel", order.since + takes.shipping
        return None

    def _move(self, order: FulfillmentOrder, step: str, at: datetime) -> None:
        match step:
            case "parcel":
                order.parcel, order.status = "SUCCESS", "CLOSED"
            case "CANCELLATION_ACCEPTED":
                order.status, order.asked = "CANCELLED", step
            case "CANCELLATION_REJECTED":
                order.status, order.asked, order.answer = "IN_PROGRESS", step, "SIM: it is packed already"
            case _:
                order.status, order.asked = "IN_PROGRESS", step
        self._told("fulfillment order", order.number, order.word, at)
