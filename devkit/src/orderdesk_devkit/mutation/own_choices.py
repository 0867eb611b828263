"""What a plugin's author chooses freely, and no service states: changed, it is no mistake."""

from __future__ import annotations

import ast

from orderdesk_devkit.mutation.nodes import SourceFile

__all__ = ["is_own_choice", "words_of_tables"]

_TIMES = {"Polling": ("every", "give_up", "usually_within", "slowest"), "ManualConfirmation": ("remind_after",)}
"""By the declaration, its arguments in turn that say how patiently a service is asked. Windows, limits, quotas and
lengths are none of them: these the service states."""
_NAMES_OF_TIMES = frozenset(name for names in _TIMES.values() for name in names)
_SETTINGS = ("setting", "custom")


def words_of_tables(file: SourceFile) -> frozenset[str]:
    """The words that tables of a file have entries for: what a declaration says by the name of a call is in one."""
    return frozenset(
        key.value
        for node in ast.walk(file.tree)
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    )


def is_own_choice(file: SourceFile, node: ast.Constant, declared: frozenset[str]) -> bool:
    """Whether nothing outside the plugin decides a constant.

    It is a number that says how often a service is polled, when that is given up or how long it usually takes, or a
    number that a setting has unless somebody sets it; or the name of a call (`operation=`) that is not among
    `declared`, the words that the plugin's declarations say something about.
    """
    keywords, calls = _around(file, node)
    match node.value:
        case bool():
            return False
        case int() | float():
            is_default = "default" in keywords and any(call in _SETTINGS for call in calls)
            return is_default or any(name in _NAMES_OF_TIMES for name in keywords)
        case str():
            return keywords[:1] == ["operation"] and node.value not in declared
        case _:
            return False


def _around(file: SourceFile, node: ast.AST) -> tuple[list[str], list[str]]:
    """The arguments that a node is part of, by name, and the functions that take them, from within."""
    keywords: list[str] = []
    calls: list[str] = []
    inner = node
    while (outer := file.parent(inner)) is not None:
        if isinstance(outer, ast.keyword) and outer.arg is not None:
            keywords.append(outer.arg)
        elif isinstance(outer, ast.Call) and isinstance(outer.func, ast.Name):
            calls.append(outer.func.id)
            keywords += [name for name, one in zip(_TIMES.get(calls[-1], ()), outer.args, strict=False) if one is inner]
        inner = outer
    return keywords, calls
