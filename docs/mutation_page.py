"""The page of the mutation figures, from docs/reference/mutation.json."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from attrs import frozen
from cattrs.preconf.json import make_converter

from docs.prose import table
from orderdesk_devkit.cli.mutant_report import GOAL

__all__ = ["FIGURES", "PluginFigures", "mutation_page", "read_figures"]

FIGURES = Path(__file__).parent / "reference" / "mutation.json"
HEAD = f"""\
# Mutants

How good the conformance suite is, measured: from each plugin here copies are made with one mistake each, its mutants,
and the suite has to find them. An answer is exchanged for another, a branch turned, a check left out, the scope
ignored, a setting not read, a signature not verified, a read made to write, an idempotency over-declared, the wrong
order named, the evidence taken from another exchange, a word or number of the service changed. Texts for people, types
and the address of the real service are left alone: no simulator can tell. So is what the plugin's author chooses freely
and no service states: how often it is polled, when that is given up, how long it usually takes, a number that a setting
has unless somebody sets it, and the name of a call (`operation=`) that no declaration says anything about. A window, a
limit, a quota or a length is a fact of the service, and is changed.

A mutant is **killed** by the suite alone where a test of `tests/test_conformance.py` fails for it: a class of a few
lines that names the integration and what its declaration and simulator cannot tell. The plugin's own tests, cassettes
and types are not asked, for the author of a new plugin has none of them yet. It **timed out** where the suite no longer
ended, which somebody would notice, and **survived** where every test that reaches its change passed, or none reaches
it. An **equivalent** one behaves as the plugin does for everybody outside, or differs in the text of a message alone;
it is named in the plugin's pyproject.toml with the reason, and does not count; one that the suite kills was not
equivalent, and the campaign refuses it. The goal is {GOAL:.0%} of the others.
**Lines reached** are the statements of the plugin that the suite runs.

```toml
# pyproject.toml
[tool.orderdesk.equivalent_mutants]
"api.py:answer_from_order: evidence of another exchange: there -> response" = "both show it, in this attempt"
```

The mutants are made from the syntax tree by `orderdesk_devkit.mutation`. mutmut and cosmic-ray were looked at: their
operators change operators, literals and calls of any program. None makes the mistakes of a plugin: an answer, a
rejection, a scope, evidence or an idempotency that is not true.

`python3 tools/dev.py mutants` runs the campaigns and writes this page, `python3 tools/dev.py mutants lulu` the row of
one plugin. `orderdesk check-plugin SLUG --mutants` does it for a plugin that lives anywhere, and shows each survivor
with its line, the change, and the tests that passed. With `--quick` slow tests are left out; such a figure is a lower
bound, "at least". `--fuzz` is 5 there: more random replies find no more of them.
"""


@frozen
class PluginFigures:
    """What a campaign made of a plugin.

    Args:
        made: mutants, equivalent ones among them.
        reached: the share of its statements that the suite runs, 0 to 1.
        is_partial: slow tests were left out, so more may be found than `killed` says.
        equivalent: names, with the reasons.
        survived, not_reached: names.
    """

    made: int
    killed: int
    timed_out: int
    reached: float
    equivalent: Mapping[str, str]
    survived: list[str]
    not_reached: list[str]
    is_partial: bool = False

    @property
    def killed_share(self) -> float:
        """The killed, and those that timed out, among all that are not equivalent, 0 to 1."""
        counted = self.made - len(self.equivalent)
        return (self.killed + self.timed_out) / counted if counted else 1.0


def read_figures() -> dict[str, PluginFigures]:
    """By slug, what the last campaigns made of each plugin."""
    text = FIGURES.read_text(encoding="utf-8") if FIGURES.exists() else "{}"
    return make_converter().structure(json.loads(text), dict[str, PluginFigures])


def mutation_page() -> str:
    """The figures of all plugins, then each survivor and each equivalent mutant by name."""
    figures = read_figures()
    head = ("plugin", "made", "equivalent", "killed", "timed out", "survived", "killed share", "lines reached")
    lines = [HEAD, *table(head, (_row(slug, one) for slug, one in figures.items()))]
    for slug, one in figures.items():
        if one.survived or one.not_reached or one.equivalent:
            lines += [f"## {slug}", "", *_details(one)]
    return "\n".join(lines)


def _row(slug: str, figures: PluginFigures) -> tuple[str, ...]:
    survived = len(figures.survived) + len(figures.not_reached)
    counts = (figures.made, len(figures.equivalent), figures.killed, figures.timed_out, survived)
    mark = "at least " if figures.is_partial else ""
    return (slug, *map(str, counts), f"{mark}{figures.killed_share:.1%}", f"{mark}{figures.reached:.1%}")


def _details(figures: PluginFigures) -> Iterator[str]:
    for label, names in (("Survived", figures.survived), ("Survived, not reached", figures.not_reached)):
        if names:
            yield from (f"{label}:", "", *(f"- {_code(name)}" for name in names), "")
    if figures.equivalent:
        yield from ("Equivalent:", "")
        yield from (f"- {_code(name)}: {reason}" for name, reason in figures.equivalent.items())
        yield ""


def _code(text: str) -> str:
    """As code of Markdown, whatever backticks are in it."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"
