"""Rules on moves and what they set off: an appointment that posts the order, and is tried again when that fails."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Final

from attrs import define, field, frozen

from orderdesk_devkit.simulators.orderdesk.posting import form_body, post_form, signature
from orderdesk_sdk.clock import minutes, seconds

__all__ = ["Appointment", "AppointmentState", "Appointments", "FolderRule", "RETRY_AFTER"]

RETRY_AFTER: Final = (seconds(10), minutes(5), minutes(15), minutes(40), minutes(59))
"""SIM: how long after each failure comes the next try; 5 of them within 2 hours are documented, the steps are not."""
_TAKEN: Final = frozenset({200, 201})
"""Anything higher counts as failed, says Order Desk: 202 and 204 too."""


@frozen
class FolderRule:
    """A rule with the event Folder is Changed and the action Post Order JSON.

    Args:
        folder_id: its filter; None: it runs on every move.
        signed: False for a store without an API key, whose posts have no hash.
    """

    name: str
    url: str
    folder_id: int | None = None
    signed: bool = True


class AppointmentState(Enum):
    """Where an appointment stands."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    """After the last retry; a person runs it again."""


@define
class Appointment:
    """One post to be made.

    Args:
        order_field: the JSON in the form, written when the appointment was made.
        answers: the status of each post, None where there was no answer.
        tries: how many of them it made by itself.
    """

    number: int
    rule: FolderRule
    order_id: str
    order_field: str
    due: datetime
    state: AppointmentState = AppointmentState.WAITING
    answers: list[int | None] = field(factory=list)
    tries: int = 0


class Appointments:
    """The queue. Guarded by `lock`, which is never held while a script is called.

    Args:
        written: the order of an appointment as a retry posts it.
        headers: those that every post has, without the hash.
        record: writes what happened to an order into the log.
    """

    def __init__(
        self,
        lock: threading.RLock,
        api_key: str,
        *,
        written: Callable[[Appointment], str],
        headers: Callable[[Appointment], dict[str, str]],
        record: Callable[[str, str], None],
    ) -> None:
        self._lock = lock
        self._api_key = api_key
        self._written = written
        self._headers = headers
        self._record = record
        self._busy: set[int] = set()
        self.all: list[Appointment] = []

    def add(self, rule: FolderRule, order_id: str, order_field: str, now: datetime) -> Appointment:
        """Queue a post that is due now."""
        with self._lock:
            self.all.append(Appointment(len(self.all) + 1, rule, order_id, order_field, now))
            return self.all[-1]

    def due(self, now: datetime) -> list[Appointment]:
        """Those that wait for nothing but to be sent."""
        with self._lock:
            return [
                one
                for one in self.all
                if one.state is AppointmentState.WAITING and one.due <= now and one.number not in self._busy
            ]

    def deliver(self, now: Callable[[], datetime]) -> int:
        """Post what is due, oldest first, until nothing is; how many posts were made. Blocks for the scripts."""
        made = 0
        while True:
            with self._lock:
                waiting = self.due(now())
                if not waiting:
                    return made
                one = waiting[0]
                self._busy.add(one.number)
                if one.tries:
                    one.order_field = self._written(one)
            status = self._post(one)
            with self._lock:
                self._settle(one, status, now())
                self._busy.discard(one.number)
            made += 1

    def send_again(self, one: Appointment, times: int = 1) -> list[int | None]:
        """Post the same bytes again, whatever came of the last time; the status of each answer."""
        answers = [self._post(one) for _ in range(times)]
        with self._lock:
            one.answers += answers
            if _TAKEN.intersection(answers):
                one.state = AppointmentState.DONE
            self._record(one.order_id, f"posted {times} times again: {answers}")
        return answers

    def _post(self, one: Appointment) -> int | None:
        headers = {"Content-Type": "application/x-www-form-urlencoded", **self._headers(one)}
        if one.rule.signed:
            headers["X-ORDER-DESK-HASH"] = signature(one.order_field, self._api_key)
        return post_form(one.rule.url, form_body(one.order_field), headers)

    def _settle(self, one: Appointment, status: int | None, now: datetime) -> None:
        one.answers.append(status)
        one.tries += 1
        if status in _TAKEN:
            one.state = AppointmentState.DONE
        elif one.tries <= len(RETRY_AFTER):
            one.due = now + RETRY_AFTER[one.tries - 1]
        else:
            one.state = AppointmentState.FAILED
        self._record(one.order_id, f"post to {one.rule.name}: {status or 'no answer'}, {one.state.value}")
