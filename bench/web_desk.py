"""A desk with orders in a process of its own, behind the JSON API or called in Python, under a steady load.

    python -m bench.web_desk SERVICE_URL ORDERS SECONDS PLANS CANCELS

prints the URL of the API, two tokens and the numbers of the orders; for a line on stdin then the p95 of plans and of
cancels that Python called at these rates, in milliseconds.
"""

from __future__ import annotations

import sys
import threading
import uuid
from datetime import timedelta

from attrs import evolve

from bench.steady_load import SteadyLoad
from bench.store import open_store, simulator_settings
from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.desk.run_loop import run_until_stopped
from orderdesk_sdk.desk.web_config import WebConfig
from orderdesk_sdk.web.server import serving

__all__ = ["main"]


def main(service: str, orders: int, load: SteadyLoad) -> None:
    """Serve, and measure Python's own calls when it is asked for."""
    with open_store(orders, simulator_settings(service)) as store:
        desk = store.desk
        desk.config = evolve(desk.config, web=WebConfig(api_calls_per_minute=1_000_000))
        expires = desk.access.clock.now() + timedelta(hours=2)
        tokens = [
            desk.access.api_tokens.create(name, role=Role.SUPERVISOR, expires_at=expires, by="bench")[1].reveal()
            for name in ("bench", "beside")
        ]
        planned, rest = store.numbers[: load.plan_count], store.numbers[load.plan_count :]

        def plan(number: str) -> None:
            desk.cancellations.plan(number)

        def cancel(number: str) -> None:
            desk.cancel(number, by="bench", reason="measured", idempotency_key=str(uuid.uuid4()), send_now=False)

        with serving(desk, works=True) as server:
            print(server.url, *tokens, *planned, *rest[: load.cancel_count], flush=True)
            sys.stdin.readline()
        stop = threading.Event()
        worker = threading.Thread(target=run_until_stopped, args=(desk, stop, print))
        worker.start()
        result = load.run(plan, cancel, planned, rest[load.cancel_count :])
        stop.set()
        worker.join()
        print(result.plan_p95, result.cancel_p95, flush=True)


if __name__ == "__main__":
    url, count, seconds, plans, cancels = sys.argv[1:]
    main(url, int(count), SteadyLoad(float(seconds), int(plans), int(cancels)))
