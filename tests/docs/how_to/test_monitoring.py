"""The how-to on monitoring is run as it stands in docs/how-to/monitoring.md."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from orderdesk_sdk import Config, Desk, VirtualClock, hours
from tests.support.builders import open_case

if TYPE_CHECKING:
    from tests.docs.how_to.conftest import Pages

PAGE = "monitoring.md"


def test_a_health_endpoint_tells_that_nobody_works(tmp_path: Path, page_blocks: Pages) -> None:
    endpoint, *_ = page_blocks(PAGE, ["python"])
    (shown,) = page_blocks(PAGE, ["text"])
    clock = VirtualClock()
    with Desk(Config(tmp_path / "orderdesk.db"), clock=clock) as desk:
        open_case(desk.ledger, due_at=clock.now())
        clock.advance(hours(2))
        names: dict[str, Any] = {"desk": desk}
        endpoint.run(names)
        code, document = names["healthz"]()
    told = [f"{code} {document['status']}"]
    told += [f"{check['code']}: {check['message']}" for check in document["checks"] if check["status"] != "ok"]
    shown.check("\n".join(told))


@pytest.mark.slow
def test_spans_and_metrics_of_a_desk_come_out_where_the_page_says(tmp_path: Path, page_blocks: Pages) -> None:
    _, providers, instrumented = page_blocks(PAGE, ["python"])
    # In a process of its own: OpenTelemetry takes its global providers once.
    opened = "from orderdesk_sdk import Desk\ndesk = Desk.open()"
    worked = "desk.run_due()\nmetrics.get_meter_provider().force_flush()\nstop()\ndesk.close()"
    program = f"{providers.take()}\n{opened}\n{instrumented.take()}\n{worked}"
    ran = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=tmp_path)
    assert '"name": "orderdesk.run_due"' in ran.stdout
    assert '"name": "orderdesk.cases"' in ran.stdout
