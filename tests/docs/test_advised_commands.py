"""Every `orderdesk X` that a message, a docstring, a page or the console advises is a command, with these words."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from orderdesk_sdk.cli.group import orderdesk

ROOT = Path(__file__).resolve().parent.parent.parent
CODE = [
    path
    for folder in (ROOT / "orderdesk_sdk", ROOT / "devkit" / "src", ROOT / "tools")
    for path in sorted(folder.rglob("*.py"))
]
CODE += sorted(ROOT.glob("plugins/*/src/**/*.py"))
TEMPLATES = [
    path
    for folder in (ROOT / "orderdesk_sdk", ROOT / "devkit" / "src")
    for ending in ("html", "jinja")
    for path in sorted(folder.rglob(f"*.{ending}"))
]
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted(ROOT.glob("plugins/*/README.md")),
    ROOT / "devkit" / "README.md",
]
LEFT_OUT = ("CHANGELOG.md", "cli.md")
"""The one tells what a command was called when; the other is made of the commands."""
MARKED = re.compile(r"(?<!`)`orderdesk ([a-z][^`]*)`|(?:<code>|^ {4}|(?<=\n))orderdesk ([a-z][^`\n<|&]*)", re.MULTILINE)
"""A command in backquotes, in a `<code>`, or on a line of its own in a block."""
ADVICE = re.compile(r'command=("orderdesk [^)]*)\)')
"""What a page of the console advises where it has nothing to show."""


@cache
def commands() -> dict[str, click.Command]:
    """Every command and group by its full name."""
    context = click.Context(orderdesk)
    found: dict[str, click.Command] = {}
    for name in orderdesk.list_commands(context):
        command = orderdesk.get_command(context, name)
        assert command is not None
        found[name] = command
        if isinstance(command, click.Group):
            found |= {f"{name} {inner}": one for inner, one in command.commands.items()}
    return found


def texts_of(path: Path) -> Iterator[str]:
    """The texts of a module, with `X` where a value goes; of any other file, all of it."""
    if path.suffix != ".py":
        yield re.sub(r"\{\{ \w+ \}\}", "X", path.read_text(encoding="utf-8"))
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def advised_in(text: str) -> Iterator[str]:
    """The commands that a text advises, without the word orderdesk."""
    yield from ((match[1] or match[2]).strip() for match in MARKED.finditer(text))
    for match in ADVICE.finditer(text):
        parts = re.split(r"\s+~\s+", match[1])
        yield "".join(part[1:-1] if part.startswith('"') else "X" for part in parts).removeprefix("orderdesk ")


def problem_of(advised: str) -> str | None:
    """What is wrong with an advised command, or None. It may lack arguments: it is named then, not spelled out."""
    words = shlex.split(advised, comments=True)
    name = next((name for name in (" ".join(words[:2]), words[0]) if name in commands()), None)
    if name is None:
        return f"orderdesk {advised}: there is no such command"
    command, rest = commands()[name], words[len(name.split()) :]
    if isinstance(command, click.Group):
        return f"orderdesk {advised}: {name} has no such command" if rest else None
    takes_value = {
        name for one in command.params if isinstance(one, click.Option) and not one.is_flag for name in one.opts
    }
    value = ["X"] if rest and rest[-1] in takes_value else []  # `orderdesk cancel --plan` names the option alone.
    try:
        _, extra, _ = command.make_parser(click.Context(command)).parse_args([*rest, *value])
    except click.NoSuchOption as error:
        return f"orderdesk {advised}: there is no option {error.option_name}"
    return f"orderdesk {advised}: {' '.join(extra)} is too much" if extra else None


@pytest.mark.parametrize(("kind", "paths"), [("code", CODE), ("console", TEMPLATES), ("pages", PAGES)])
def test_an_advised_command_exists_with_its_options(kind: str, paths: list[Path]) -> None:
    found = [
        (path.relative_to(ROOT).as_posix(), advised)
        for path in paths
        if path.name not in LEFT_OUT
        for text in texts_of(path)
        for advised in advised_in(text)
    ]
    assert len(found) > {"code": 100, "console": 5, "pages": 200}[kind], "they were found at all"
    problems = [f"{path}: {problem}" for path, advised in found if (problem := problem_of(advised)) is not None]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Run `orderdesk work --until-idle`.", None),
        ("`orderdesk place 1042` registers it", "orderdesk place 1042: there is no such command"),
        ("    orderdesk cancel 1042 --cause x", "orderdesk cancel 1042 --cause x: there is no option --cause"),
        ("`orderdesk ledger mend`", "orderdesk ledger mend: ledger has no such command"),
        (
            '{{ ui.empty("None yet", "Register it.", command="orderdesk register " ~ number ~ " my-mcf") }}',
            "orderdesk register X my-mcf: my-mcf is too much",
        ),
    ],
)
def test_an_advice_is_judged(text: str, problem: str | None) -> None:
    (advised,) = advised_in(text)
    assert problem_of(advised) == problem
