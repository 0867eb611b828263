"""`python3 tools/dev.py bench`: the SDK's speed as ratios, each with its yardstick in the same run.

Nothing here fails for being slow: a goal that is missed is shown, and the exit code is 0. Absolute numbers say more
about the machine than about the code; only the ratio column is meant to be quoted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable

from bench.bulk import bulk
from bench.bytecode import compile_all
from bench.cancels import cancels, rivals
from bench.dispatch import dispatch
from bench.drain import drain
from bench.figure import Figure, Scale
from bench.growth import growth
from bench.imports import imports
from bench.isolation import shares
from bench.listing import listing
from bench.loopback import ROOT
from bench.postgres import postgres
from bench.report import write_page
from bench.set_up import set_up
from bench.starting import starting
from bench.table import as_json, as_table
from bench.web import web

MEASURES: dict[str, Callable[[Scale], Iterable[Figure]]] = {
    measure.__name__: measure
    for measure in (
        cancels,
        rivals,
        postgres,
        drain,
        bulk,
        imports,
        starting,
        listing,
        dispatch,
        growth,
        shares,
        set_up,
        web,
    )
}


def main(arguments: list[str]) -> int:
    """Measure, print, and give 0."""
    parser = argparse.ArgumentParser(prog="bench", description="The SDK's speed as ratios over yardsticks.")
    parser.add_argument("--only", action="append", choices=MEASURES, metavar="NAME", help=", ".join(MEASURES))
    parser.add_argument("--json", action="store_true", help="a JSON document in place of the table")
    parser.add_argument("--report", action="store_true", help="write docs/reference/performance.md too")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="fewer rounds and smaller numbers: a look, no report")
    size.add_argument("--full", action="store_true", help="more rounds, and a ledger of 1,000,000 open cases")
    asked = parser.parse_args(arguments)
    effort = Scale(quick=asked.quick, full=asked.full)
    compile_all()
    figures: list[Figure] = []
    for name in asked.only or MEASURES:
        print(f"bench: {name}", file=sys.stderr, flush=True)
        figures += MEASURES[name](effort)
    print(as_json(figures) if asked.json else as_table(figures))
    if asked.report:
        print(f"bench: written: {write_page(figures, effort).relative_to(ROOT)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
