"""A worker over a large ledger, in a process of its own.

    python -m bench.worker LEDGER

reads how many due cases to work on, a line each, and prints the microseconds a case took and the megabytes that the
process has held at most.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk

__all__ = ["main"]


def peak_megabytes() -> float:
    """The largest resident set of this process so far."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would also count what the parent held when it started this process.
        line = next(line for line in status.read_text("ascii").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main(path: str) -> None:
    """Work until stdin ends."""
    # No connection is configured. So a case is read, decided, written and told, and no call hides what that costs.
    with Desk(Config(Path(path))) as desk:
        for line in sys.stdin:
            count = int(line)
            began = time.perf_counter()
            report = desk.run_due(limit=count)
            took = time.perf_counter() - began
            if report.done != count or report.problems:
                raise RuntimeError(f"{report.done} of {count} cases: {report.problems[:3]}")
            print(took / count * 1e6, peak_megabytes(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
