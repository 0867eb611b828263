"""Mutants: what one is, and all of a plugin's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

from orderdesk_devkit.mutation.general import general_changes
from orderdesk_devkit.mutation.nodes import Change, SourceFile
from orderdesk_devkit.mutation.own_choices import words_of_tables
from orderdesk_devkit.mutation.plugins import plugin_changes

__all__ = ["Mutant", "modules_of_package", "mutants_of_file", "mutants_of_package"]

_MAX_SHOWN = 60
"""Characters of the code that a mutant's name shows."""


@frozen
class Mutant:
    """A plugin with one mistake.

    Args:
        module: the name of the module that is replaced.
        file: where it stands.
        line: where the mistake is, from 1.
        lines: all lines of the statement that it is in.
        kind: which mistake it is.
        name: the same for the same mistake, also when lines above it come and go.
        before, after: the text that is changed, and what is in its place.
        source: the whole module, with the mistake.
    """

    module: str
    file: Path
    line: int
    lines: tuple[int, ...]
    kind: str
    name: str
    before: str
    after: str
    source: str


def mutants_of_package(package: Path) -> tuple[Mutant, ...]:
    """All mutants of a package of a plugin, but of its simulator, which is no part of it."""
    modules = modules_of_package(package)
    words = frozenset[str]().union(*(words_of_tables(_read(file)) for file in modules))
    return tuple(mutant for file, module in modules.items() for mutant in mutants_of_file(file, module, words))


def modules_of_package(package: Path) -> dict[Path, str]:
    """The modules of a package of a plugin by their files, but its simulator's."""
    files = {file: file.relative_to(package) for file in sorted(package.rglob("*.py"))}
    return {
        file: _module_name(package, within)
        for file, within in files.items()
        if within.parts[0].removesuffix(".py") != "simulator"
    }


def _module_name(package: Path, file: Path) -> str:
    parts = [package.name, *file.with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def mutants_of_file(path: Path, module: str, declared: frozenset[str]) -> Iterator[Mutant]:
    """The mutants of one file that differ from it and from each other, by the lines of their mistakes.

    Args:
        declared: the words that the tables of the whole package have entries for.
    """
    file = _read(path)
    seen: set[str] = {file.text}
    counts: dict[str, int] = {}
    for change in sorted(
        (*general_changes(file, declared), *plugin_changes(file)), key=lambda change: (change.start, change.end)
    ):
        source = file.text[: change.start] + change.text + file.text[change.end :]
        if source in seen or not _is_python(source):
            continue
        seen.add(source)
        name = _name(file, path, change)
        counts[name] = counts.get(name, 0) + 1
        numbered = name if counts[name] == 1 else f"{name} ({counts[name]})"
        before = file.text[change.start : change.end]
        yield Mutant(module, path, change.line, change.lines, change.kind, numbered, before, change.text, source)


def _read(path: Path) -> SourceFile:
    return SourceFile(path.read_text(encoding="utf-8"))


def _name(file: SourceFile, path: Path, change: Change) -> str:
    before, after = (
        " ".join(text.split())[:_MAX_SHOWN] for text in (file.text[change.start : change.end], change.text)
    )
    place = f"{path.name}:{change.function}" if change.function else path.name
    return f"{place}: {change.kind}: {before} -> {after or 'nothing'}"


def _is_python(source: str) -> bool:
    try:
        compile(source, "<mutant>", "exec")
    except SyntaxError:
        return False
    return True
