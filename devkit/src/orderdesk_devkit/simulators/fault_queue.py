"""The faults that wait for requests: which kind of trouble, for which request, how often, and what it leaves done."""

from __future__ import annotations

import re
import threading
from enum import Enum

from attrs import evolve, field, frozen

from orderdesk_sdk.errors import ValidationError

__all__ = ["Fault", "FaultQueue", "PlannedFault"]


class Fault(Enum):
    """One kind of trouble. `takes_effect` says whether the service carries the request out; no client can see that."""

    LOST_RESPONSE = "lost_response"
    """Done. The app handles the request fully, then the connection is reset without a byte of response."""
    RESET_BEFORE = "reset_before"
    """Not done. The connection is reset before the app sees the request."""
    SERVER_ERROR_HTML = "server_error_html"
    """Not done. 503 with an HTML page, as from a gateway whose service is away."""
    SERVER_ERROR_HTML_AFTER = "server_error_html_after"
    """Done. The same 503 page, from a gateway that gave up waiting for a service that finished."""
    ERROR_WITHOUT_ERRORS = "error_without_errors"
    """Not done. 500 with a JSON object that lacks `errors`, as from a gateway's own handler."""
    OK_HTML = "ok_html"
    """Not done. 200 with an HTML page, as from a maintenance page or a captive proxy."""
    OK_EMPTY = "ok_empty"
    """Not done. 200 with an empty body, as from a proxy that swallowed the request."""
    TRUNCATED = "truncated"
    """Done. The content-length promises more than is sent, then the connection is closed in the orderly way."""
    OVERSIZED = "oversized"
    """Done.

    The status of the real response with a valid JSON body of `size` bytes (50 MB), streamed without a length.
    """
    SLOW_DRIP = "slow_drip"
    """Done. The real response, padded with blanks to at least `size` bytes (1,000), one byte every `seconds` (1)."""
    MALFORMED_JSON = "malformed_json"
    """Done. The status of the real response with JSON that ends in the middle; the content-length is right."""
    WRONG_TYPES = "wrong_types"
    """Done. The real response, which must be JSON, with every leaf of another type.

    "1" for 1, 3 for "abc", [] for {}.
    """
    GARBAGE_GZIP = "garbage_gzip"
    """Done. The status of the real response, said to be gzip, with a body that is not."""
    REDIRECT = "redirect"
    """Not done. 302 to a host that is not the service's; whoever follows gives it their credentials."""
    EXPIRED_TOKEN = "expired_token"
    """Not done. The service's own answer to an expired token; a simulator also lets the token expire for real."""
    DELAY = "delay"
    """Done at once. The real response, held back for `seconds` (30)."""

    @property
    def takes_effect(self) -> bool:
        """True where the service carries the request out although the response does not say so."""
        match self:
            case (
                Fault.RESET_BEFORE
                | Fault.SERVER_ERROR_HTML
                | Fault.ERROR_WITHOUT_ERRORS
                | Fault.OK_HTML
                | Fault.OK_EMPTY
                | Fault.REDIRECT
                | Fault.EXPIRED_TOKEN
            ):
                return False
            case (
                Fault.LOST_RESPONSE
                | Fault.SERVER_ERROR_HTML_AFTER
                | Fault.TRUNCATED
                | Fault.OVERSIZED
                | Fault.SLOW_DRIP
                | Fault.MALFORMED_JSON
                | Fault.WRONG_TYPES
                | Fault.GARBAGE_GZIP
                | Fault.DELAY
            ):
                return True


@frozen
class PlannedFault:
    """A fault that waits for its request."""

    kind: Fault
    method: str | None = None
    """The HTTP method it waits for, in capitals; None for any."""
    path: re.Pattern[str] | None = None
    """What must be found in the decoded path; None for any path, that of a token endpoint too."""
    times: int = field(default=1)
    """How many more requests it meets."""
    size: int | None = None
    """Bytes, for OVERSIZED and SLOW_DRIP; None for the kind's own."""
    seconds: float | None = None
    """Real seconds, for SLOW_DRIP and DELAY; None for the kind's own."""
    skip_first: int = 0
    """How many of its requests it still lets pass, for a service whose calls all have one path."""

    def matches(self, method: str, path: str) -> bool:
        """True when a request with this method and decoded path is one it waits for."""
        return (self.method is None or self.method == method.upper()) and (
            self.path is None or self.path.search(path) is not None
        )


class FaultQueue:
    """The faults that wait, first in first out among those that match. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: list[PlannedFault] = []

    def add(
        self,
        kind: Fault,
        *,
        method: str | None = None,
        path: str | None = None,
        times: int = 1,
        size: int | None = None,
        seconds: float | None = None,
        skip_first: int = 0,
    ) -> PlannedFault:
        """Let the next `times` requests with this method, whose decoded path matches the regex `path`, meet `kind`.

        Args:
            skip_first: so many of these requests are let pass before.

        Raises ValidationError for a path that is no regular expression, or numbers that make no sense.
        """
        if times < 1 or skip_first < 0 or (size is not None and size < 1) or (seconds is not None and seconds <= 0):
            raise ValidationError(
                "times, size and seconds must be positive, after not negative", location=f"fault {kind.value}"
            )
        try:
            pattern = None if path is None else re.compile(path)
        except re.error as error:
            raise ValidationError(
                f"{path!r} is no regular expression: {error}", location=f"fault {kind.value}", hint="mend `path`"
            ) from error
        planned = PlannedFault(kind, method.upper() if method else None, pattern, times, size, seconds, skip_first)
        with self._lock:
            self._pending.append(planned)
        return planned

    def take(self, method: str, path: str) -> PlannedFault | None:
        """The fault that this request meets, counted down by one; None for an undisturbed request."""
        with self._lock:
            for index, planned in enumerate(self._pending):
                if planned.matches(method, path):
                    if planned.skip_first:
                        self._pending[index] = evolve(planned, skip_first=planned.skip_first - 1)
                        return None
                    if planned.times > 1:
                        self._pending[index] = evolve(planned, times=planned.times - 1)
                    else:
                        del self._pending[index]
                    return planned
        return None

    def pending(self) -> tuple[PlannedFault, ...]:
        """The faults that no request has met yet."""
        with self._lock:
            return tuple(self._pending)

    def clear(self) -> None:
        """Forget every fault that still waits."""
        with self._lock:
            self._pending.clear()
