"""Docstrings as Markdown, for the generated pages of the reference."""

from __future__ import annotations

import ast
import enum
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import cast

import attrs

from docs.imports import import_line

__all__ = [
    "cell",
    "class_section",
    "function_section",
    "in_a_cell",
    "members",
    "method_list",
    "object_section",
    "prose",
    "signature",
    "table",
    "wrapped",
]

REQUIRED = "required"
_WIDEST = 88
"""Characters of code that a page shows without a scroll bar."""


def prose(documented: object) -> str:
    """A docstring as Markdown. Raises ValueError for what has none."""
    return _args_as_list(_raw_docstring(documented))


def _args_as_list(text: str) -> str:
    """A docstring whose section `Args:` is a list of Markdown."""
    about, heading, rest = text.partition("\n\nArgs:\n")
    if not heading:
        return text
    section, gap, after = rest.partition("\n\n")
    items = re.sub(r"^    (\w+(?:, \w+)*): ", r"- `\1`: ", section, flags=re.MULTILINE)
    return f"{about}\n\n{re.sub(r'^ {8}', '  ', items, flags=re.MULTILINE)}{gap}{after}"


def in_a_cell(documented: object) -> str:
    """A docstring as it stands in a cell of a table, where no list can: each argument begins with its name as code."""
    about, _, rest = _raw_docstring(documented).partition("\n\nArgs:\n")
    arguments = re.sub(r"^    (\w+(?:, \w+)*): ", r"`\1`: ", rest, flags=re.MULTILINE)
    return f"{about} {arguments}"


def _raw_docstring(documented: object) -> str:
    """A docstring as it stands, without its indentation. Raises ValueError for what has none."""
    text = inspect.getdoc(documented)
    if not text:
        raise ValueError(f"{documented!r} has no docstring, and the reference is made of it")
    return text


def signature(function: Callable[..., object]) -> str:
    """The head of a function as one writes it, annotations included, on one line."""
    awaited = "async " if inspect.iscoroutinefunction(function) else ""
    return f"{awaited}{function.__name__}{_plain_head(str(inspect.signature(function)))}"


def wrapped(head: str) -> str:
    """A head as it stands in a block: one argument per line, where one line is wider than the page."""
    if len(head) <= _WIDEST:
        return head
    name, _, rest = head.partition("(")
    arguments, depth, begun = list[str](), 0, 0
    for place, sign in enumerate(rest):
        depth += (sign in "([") - (sign in ")]")
        if (sign == "," and depth == 0) or depth < 0:
            arguments.append(rest[begun:place].strip())
            begun = place + 1
        if depth < 0:
            break
    return "\n".join([f"{name}(", *(f"    {argument}," for argument in arguments), f"){rest[begun:]}"])


