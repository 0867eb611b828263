"""Docstrings as Markdown, for the generated pages of the reference."""

from __future__ import annotations

import enum
import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import cast

import attrs

__all__ = ["cell", "class_section", "function_section", "members", "prose", "signature", "table"]

REQUIRED = "required"


def prose(documented: object) -> str:
    """A docstring as it stands, without its indentation. Raises ValueError for what has none."""
    text = inspect.getdoc(documented)
    if not text:
        raise ValueError(f"{documented!r} has no docstring, and the reference is made of it")
    return text


def signature(function: Callable[..., object]) -> str:
    """The head of a function as one writes it, annotations included, on one line."""
    head = re.sub(r"<function (\w+) at 0x[0-9a-f]+>", r"\1", str(inspect.signature(function)))
    return f"{function.__name__}{head}".replace("'", "")


def cell(text: str) -> str:
    """A text that stands in a cell of a table."""
    return re.sub(r"\s+", " ", text).replace("|", r"\|").strip()


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table."""
    lines = [
        f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *([cell(one) for one in row] for row in rows))
    ]
    return [*lines, ""]


def function_section(function: Callable[..., object], *, level: int = 3) -> list[str]:
    """The lines about a function: its name, its head, its docstring."""
    head = ["```python", signature(function), "```", ""]
    return [f"{'#' * level} `{function.__name__}`", "", *head, prose(function), ""]


def class_section(cls: type, *, level: int = 3) -> list[str]:
    """The lines about an attrs class or an enum: what it is, and its fields or members, with their texts."""
    heading = [f"{'#' * level} `{cls.__name__}`", ""]
    if issubclass(cls, enum.Enum):
        told = [(f"`{member.name}`", f'"{member.value}"', text) for member, text in members(cls).items()]
        return [*heading, prose(cls), "", *table(("member", "value", "meaning"), told)]
    attributes = attrs.fields(cast(type[attrs.AttrsInstance], cls))
    fields = {field.name: field for field in attributes if not field.name.startswith("_")}
    about, said = _split(prose(cls), fields)
    texts = {**_told_below(cls), **said}
    rows = [
        (f"`{name}`", f"`{field.type}`", _default(field.default), texts.get(name, "")) for name, field in fields.items()
    ]
    return [*heading, about, "", *(table(("field", "type", "default", "meaning"), rows) if rows else [])]


def members(cls: type[enum.Enum]) -> Mapping[enum.Enum, str]:
    """The members of an enum and the text that stands below each, "" where none does."""
    below = _told_below(cls)
    return {member: below.get(member.name, "") for member in cls}


def _told_below(cls: type) -> dict[str, str]:
    """The strings that stand below the names of a class body, by name."""
    found = re.findall(r'^    (\w+)\b[^\n]*=?[^\n]*\n    """(.*?)"""', inspect.getsource(cls), re.MULTILINE | re.DOTALL)
    return {name: inspect.cleandoc(text) for name, text in found}


def _split(text: str, names: Iterable[str]) -> tuple[str, dict[str, str]]:
    """A docstring's own words, and what it says of each field, as in `every: how often. most: how many.`"""
    one = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    if not one:
        return text, {}
    parts = re.split(rf"(?:^|(?<=[.;:] )|(?<=\n))((?:{one})(?:(?:, | and )(?:{one}))*): ", text)
    told = {
        name: said.strip() for listed, said in zip(parts[1::2], parts[2::2], strict=True)
        for name in re.split(r", | and ", listed)
    }  # fmt: skip
    return parts[0].strip(), told


def _default(default: object) -> str:
    if default is attrs.NOTHING:
        return REQUIRED
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # attrs types Factory as a function
        default = default.factory()  # type: ignore[attr-defined]  # as above
    if isinstance(default, enum.Enum):
        return f"`{type(default).__name__}.{default.name}`"
    return "empty" if default in ((), {}, frozenset()) else f"`{default!r}`"
