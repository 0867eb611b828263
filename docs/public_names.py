"""A section of the reference for any public name: a class, a function, a constant, or a name for several types."""

from __future__ import annotations

import ast
import enum
import inspect
from collections.abc import Iterable
from importlib import import_module
from itertools import pairwise

import attrs

from docs.imports import import_line
from docs.prose import class_section, function_section, method_list, object_section

__all__ = ["name_sections", "names_given_by"]


def names_given_by(home: str, public: str) -> list[str]:
    """The names of the module `home` that the module `public` gives to everybody, in their order at home."""
    given = set(import_module(public).__all__)
    return [name for name in import_module(home).__all__ if name in given]


def name_sections(
    home: str, names: Iterable[str], *, level: int = 3, public: str = "orderdesk_sdk.plugin"
) -> list[str]:
    """The sections of these names of the module `home`, which readers import from `public`."""
    lines: list[str] = []
    for name in names:
        made = getattr(import_module(home), name)
        if not isinstance(made, type):
            is_function = inspect.isfunction(made)
            lines += function_section(made, level=level) if is_function else _value_section(home, name, level, public)
        elif issubclass(made, enum.Enum):
            lines += class_section(made, level=level, home=public)
        elif attrs.has(made):
            lines += [*class_section(made, level=level, home=public), *method_list(made)]
        else:
            lines += object_section(made, level=level, home=public)
    return lines


def _value_section(home: str, name: str, level: int, public: str) -> list[str]:
    """A constant or a name for several types: what is said below it, and for types which these are."""
    source, text = _assignment(home, name)
    value = getattr(import_module(home), name)
    shown = f"{name} = {value!r}" if isinstance(value, int) else source
    code = [] if isinstance(value, str | tuple) else ["```python", shown, "```", ""]
    return [f"{'#' * level} `{name}`", "", import_line(name, home=public), "", *code, text, ""]


def _assignment(home: str, name: str) -> tuple[str, str]:
    """The source of a module's assignment to a name, and the docstring below it. Raises ValueError for none."""
    source = inspect.getsource(import_module(home))
    tree = ast.parse(source)
    for one, below in pairwise(tree.body):
        target = one.targets[0] if isinstance(one, ast.Assign) else getattr(one, "target", None)
        if isinstance(target, ast.Name) and target.id == name:
            value = below.value if isinstance(below, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                return ast.get_source_segment(source, one) or name, inspect.cleandoc(value.value)
    raise ValueError(f"{home}.{name} has no docstring below it, and the reference is made of it")