def cell(text: str) -> str:
    """A text that stands in a cell of a table."""
    return re.sub(r"\s+", " ", text).replace("|", r"\|").strip()


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table."""
    lines = [
        f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *([cell(one) for one in row] for row in rows))
    ]
    return [*lines, ""]


def function_section(function: Callable[..., object], *, level: int = 3, owner: str | None = None) -> list[str]:
    """The lines about a function: its name, where it is imported from, its head, its docstring.

    owner: what callers write before its name, an object or a module that they have; None: it is imported by name.
    """
    name = f"{owner}.{function.__name__}" if owner else function.__name__
    imported = [] if owner else [import_line(name), ""]
    head = f"{name}{signature(function).removeprefix(function.__name__)}".replace("(self, ", "(")
    return [f"{'#' * level} `{name}`", "", *imported, "```python", wrapped(head), "```", "", prose(function), ""]


def class_section(cls: type, *, level: int = 3, home: str | None = None) -> list[str]:
    """The lines about an attrs class or an enum: what it is, and its fields or members, with their texts.

    home: the module that it is imported from, where several give it.
    """
    heading = [f"{'#' * level} `{cls.__name__}`", "", import_line(cls.__name__, home=home), ""]
    if issubclass(cls, enum.Enum):
        told = [(f"`{member.name}`", f'"{member.value}"', text) for member, text in members(cls).items()]
        return [*heading, prose(cls), "", *table(("member", "value", "meaning"), told)]
    attributes = attrs.fields(cast(type[attrs.AttrsInstance], cls))
    fields = {field.name: field for field in attributes if not field.name.startswith("_")}
    about, said = _split(_raw_docstring(cls), fields)
    texts = {**docstrings_below(cls), **said}
    rows: list[tuple[str, ...]] = [
        (f"`{name}`", f"`{field.type}`", _default(field.default), texts.get(name, "")) for name, field in fields.items()
    ]
    head: tuple[str, ...] = ("field", "type", "default", "meaning")
    if not any(row[-1] for row in rows):  # Names that say it all.
        head, rows = head[:-1], [row[:-1] for row in rows]
    return [*heading, about, "", *(table(head, rows) if rows else [])]


def object_section(
    cls: type, *, level: int = 3, title: str | None = None, methods: bool = True, home: str | None = None
) -> list[str]:
    """The lines about a class with behavior: what it is, its attributes, and its methods that have a docstring.

    title: its name where readers know it by another. methods: whether to tell them. home: as in `class_section`.
    """
    own = {name: made for name, made in vars(cls).items() if not name.startswith("_") and made.__doc__}
    values = [(name, text) for name, text in docstrings_below(cls).items() if not name.startswith("_")]
    values += [(name, prose(made)) for name, made in own.items() if isinstance(made, property)]
    name = title or cls.__name__
    lines = [f"{'#' * level} `{name}`", "", import_line(name, home=home), ""]
    if "__init__" in vars(cls) and not attrs.has(cls):
        head = _plain_head(str(inspect.signature(cls).replace(return_annotation=inspect.Signature.empty)))
        lines += ["```python", wrapped(f"{cls.__name__}{head}"), "```", ""]
    lines += [prose(cls), ""]
    if values:
        lines += table(("attribute", "meaning"), [(f"`{name}`", text) for name, text in values])
    return [*lines, *(method_list(cls) if methods else [])]


def method_list(cls: type) -> list[str]:
    """The methods of a class that have a docstring, as a list; before it, for an attrs class, a table of properties."""
    own = {name: made for name, made in vars(cls).items() if not name.startswith("_") and made.__doc__}
    properties = {name: made for name, made in own.items() if attrs.has(cls) and isinstance(made, property)}
    rows = [(f"`{name}`", in_a_cell(made)) for name, made in properties.items()]
    lines = table(("property", "meaning"), rows) if rows else []
    for made in own.values():
        function = made.__func__ if isinstance(made, classmethod) else made
        if inspect.isfunction(function):
            head = re.sub(r"\((?:self|cls)(?:, )?", "(", signature(function), count=1)
            text = textwrap.indent(_required_prefix(function) + prose(function), "  ")
            lines += [f"- `{head}`", "", text, ""]
    return lines


def _required_prefix(method: object) -> str:
    return "Needed. " if getattr(method, "__isabstractmethod__", False) else ""


def members(cls: type[enum.Enum]) -> Mapping[enum.Enum, str]:
    """The members of an enum and the text that stands below each, "" where none does."""
    below = docstrings_below(cls)
    return {member: below.get(member.name, "") for member in cls}


def _plain_head(head: str) -> str:
    """A signature's text as one writes it: annotations without quotes, functions and enums by their names."""
    head = re.sub(r"<function (\w+) at 0x[0-9a-f]+>", r"\1", head)
    head = re.sub(r"<(\w+\.\w+): [^>]*>", r"\1", head)
    return re.sub(r"(: |-> )'([^']*)'", r"\1\2", head)


def docstrings_below(cls: type) -> dict[str, str]:
    """The strings that stand below the names of a class body, by name."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    told = {}
    for one, below in pairwise(tree.body if isinstance(tree, ast.ClassDef) else ()):
        named = (
            one.targets[0] if isinstance(one, ast.Assign) else one.target if isinstance(one, ast.AnnAssign) else None
        )
        value = below.value if isinstance(below, ast.Expr) else None
        if isinstance(named, ast.Name) and isinstance(value, ast.Constant) and isinstance(value.value, str):
            told[named.id] = inspect.cleandoc(value.value)
    return told


def _split(text: str, names: Iterable[str]) -> tuple[str, dict[str, str]]:
    """A docstring's own words, and what it says of each field, as in `every: how often. most: how many.`"""
    one = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    if not one:
        return text, {}
    text = text.replace("\nArgs:\n", "\n")
    parts = re.split(rf"(?:^|(?<=[.;:] )|(?<=\n)|(?<=\n    ))((?:{one})(?:(?:, | and )(?:{one}))*): ", text)
    told = {
        name: said.strip()
        for listed, said in zip(parts[1::2], parts[2::2], strict=True)
        for name in re.split(r", | and ", listed)
    }
    return parts[0].strip(), told


def _default(default: object) -> str:
    if default is attrs.NOTHING:
        return REQUIRED
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # attrs types Factory as a function
        default = default.factory()  # type: ignore[attr-defined]  # as above
    if isinstance(default, enum.Enum):
        return f"`{type(default).__name__}.{default.name}`"
    if default in ((), {}, frozenset()):
        return "empty"
    if default == "":
        return '`""`'
    return f"`{default}`" if isinstance(default, Decimal) else f"`{_TIMEDELTA.sub(_as_written, repr(default))}`"


_TIMEDELTA = re.compile(r"datetime\.timedelta\((?:days=(\d+))?(?:, )?(?:seconds=(\d+))?\)")


def _as_written(shown: re.Match[str]) -> str:
    """A duration as one writes it: `hours(4)` for datetime.timedelta(seconds=14400)."""
    total = int(shown[1] or 0) * 86_400 + int(shown[2] or 0)
    size, name = next(
        (size, name) for size, name in ((3600, "hours"), (60, "minutes"), (1, "seconds")) if total % size == 0
    )
    return f"{name}({total // size})"
