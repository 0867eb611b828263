"""What `check-plugin` tells: the violations of a plugin, or of every plugin, and the levels that they reach."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from orderdesk_devkit.quality.plugin_folder import PluginFolder, every_folder, find_folder
from orderdesk_devkit.quality.report import Fault, Level, Verdict, judge
from orderdesk_devkit.quality.rules import RULES
from orderdesk_sdk.cli.session import Session
from orderdesk_sdk.desk.capabilities import Shape
from orderdesk_sdk.errors import NotFoundError

if TYPE_CHECKING:
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["check_plugins"]


def check_plugins(session: Session, named: str | None, *, fix: bool) -> None:
    """Show all faults of one plugin, or of all (None); exit code 1 where one does not keep what it claims."""
    folders = every_folder() if named is None else (find_folder(named),)
    if not folders:
        raise NotFoundError(
            "no plugin is installed from its folder", remedy="give the path of one, or pip install -e PATH"
        )
    mended = [fault for folder in folders for fault in _mended(folder)] if fix else []
    # Read anew: what was mended is no fault any more, and may have been the only one.
    verdicts = [judge(find_folder(str(folder.path)), RULES) for folder in folders]
    session.give(
        {
            "is_ok": all(verdict.is_ok for verdict in verdicts),
            "mended": [_fault_shape(fault) for fault in mended],
            "plugins": [_verdict_shape(verdict) for verdict in verdicts],
        },
        lambda screen: _page(screen, verdicts, mended),
    )
    if not all(verdict.is_ok for verdict in verdicts):
        click.get_current_context().exit(1)


def _mended(folder: PluginFolder) -> list[Fault]:
    """The faults that were mended."""
    mended = []
    for fault in judge(folder, RULES).faults:
        if fault.fix is not None:
            fault.fix()
            mended.append(fault)
    return mended


def _page(screen: Screen, verdicts: Sequence[Verdict], mended: Sequence[Fault]) -> None:
    for fault in mended:
        screen.line(f"mended: {fault.place}: {fault.text}", "green")
    rows = [
        (verdict.folder.name, _word(verdict.claimed), _word(verdict.reached), "ok" if verdict.is_ok else "faults")
        for verdict in verdicts
    ]
    screen.table(("plugin", "claims", "reaches", ""), rows, whole=("claims", "reaches", ""))
    for verdict in verdicts:
        for fault in verdict.faults:
            screen.indented(f"{fault.rule}: {fault.place}: {fault.text}", style="yellow" if fault.warning else "red")
            screen.indented(f"what to do: {fault.remedy}")
        for name, why in verdict.exempt.items():
            screen.indented(f"{verdict.folder.name} is exempt from {name}: {why}", style="dim")
    if len(verdicts) == 1:
        for fault in verdicts[0].ahead:
            screen.indented(f"for the next level, {fault.rule}: {fault.place}: {fault.text}", style="dim")
    wrong = sum(not fault.warning for verdict in verdicts for fault in verdict.faults)
    doubtful = sum(fault.warning for verdict in verdicts for fault in verdict.faults)
    if wrong:
        mechanical = any(fault.fix is not None for verdict in verdicts for fault in verdict.faults)
        hint = "; --fix mends what is mechanical" if mechanical else ""
        screen.line(f"{wrong} wrong, {doubtful} to look at{hint}.", "bold red")
    else:
        screen.line(f"Nothing is wrong{f', {doubtful} to look at' if doubtful else ''}.", "bold green")


def _word(level: Level | None) -> str:
    return "-" if level is None else level.word


def _verdict_shape(verdict: Verdict) -> Shape:
    return {
        "plugin": verdict.folder.name,
        "folder": str(verdict.folder.path),
        "integrations": list(verdict.folder.integrations),
        "claims": None if verdict.claimed is None else verdict.claimed.word,
        "reaches": None if verdict.reached is None else verdict.reached.word,
        "is_ok": verdict.is_ok,
        "faults": [_fault_shape(fault) for fault in verdict.faults],
        "ahead": [_fault_shape(fault) for fault in verdict.ahead],
        "exempt": [{"rule": name, "why": why} for name, why in verdict.exempt.items()],
    }


def _fault_shape(fault: Fault) -> Shape:
    return {
        "rule": fault.rule,
        "grade": "warning" if fault.warning else "error",
        "place": fault.place,
        "text": fault.text,
        "remedy": fault.remedy,
        "can_fix": fault.fix is not None,
    }
