"""Where each public name is imported from, for the pages of the reference."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path

__all__ = ["import_line", "public_modules"]

_PAGE = Path(__file__).parent / "explanation" / "compatibility.md"
_FIRST = ("orderdesk_sdk.plugin", "orderdesk_sdk", "orderdesk_sdk.errors")
"""Where a name that several modules give is imported from, in this order."""


@cache
def public_modules() -> Sequence[str]:
    """The modules that the page about compatibility calls public, those that most readers need first."""
    text = _PAGE.read_text(encoding="utf-8").partition("\n## Hooks")[0]
    others = sorted(set(re.findall(r"`(orderdesk_(?:sdk|devkit)[\w.]*)`", text)) - {*_FIRST})
    return (*_FIRST, *others)


def import_line(name: str, *, home: str | None = None) -> str:
    """The statement that imports a public name, as code. home: the module to prefer, where it gives the name.

    Raises ValueError for a name that no public module gives.
    """
    modules = (home, *public_modules()) if home else public_modules()
    for module in modules:
        if name in import_module(module).__all__:
            return f"`from {module} import {name}`"
    raise ValueError(f"{name} stands on a page of the reference, and no public module gives it")
