"""Quality: four levels, and what a plugin's folder lacks for the one that it claims.

A plugin says in its pyproject.toml which level it keeps, and why it is exempt from a rule:

    [tool.orderdesk]
    level = "gold"
    exempt = { verification = "the service is our own, so no document can be cited" }

The rules are in `rules.RULES`; each is checked by a program.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from attrs import evolve, field, frozen

from orderdesk_devkit.quality.plugin_folder import PluginFolder

__all__ = ["LEVEL_DESCRIPTIONS", "Violation", "Fix", "Level", "QualityRule", "QualityReport", "check"]

Fix = Callable[[], None]
"""Mends a violation in the plugin's files. Idempotent."""


class Level(enum.IntEnum):
    """How much a plugin has shown; each level also keeps the rules of the levels below."""

    BRONZE = 1
    SILVER = 2
    GOLD = 3
    PLATINUM = 4

    @property
    def label(self) -> str:
        """As pyproject.toml spells it."""
        return self.name.lower()


LEVEL_DESCRIPTIONS: Mapping[Level, str] = {
    Level.BRONZE: "It is a plugin: it loads, declares what is valid, and passes the conformance suite.",
    Level.SILVER: "It can be trusted: its conversations are recorded, and it does no I/O of its own.",
    Level.GOLD: "It can be judged: the README says what it was checked against; its simulator can ship after a cancel.",
    Level.PLATINUM: "It was seen at work: the vendor's own files check it, and a cassette comes from the service.",
}
"""What each level is about."""


@frozen
class Violation:
    """One thing that is wrong with a plugin.

    Args:
        warning: it is reported, and the level is kept all the same.
        fix: None where only a person can mend it.
        rule: the name of the broken rule; filled in by `check`.
    """

    location: str
    message: str
    hint: str
    warning: bool = False
    fix: Fix | None = field(default=None, eq=False, repr=False)
    rule: str = ""


@frozen
class QualityRule:
    """A promise of a level, and the check that finds where it is broken.

    Args:
        name: as in `exempt`.
        check: changes nothing and never raises.
        needs_tests: whether it is about how the plugin's conformance tests ended.
    """

    name: str
    level: Level
    description: str
    check: Callable[[PluginFolder], Iterable[Violation]]
    needs_tests: bool = False


@frozen
class QualityReport:
    """What a check of one plugin found.

    Args:
        claimed_level: None where the plugin claims no level, or one that does not exist.
        reached_level: the highest level whose rules are kept or exempted; None where not even bronze is, and where the
            conformance tests were not run.
        violations: of the rules up to the claimed level.
        next_level_violations: of the rules of the level after that.
        exemptions: the names of the exempted rules, with the reason.
    """

    folder: PluginFolder
    claimed_level: Level | None
    reached_level: Level | None
    violations: tuple[Violation, ...]
    next_level_violations: tuple[Violation, ...]
    exemptions: Mapping[str, str]

    @property
    def is_ok(self) -> bool:
        """Whether what it claims is kept."""
        return all(violation.warning for violation in self.violations)


def check(folder: PluginFolder, rules: Sequence[QualityRule], *, strict: bool = False) -> QualityReport:
    """All violations of a plugin, those of its claim first.

    Args:
        strict: whether a warning counts as an error.
    """
    violations = {
        rule: tuple(evolve(one, rule=rule.name, warning=one.warning and not strict) for one in rule.check(folder))
        for rule in rules
    }
    not_run = {rule.name for rule in rules if rule.needs_tests and folder.suite is None}
    exempt, misused = _exemptions(folder, violations, not_run)
    broken = {rule: of_rule for rule, of_rule in violations.items() if rule.name not in exempt}
    reached = _reached_level(broken)
    claimed = next((level for level in Level if level.label == folder.declared_quality.get("level")), None)
    if claimed is None:
        misused = (_missing_claim(folder, reached), *misused)
    # A plugin without a claim is held against the lowest level, which it can then claim.
    checked_level = claimed or Level.BRONZE
    next_level = _violations_of(broken, lambda level: level == checked_level + 1)
    return QualityReport(
        folder,
        claimed,
        reached if folder.suite is not None else None,
        (*misused, *_violations_of(broken, lambda level: level <= checked_level)),
        tuple(violation for violation in next_level if not violation.warning),
        exempt,
    )


def _violations_of(
    violations: Mapping[QualityRule, tuple[Violation, ...]], selects: Callable[[Level], bool]
) -> tuple[Violation, ...]:
    return tuple(violation for rule, of_rule in violations.items() if selects(rule.level) for violation in of_rule)


def _reached_level(broken: Mapping[QualityRule, tuple[Violation, ...]]) -> Level | None:
    reached = None
    for level in Level:
        if any(not violation.warning for violation in _violations_of(broken, level.__eq__)):
            break
        reached = level
    return reached


def _exemptions(
    folder: PluginFolder, violations: Mapping[QualityRule, tuple[Violation, ...]], not_run: Collection[str]
) -> tuple[Mapping[str, str], tuple[Violation, ...]]:
    """The exemptions that hold, and what is wrong with the others."""
    declared = folder.declared_quality.get("exempt", {})
    location = f"{folder.file('pyproject.toml')}: [tool.orderdesk].exempt"
    if not isinstance(declared, Mapping):
        return {}, (Violation(location, "must be a table", 'write it as { rule = "why" }', rule="level"),)
    misused, kept = [], dict[str, str]()
    broken = {rule.name: any(not violation.warning for violation in of_rule) for rule, of_rule in violations.items()}
    for name, reason in declared.items():
        if name not in broken:
            misused.append(
                Violation(location, f"unknown rule {name!r}", f"known are: {', '.join(broken)}", rule="level")
            )
        elif not isinstance(reason, str) or len(reason.split()) < _MIN_REASON_WORDS:
            misused.append(Violation(location, f"{name} has no reason", "say why, in a sentence", rule="level"))
        elif not broken[name] and name not in not_run:
            misused.append(Violation(location, f"{name} is kept, so it needs no exemption", "remove it", rule="level"))
        else:
            kept[name] = reason
    return kept, tuple(misused)


_MIN_REASON_WORDS = 3
"""Words of a reason; fewer explain nothing."""


def _missing_claim(folder: PluginFolder, reached: Level | None) -> Violation:
    file = folder.path / "pyproject.toml"
    claim = (reached or Level.BRONZE).label
    words = ", ".join(level.label for level in Level)

    def write() -> None:
        text = file.read_text(encoding="utf-8")
        if "[tool.orderdesk]" not in text:
            file.write_text(f'{text.rstrip()}\n\n[tool.orderdesk]\nlevel = "{claim}"\n', encoding="utf-8")

    given = folder.declared_quality.get("level")
    message = "it claims no level" if given is None else f"it claims {given!r}, which is no level"
    hint = f'write level = "{claim}" below [tool.orderdesk]; the levels are {words}'
    fix = write if reached is not None and not folder.declared_quality else None
    return Violation(folder.file("pyproject.toml"), message, hint, fix=fix, rule="level")
