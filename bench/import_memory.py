"""What an import holds in memory at most, when a file has a hundred thousand orders."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Bound, Figure, Goal, Scale, Spread
from bench.new_process import run_in_new_process
from orderdesk_devkit.sample_orders import SAMPLE_ORDERS

__all__ = ["import_memory"]

_IMPORT = """
import time
from pathlib import Path
from bench.worker import peak_megabytes
from orderdesk_sdk import Config, Desk, OrderStream
began = time.process_time()
with Desk(Config(Path({database!r}))) as desk, open({file!r}, "rb") as file:
    report = desk.orders.import_orders(OrderStream(file, location="orders"), by="bench")
assert len(report.added) == {count}
print(peak_megabytes())
print(time.process_time() - began)
"""


def import_memory(effort: Scale) -> Iterator[Figure]:
    """The most megabytes that a process holds while it imports a response of Order Desk's API."""
    count = effort.pick(5_000, 20_000, 100_000)
    with tempfile.TemporaryDirectory(prefix="orderdesk-bench-") as folder:
        file = Path(folder) / "orders.json"
        _write_orders(file, count)
        code = _IMPORT.format(database=str(Path(folder) / "bench.db"), file=str(file), count=count)
        megabytes, seconds = run_in_new_process(code, path=Path(__file__).resolve().parent.parent)
        size = file.stat().st_size / 2**20
    yield Figure(
        f"memory of an import of {count:,} orders",
        "MB",
        Spread.of([megabytes]),
        goal=Goal(Bound.AT_MOST, 200),
        note=f"from a file of {size:.0f} MB, in {seconds:.0f} s of CPU",
    )


def _write_orders(path: Path, count: int) -> None:
    order = json.loads(SAMPLE_ORDERS)[0]
    with path.open("w", encoding="ascii") as file:
        file.write(f'{{"status": "success", "total_records": {count}, "orders": [')
        for index in range(count):
            order |= {"id": str(index), "source_id": f"I-{index}"}
            file.write(f"{', ' if index else ''}{json.dumps(order)}")
        file.write("]}")
