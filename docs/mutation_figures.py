"""Run the mutation campaigns of plugins, and keep their figures in docs/reference/mutation.json, merged per plugin.

    python -m docs [SLUG ...] [--jobs N] [--survivors] [--quick]

Without a slug it is every plugin. With `--survivors`, what the last campaign in this checkout killed is taken as killed
where a mutant of the same name is still made: for whoever makes the suite stronger. What was killed is kept in build/.
With `--quick` the slowest tests are left out, so the figures can only be too low.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from attrs import evolve
from cattrs.preconf.json import make_converter

from docs.generate import main as write_pages
from docs.mutation_page import FIGURES, PluginFigures, read_figures
from orderdesk_devkit.cli.mutant_report import result_line
from orderdesk_devkit.mutation.campaign import Campaign, CampaignResult, run_campaign
from orderdesk_devkit.mutation.runs import Fate, MutantResult
from orderdesk_devkit.quality.plugin_folder import PluginFolder, all_folders, find_folder

__all__ = ["figures_of", "main"]

_KILLED = Path(__file__).parent.parent / "build" / "mutants"


def figures_of(result: CampaignResult, *, is_partial: bool) -> PluginFigures:
    """What the page says of a plugin. is_partial: slow tests were left out."""
    return PluginFigures(
        made=len(result.results),
        killed=len(result.with_fate(Fate.KILLED)),
        timed_out=len(result.with_fate(Fate.TIMED_OUT)),
        reached=round(result.profile.reached_share, 3),
        equivalent=dict(result.equivalent),
        survived=[one.mutant.name for one in result.with_fate(Fate.SURVIVED)],
        not_reached=[one.mutant.name for one in result.with_fate(Fate.NOT_REACHED)],
        is_partial=is_partial,
    )


def _run(folder: PluginFolder, campaign: Campaign) -> CampaignResult:
    def show(result: MutantResult) -> None:
        line = result_line(result)
        if line is not None and result.mutant.name not in campaign.known:
            print(f"{folder.slug}: {line}", file=sys.stderr, flush=True)

    return run_campaign(folder, evolve(campaign, report=show))


def _keep(slug: str, result: CampaignResult, *, is_partial: bool) -> None:
    figures = {**read_figures(), slug: figures_of(result, is_partial=is_partial)}
    kept = make_converter().unstructure(dict(sorted(figures.items())))
    FIGURES.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    _KILLED.mkdir(parents=True, exist_ok=True)
    killed = {one.mutant.name: one.test or "" for one in result.results if one.fate is Fate.KILLED}
    (_KILLED / f"{slug}.json").write_text(json.dumps(killed, indent=1), encoding="utf-8")


def _killed_before(slug: str) -> Mapping[str, str]:
    path = _KILLED / f"{slug}.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def main(arguments: list[str]) -> int:
    """Run what is asked for, write the data after each plugin, then the page. Gives the exit code."""
    parser = argparse.ArgumentParser(prog="tools/dev.py mutants", description=__doc__)
    parser.add_argument("slugs", nargs="*", metavar="SLUG")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--survivors", action="store_true")
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args(arguments)
    for folder in [find_folder(slug) for slug in asked.slugs] or all_folders():
        known = _killed_before(folder.slug) if asked.survivors else {}
        result = _run(folder, Campaign(asked.jobs, quick=asked.quick, known=known))
        _keep(folder.slug, result, is_partial=asked.quick)
        print(f"{folder.slug}: {result.killed_share:.1%} killed, {len(result.survivors)} survived")
    return write_pages([])
