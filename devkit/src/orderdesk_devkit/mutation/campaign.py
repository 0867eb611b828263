"""The conformance suite against all mutants of a plugin: several at a time, within a budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from attrs import field, frozen

from orderdesk_devkit.mutation.mutants import Mutant, mutants_of_package
from orderdesk_devkit.mutation.profile import SuiteProfile
from orderdesk_devkit.mutation.runs import Fate, MutantResult, SuiteRun, require_unchanged, run_mutant, run_unchanged
from orderdesk_devkit.quality.plugin_folder import PluginFolder
from orderdesk_sdk.errors import ConfigurationError

__all__ = ["Campaign", "CampaignResult", "run_campaign"]

MIN_REASON_WORDS = 5
"""Words of a reason; fewer explain nothing."""
LONGEST_SUITE = 600.0
"""Seconds that the suite may take for a plugin as it is."""

_SLOW_SHARE = 0.9


@frozen
class Campaign:
    """What is to be tried.

    Args:
        jobs: mutants at a time.
        budget: seconds after which no further mutant is begun, counted anew after those that are called equivalent;
            None: all are tried.
        every: of all mutants, only each so-manieth: for a first look.
        only: those whose names hold one of these texts, or whose module is named like one; (): all.
        quick: without the slowest tests, which take nine tenths of the time; they may find what survives then.
        known: by name, the tests that have killed mutants before; these are not tried again.
        report: called with each result as it comes.
    """

    jobs: int = 2
    budget: float | None = None
    every: int = 1
    only: tuple[str, ...] = ()
    quick: bool = False
    known: Mapping[str, str] = field(factory=dict)
    report: Callable[[MutantResult], object] = lambda _: None


@frozen
class CampaignResult:
    """What became of the mutants of a plugin.

    Args:
        equivalent: by the name of each mutant that behaves as the plugin does, the reason that its author gives.
        profile: what the suite's run for the unchanged plugin told.
    """

    results: tuple[MutantResult, ...]
    equivalent: Mapping[str, str]
    profile: SuiteProfile

    @property
    def survivors(self) -> tuple[MutantResult, ...]:
        """The mutants that count and that no test of the suite found."""
        return self.with_fate(Fate.SURVIVED, Fate.NOT_REACHED)

    def with_fate(self, *fates: Fate) -> tuple[MutantResult, ...]:
        """The mutants that count, of these fates."""
        return tuple(one for one in self.results if one.fate in fates and one.mutant.name not in self.equivalent)

    @property
    def killed_share(self) -> float:
        """The killed among those that were tried and are not equivalent, 0 to 1; 1 where there are none."""
        killed = len(self.with_fate(Fate.KILLED, Fate.TIMED_OUT))
        tried = killed + len(self.survivors)
        return killed / tried if tried else 1.0


def run_campaign(folder: PluginFolder, campaign: Campaign) -> CampaignResult:
    """Try the mutants of a plugin.

    Raises ConfigurationError where its suite does not pass, or is not there, and where it kills one that is called
    equivalent; these are tried first.
    """
    tests = folder.path / "tests" / "test_conformance.py"
    if not tests.exists():
        raise ConfigurationError(
            "the plugin has no conformance tests", location=str(tests), hint="write them: `orderdesk new` shows how"
        )
    mutants = mutants_of_package(folder.source)
    equivalent = _equivalent(folder, mutants)
    profile = run_unchanged(tests, folder.source, LONGEST_SUITE)
    wanted = [mutant for mutant in mutants if _is_wanted(mutant, campaign.only)]
    left_out = profile.slow_tests(_SLOW_SHARE) if campaign.quick else frozenset[str]()
    suite = SuiteRun(tests, profile, left_out)
    chosen = wanted[:: campaign.every]
    alike = _run_all(suite, [mutant for mutant in chosen if mutant.name in equivalent], campaign)
    _require_not_killed(alike)
    others = _run_all(suite, [mutant for mutant in chosen if mutant.name not in equivalent], campaign)
    require_unchanged(suite)
    by_name = {result.mutant.name: result for result in (*alike, *others)}
    return CampaignResult(tuple(by_name[mutant.name] for mutant in chosen), equivalent, profile)


def _is_wanted(mutant: Mutant, only: Sequence[str]) -> bool:
    return not only or any(text in mutant.name or text == mutant.module for text in only)


def _run_all(suite: SuiteRun, mutants: Sequence[Mutant], campaign: Campaign) -> tuple[MutantResult, ...]:
    end = time.monotonic() + campaign.budget if campaign.budget is not None else None

    def run(mutant: Mutant) -> MutantResult:
        if mutant.name in campaign.known:
            result = MutantResult(mutant, Fate.KILLED, campaign.known[mutant.name])
        elif end is not None and time.monotonic() > end:
            result = MutantResult(mutant, Fate.NOT_TRIED)
        else:
            result = run_mutant(suite, mutant)
        campaign.report(result)
        return result

    with ThreadPoolExecutor(campaign.jobs) as threads:
        return tuple(threads.map(run, mutants))


def _require_not_killed(results: Sequence[MutantResult]) -> None:
    """Raise ConfigurationError for mutants that are called equivalent, and that a test tells from the plugin."""
    killed = [f"{one.mutant.name} (by {one.test})" for one in results if one.fate is Fate.KILLED]
    if killed:
        raise ConfigurationError(
            f"the suite finds what is called equivalent: {'; '.join(killed)}",
            location="pyproject.toml: [tool.orderdesk.equivalent_mutants]",
            hint="remove these lines",
        )


def _equivalent(folder: PluginFolder, mutants: Sequence[Mutant]) -> Mapping[str, str]:
    """The mutants that the plugin's pyproject.toml calls equivalent, with the reasons.

    Raises ConfigurationError for one that there is not (any more), and for a reason that explains nothing.
    """
    table = folder.declared_quality.get("equivalent_mutants", {})
    location = f"{folder.file('pyproject.toml')}: [tool.orderdesk.equivalent_mutants]"
    if not isinstance(table, Mapping):
        raise ConfigurationError("a table was expected", location=location, hint='write it as { "MUTANT" = "why" }')
    names = {mutant.name for mutant in mutants}
    for name, reason in table.items():
        if name not in names:
            raise ConfigurationError(f"there is no mutant {name!r}", location=location, hint="remove the line")
        if not isinstance(reason, str) or len(reason.split()) < MIN_REASON_WORDS:
            raise ConfigurationError(f"{name!r} has no reason", location=location, hint="say why, in a sentence")
    return {str(name): str(reason) for name, reason in table.items()}
