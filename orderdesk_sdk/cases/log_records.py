"""Log records that say which case, order and connection they are about: a logger for each room.

    log = RoomLogger("runtime")
    with log_subject(case):
        log.info("the service was called")

Every record has the attributes `case_id`, `order_number` and `connection`, each None where it does not apply. No record
holds a text that a person, a service or a plugin wrote, since such a text may name a customer: the case's history has
it. The SDK configures no handler; a host does, or the command line.
"""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from types import TracebackType
from typing import Protocol

from attrs import frozen

__all__ = ["LOGGER_NAME", "LogSubject", "RoomLogger", "current_subject", "log_subject"]

LOGGER_NAME = "orderdesk_sdk"
"""The logger that those of all rooms hand their records to."""


class _Case(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def order_number(self) -> str: ...
    @property
    def connection(self) -> str: ...


@frozen
class LogSubject:
    """What a record is about; None for what does not apply."""

    case_id: str | None = None
    order_number: str | None = None
    connection: str | None = None

    @classmethod
    def of(cls, *cases: _Case) -> LogSubject:
        """The subject of what is done for cases of one connection together; of a single one, that case."""
        if len(cases) == 1:
            return cls(cases[0].id, cases[0].order_number, cases[0].connection)
        return cls(connection=cases[0].connection) if cases else cls()

    def __str__(self) -> str:
        order = f"order {self.order_number}" if self.order_number is not None else ""
        if self.connection is None:
            return order
        return f"{order} at {self.connection}" if order else f"connection {self.connection}"


class _Current(threading.local):
    subject = LogSubject()


_current = _Current()
logging.getLogger(LOGGER_NAME).addHandler(logging.NullHandler())


class log_subject:  # noqa: N801 - it is used as a function; a generator would cost each case three times as much
    """Within the block, records of this thread are about `subject` unless they say otherwise."""

    def __init__(self, subject: LogSubject) -> None:
        self._subject = subject

    def __enter__(self) -> None:
        self._outer, _current.subject = _current.subject, self._subject

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _current.subject = self._outer


def current_subject() -> LogSubject:
    """What this thread's records are about."""
    return _current.subject


class RoomLogger:
    """The logger `orderdesk_sdk.<room>`. What a handler raises does not end the work that is logged."""

    def __init__(self, room: str) -> None:
        self._logger = logging.getLogger(f"{LOGGER_NAME}.{room}")

    def debug(self, message: str, *args: object, about: LogSubject | None = None) -> None:
        """Log what only a developer looks for.

        Args:
            about: None takes the subject of `log_subject`.
        """
        self._log(logging.DEBUG, message, args, about)

    def info(self, message: str, *args: object, about: LogSubject | None = None) -> None:
        """Log one thing that was done."""
        self._log(logging.INFO, message, args, about)

    def warning(self, message: str, *args: object, about: LogSubject | None = None) -> None:
        """Log what went wrong and may need attention. The work goes on by itself, or says whom it waits for."""
        self._log(logging.WARNING, message, args, about)

    def fault(self, message: str, error: BaseException, *args: object) -> None:
        """Log an error that only a developer can mend, with where it arose; never with the values of variables."""
        if self._logger.isEnabledFor(logging.ERROR):
            with suppress(Exception):  # As below.
                self._logger.error(message, *args, exc_info=(type(error), error, error.__traceback__), stacklevel=2)

    def _log(self, level: int, message: str, args: tuple[object, ...], about: LogSubject | None) -> None:
        if not self._logger.isEnabledFor(level):
            return
        with suppress(Exception):  # A full disk behind a handler must not look like a lost response.
            subject = about or _current.subject
            extra = {
                "case_id": subject.case_id,
                "order_number": subject.order_number,
                "connection": subject.connection,
            }
            head = str(subject)
            if head:
                message, args = f"%s: {message}", (head, *args)
            self._logger.log(level, message, *args, extra=extra, stacklevel=3)
