"""The JSON API under a steady load with open event streams, over the same calls in Python at the same rates."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx

from bench.figure import Figure, Scale, compare
from bench.loopback import ROOT, Loopback, quiet_environment
from bench.steady_load import LoadResult, SteadyLoad

__all__ = ["web"]

PLANS, CANCELS, STREAMS = 100, 20, 20


def web(effort: Scale) -> Iterator[Figure]:
    """What 95 of 100 plans and cancels take by HTTP, over what they take in Python. Of one desk with its worker."""
    load = SteadyLoad(effort.pick(10, 60), PLANS, CANCELS)
    ours, python = list[LoadResult](), list[LoadResult]()
    for _ in range(effort.pick(1, 1, 3)):
        by_http, in_python = _measure(load)
        ours.append(by_http)
        python.append(in_python)
    streams = f"{STREAMS} open event streams"
    yield compare(
        f"p95 of a plan at {PLANS}/s beside {CANCELS} cancels/s and {streams}",
        "ms",
        "desk.cancellations.plan at the same rate",
        [one.plan_p95 for one in ours],
        [one.plan_p95 for one in python],
    )
    yield compare(
        f"p95 of a cancel at {CANCELS}/s beside {PLANS} plans/s and {streams}",
        "ms",
        "desk.cancel, recorded only, at the same rate",
        [one.cancel_p95 for one in ours],
        [one.cancel_p95 for one in python],
    )


def _measure(load: SteadyLoad) -> tuple[LoadResult, LoadResult]:
    orders = load.plan_count + 2 * load.cancel_count
    with Loopback() as loopback:
        arguments = [loopback.url, str(orders), str(load.seconds), str(load.plans), str(load.cancels)]
        with subprocess.Popen(
            [sys.executable, "-m", "bench.web_desk", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=quiet_environment(),
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            url, *given = process.stdout.readline().split()
            by_http = _call_api(load, url, given[:2], given[2:])
            print("python", file=process.stdin, flush=True)
            plan, cancel = map(float, process.stdout.readline().split())
            return by_http, LoadResult(plan, cancel)


def _call_api(load: SteadyLoad, url: str, tokens: list[str], numbers: list[str]) -> LoadResult:
    headers = {"Authorization": f"Bearer {tokens[0]}"}
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    with ExitStack() as stack:
        for index in range(STREAMS):
            stack.enter_context(_Stream(url, tokens[index % 2]))  # One caller may have twelve.
        client = stack.enter_context(
            httpx.Client(base_url=f"{url}/api/v1", headers=headers, limits=limits, timeout=30, trust_env=False)
        )

        def plan(number: str) -> None:
            client.get(f"/orders/number:{number}/plan").raise_for_status()

        def cancel(number: str) -> None:
            body = {"reason": "measured", "without_plan": True}
            key = {"Idempotency-Key": str(uuid.uuid4())}
            client.post(f"/orders/number:{number}/cancel", json=body, headers=key).raise_for_status()

        return load.run(plan, cancel, numbers[: load.plan_count], numbers[load.plan_count :])


class _Stream:
    """One open stream of events, read and thrown away. Raises RuntimeError where it was not given."""

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        self._sock = socket.create_connection((parts.hostname or "", parts.port or 80))
        head = f"GET /api/v1/events HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {token}\r\n\r\n"
        self._sock.sendall(head.encode())
        first = self._sock.recv(65_536)
        if b" 200 " not in first.partition(b"\r\n")[0]:
            raise RuntimeError(f"no stream: {first[:200]!r}")
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            while self._sock.recv(65_536):
                pass
        except OSError:
            return

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()
