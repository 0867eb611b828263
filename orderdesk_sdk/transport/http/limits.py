"""The limits of a connection's calls: how long, how much, how often, how far."""

from __future__ import annotations

from attrs import frozen

from orderdesk_sdk.transport.http.reach import Reach

__all__ = ["HttpLimits"]


@frozen
class HttpLimits:
    """What one call may take. Times in seconds, sizes in bytes.

    Args:
        in_flight: calls at once per connection (httpx loses throughput above 8).
        timeout: of one attempt, from connecting to the last byte.
        connect_timeout: of connecting alone.
        read_timeout: the longest silence.
        max_response_bytes: the longest decoded body.
        evidence_bytes: how much of a body is kept as evidence.
        max_attempts: how often one call is sent.
        max_wait: how long the pauses between them may be together, and how long a thread waits for the first: what must
            wait longer leaves the thread, and its case is due when the wait is over.
        reach: which addresses may be connected to.
    """

    in_flight: int = 8
    timeout: float = 30.0
    connect_timeout: float = 5.0
    read_timeout: float = 15.0
    max_response_bytes: int = 4 * 1024 * 1024
    evidence_bytes: int = 16 * 1024
    max_attempts: int = 4
    max_wait: float = 20.0
    reach: Reach = Reach.ANYWHERE
