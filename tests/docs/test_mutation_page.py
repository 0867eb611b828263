"""The page of mutants is about the plugins as they are."""

from __future__ import annotations

import pytest

from docs.mutation_page import read_figures
from orderdesk_devkit.cli.mutant_report import GOAL
from orderdesk_devkit.mutation.mutants import mutants_of_package
from orderdesk_devkit.quality.plugin_folder import all_folders

FOLDERS = {folder.slug: folder for folder in all_folders()}


@pytest.mark.parametrize("slug", read_figures())
def test_the_suite_alone_kills_as_many_as_the_goal_wants(slug: str) -> None:
    assert read_figures()[slug].killed_share >= GOAL


@pytest.mark.parametrize("slug", read_figures())
def test_the_figures_are_of_the_mutants_that_are_made_today(slug: str) -> None:
    made = len(mutants_of_package(FOLDERS[slug].source))
    assert read_figures()[slug].made == made, f"stale: run `python3 tools/dev.py mutants {slug}`"


@pytest.mark.parametrize("slug", read_figures())
def test_every_mutant_made_has_one_end(slug: str) -> None:
    assert slug in FOLDERS
    one = read_figures()[slug]
    survived = len(one.survived) + len(one.not_reached)
    assert one.killed + one.timed_out + survived + len(one.equivalent) == one.made
