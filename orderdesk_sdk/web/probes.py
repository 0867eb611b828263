"""`/healthz` and `/readyz`, for whoever runs the process: no token, and nothing in them that a stranger could use."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.health import HealthCheck, HealthCode, HealthStatus
from orderdesk_sdk.desk.health_checks import check_health
from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.web.caller import public

__all__ = ["Readiness", "probe_routes"]

KEPT_FOR = 5.0
"""Seconds for which one look at the ledger counts: anybody may ask, as often as they like."""
_TOLD = (
    HealthCode.CASES_OVERDUE,
    HealthCode.MESSAGES_WAITING,
    HealthCode.WORKER_SILENT,
    HealthCode.CONNECTION_STUCK,
    HealthCode.EVENTS_UNFINISHED,
)


class Readiness:
    """Whether the work goes on, and the codes of what keeps it from that. Safe from many threads."""

    def __init__(self, desk: Desk, clock: Callable[[], float] = time.monotonic) -> None:
        self._desk = desk
        self._clock = clock
        self._lock = threading.Lock()
        self._read_at: float | None = None
        self._found: tuple[bool, tuple[str, ...]] = (False, ())

    def read(self) -> tuple[bool, tuple[str, ...]]:
        """Whether it is ready, and the reasons against it or to look at it, as codes of `orderdesk doctor`."""
        with self._lock:
            now = self._clock()
            if self._read_at is None or now - self._read_at >= KEPT_FOR:
                self._found, self._read_at = self._look(), now
            return self._found

    def _look(self) -> tuple[bool, tuple[str, ...]]:
        try:
            checks = check_health(self._desk.ledger, self._desk.clock.now())
        except StorageError:  # Also where a newer program has migrated the tables meanwhile.
            return False, (HealthCode.LEDGER.value,)
        return _is_ready(checks), tuple(
            dict.fromkeys(check.code.value for check in _wanting(checks) if check.code in _TOLD)
        )


def _wanting(checks: Sequence[HealthCheck]) -> list[HealthCheck]:
    return [check for check in checks if check.status is not HealthStatus.OK]


def _is_ready(checks: Sequence[HealthCheck]) -> bool:
    return not any(check.status is HealthStatus.FAILING for check in checks)


def probe_routes(desk: Desk) -> list[Route]:
    """The routes of both."""
    readiness = Readiness(desk)

    def healthz(_: Request) -> Response:
        return _answer(HTTPStatus.OK, {"status": "ok"})

    def readyz(_: Request) -> Response:
        ready, reasons = readiness.read()
        status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        return _answer(status, {"ready": ready, "reasons": list(reasons)})

    return [Route("/healthz", public(healthz)), Route("/readyz", public(readyz))]


def _answer(status: HTTPStatus, document: dict[str, object]) -> Response:
    return Response(json.dumps(document), status, {"Cache-Control": "no-store"}, "application/json")
