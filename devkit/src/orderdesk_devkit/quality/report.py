"""Quality: a list of routes of four levels, and what a plugin's folder lacks for the one that it claims.

A plugin says in its pyproject.toml which level it keeps, and why it is exempt from a rule:

    [tool.orderdesk]
    level = "gold"
    exempt = { evidence = "the service is ours; there is nobody to cite" }

The rules are in `rules.RULES`; each is checked by a program.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence

from attrs import evolve, field, frozen

from orderdesk_devkit.quality.plugin_folder import PluginFolder

__all__ = ["LEVEL_DESCRIPTIONS", "Violation", "Fix", "Level", "QualityRule", "QualityReport", "check"]

Fix = Callable[[], None]
"""Mends a fault in the plugin's files; done twice it does no harm."""


class Level(enum.IntEnum):
    """How much a plugin has shown; each level keeps the rules of those below it too."""

    BRONZE = 1
    SILVER = 2
    GOLD = 3
    PLATINUM = 4

    @property
    def label(self) -> str:
        """As pyproject.toml spells it."""
        return self.name.lower()


LEVEL_DESCRIPTIONS: Mapping[Level, str] = {
    Level.BRONZE: "It is a plugin: it loads, its declaration holds, and the conformance suite was put to it.",
    Level.SILVER: "It can be trusted: its conversations are cassettes, and it reaches for nothing of its own.",
    Level.GOLD: "It can be judged: what its knowledge rests on is told, and a service that lies can be played.",
    Level.PLATINUM: "It was seen at work: the vendor's own files judge it, a cassette comes from the service.",
}
"""What each level is about."""


@frozen
class Violation:
    """One thing that is wrong with a plugin.

    rule: which one it breaks; filled in by `judge`. warning: it is told and breaks nothing. fix: None where only a
    person can mend it.
    """

    location: str
    message: str
    hint: str
    warning: bool = False
    fix: Fix | None = field(default=None, eq=False, repr=False)
    rule: str = ""


@frozen
class QualityRule:
    """A promise of a level, and what finds where it is broken.

    name: as in `exempt`. check: changes nothing and never raises.
    """

    name: str
    level: Level
    description: str
    check: Callable[[PluginFolder], Iterable[Violation]]


@frozen
class QualityReport:
    """What was found.

    claimed: None where the plugin claims nothing that is a level. reached: the highest level whose rules are kept or
    excused; None where not even bronze is. faults: of the rules up to the claimed level. ahead: of those of the next
    one. exempt: the rules that are excused, with the reason.
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
        return all(fault.warning for fault in self.violations)


def check(folder: PluginFolder, rules: Sequence[QualityRule]) -> QualityReport:
    """All faults of a plugin, those of its claim first."""
    found = {rule: tuple(evolve(fault, rule=rule.name) for fault in rule.check(folder)) for rule in rules}
    exempt, misused = _exemptions(folder, found)
    broken = {rule: faults for rule, faults in found.items() if rule.name not in exempt}
    reached = _reached_level(broken)
    claimed = next((level for level in Level if level.label == folder.declared_quality.get("level")), None)
    if claimed is None:
        misused = (_missing_claim(folder, reached), *misused)
    # Who claims nothing is told what the lowest level asks for, and so may claim it.
    upto = claimed or Level.BRONZE
    return QualityReport(
        folder,
        claimed,
        reached,
        (*misused, *_violations_of(broken, lambda level: level <= upto)),
        tuple(fault for fault in _violations_of(broken, lambda level: level == upto + 1) if not fault.warning),
        exempt,
    )


def _violations_of(
    found: Mapping[QualityRule, tuple[Violation, ...]], selects: Callable[[Level], bool]
) -> tuple[Violation, ...]:
    return tuple(fault for rule, faults in found.items() if selects(rule.level) for fault in faults)


def _reached_level(broken: Mapping[QualityRule, tuple[Violation, ...]]) -> Level | None:
    reached = None
    for level in Level:
        if any(not fault.warning for fault in _violations_of(broken, level.__eq__)):
            break
        reached = level
    return reached


def _exemptions(
    folder: PluginFolder, found: Mapping[QualityRule, tuple[Violation, ...]]
) -> tuple[Mapping[str, str], tuple[Violation, ...]]:
    """The exemptions that hold, and what is wrong with the others."""
    asked = folder.declared_quality.get("exempt", {})
    place = f"{folder.file('pyproject.toml')}: [tool.orderdesk].exempt"
    if not isinstance(asked, Mapping):
        return {}, (Violation(place, "it is no table", 'write it as { rule = "why" }', rule="level"),)
    faults, kept = [], dict[str, str]()
    broken = {rule.name: any(not fault.warning for fault in told) for rule, told in found.items()}
    for name, why in asked.items():
        if name not in broken:
            faults.append(
                Violation(place, f"there is no rule {name!r}", f"known are: {', '.join(broken)}", rule="level")
            )
        elif not isinstance(why, str) or len(why.split()) < _MIN_REASON_WORDS:
            faults.append(Violation(place, f"{name} has no reason", "say why, in a sentence", rule="level"))
        elif not broken[name]:
            faults.append(Violation(place, f"{name} is kept, so it needs no exemption", "remove it", rule="level"))
        else:
            kept[name] = why
    return kept, tuple(faults)


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
    text = "it claims no level" if given is None else f"it claims {given!r}, which is no level"
    hint = f'write level = "{claim}" below [tool.orderdesk]; the levels are {words}'
    fix = write if reached is not None and not folder.declared_quality else None
    return Violation(folder.file("pyproject.toml"), text, hint, fix=fix, rule="level")
