"""A client of the sandbox: its clock, and orders created at its simulators. Loopback only."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from typing import Final
from urllib.parse import quote, urlsplit

from orderdesk_sdk.clock import utc
from orderdesk_sdk.errors import ConfigurationError, ConflictError

__all__ = ["PREFIX", "SandboxClock", "require_simulator", "seed_order"]

PREFIX: Final = "/_simulator/"
"""`control.PREFIX`, which cannot be imported without a web framework."""
_TIMEOUT: Final = 10.0
"""Seconds for a call to a simulator on this machine."""
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)


class SandboxClock:
    """The clock of a running sandbox: reading it calls the sandbox, sleeping moves its time on at once.

    Every process of the sandbox sees the same time. All methods raise ConfigurationError where no sandbox answers at
    `url`, and ConflictError for a move in a sandbox in real time.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def now(self) -> datetime:
        return self._read(_call(self._url, "POST", "clock", {"advance_seconds": 0}))

    def monotonic(self) -> float:
        return (self.now() - _EPOCH).total_seconds()

    def sleep_until(self, moment: float) -> None:
        self.advance_to(_EPOCH + timedelta(seconds=moment))

    def advance_to(self, moment: datetime) -> datetime:
        """Move time forward to `moment` (aware), if it is not there yet, and return the new now."""
        # The sandbox compares and moves in one step: two sleepers until the same moment do not add up.
        return self._read(_call(self._url, "POST", "clock", {"advance_to": utc(moment).isoformat()}))

    def _read(self, answer: Mapping[str, object]) -> datetime:
        return utc(datetime.fromisoformat(str(answer["now"])))


def require_simulator(url: str) -> None:
    """Raises ConfigurationError where no simulator answers at `url`."""
    _request(url, "GET", "log")


def seed_order(url: str, remote_id: str, lines: Sequence[tuple[str, int]]) -> bool:
    """Create this order at the simulator at `url`, as if it had been submitted; False where it exists already.

    `lines` are (code, quantity). Raises ConfigurationError where no simulator answers, ConflictError where the
    simulator rejects the order.
    """
    status, _ = _request(url, "GET", f"orders/{quote(remote_id, safe='')}")
    if status == 200:
        return False
    items = [{"code": code, "quantity": quantity} for code, quantity in lines]
    _call(url, "POST", "orders", {"remote_id": remote_id, "lines": items})
    return True


def _call(url: str, method: str, call: str, body: Mapping[str, object] | None = None) -> dict[str, object]:
    """The answer to a control call. Raises ConflictError for a call that the simulator rejects."""
    status, answer = _request(url, method, call, body)
    if status != 200:
        raise ConflictError(str(answer.get("error", f"status {status}")), location=f"simulator at {url}")
    return answer


def _request(
    url: str, method: str, call: str, body: Mapping[str, object] | None = None
) -> tuple[int, dict[str, object]]:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=_TIMEOUT)
    try:
        connection.request(method, PREFIX + call, None if body is None else json.dumps(body))
        response = connection.getresponse()
        answer = json.loads(response.read())
    except (OSError, HTTPException, ValueError) as error:
        raise ConfigurationError(
            f"no sandbox answers at {url}: {error}",
            location="[sandbox]",
            hint="start `orderdesk sandbox` again; it writes a new configuration",
        ) from error
    finally:
        connection.close()
    if not isinstance(answer, dict):
        raise ConfigurationError(f"the server at {url} is not a sandbox", location="[sandbox]")
    return response.status, answer
