"""Mistakes that any program may have: a branch turned, a check left out, a comparison, word or number changed."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from orderdesk_devkit.mutation.nodes import Change, SourceFile
from orderdesk_devkit.mutation.own_choices import is_own_choice

__all__ = ["general_changes"]

_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.In: "not in",
    ast.NotIn: "in",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.Lt: ">=",
    ast.GtE: "<",
    ast.Gt: "<=",
    ast.LtE: ">",
}
_ONLY_FOR_PEOPLE = frozenset(
    (
        "closes_at",
        "delay_reason",
        "description",
        "help",
        "help_url",
        "hint",
        "instructions",
        "label",
        "location",
        "message",
        "title",
        "warning",
    )
)
"""Keywords whose texts people read; no program decides by them."""
_TITLED = frozenset(("ReasonCode", "SettableStatus"))
"""Calls whose second argument is a title, also where it is not named so."""
_WORDS_OF_A_SENTENCE = 4
"""A text of so many words is read by people, wherever it stands: no service has such a status, key or path."""
_ADDRESSES = ("https://", "http://")
"""What the address of the real service begins with: a simulator is elsewhere, and only that service could tell."""


def general_changes(file: SourceFile, declared: frozenset[str]) -> Iterator[Change]:
    """Every change of this kind in a file. declared: the words that the plugin's declarations have entries for."""
    for node in file.walk():
        match node:
            case ast.If() | ast.IfExp() | ast.While():
                yield file.replace("branch turned", node.test, f"not ({file.source(node.test)})")
            case ast.Compare(ops=[op], comparators=[right]):
                left, after = file.source(node.left), file.source(right)
                yield file.replace("comparison turned", node, f"({left} {_COMPARISONS[type(op)]} {after})")
            case ast.BoolOp():
                yield from _bool_changes(file, node)
            case ast.Constant() if not _is_left_alone(file, node) and not is_own_choice(file, node, declared):
                yield from _constant_changes(file, node)
            case ast.Raise():
                yield file.replace("error not raised", node, "pass")
            case ast.Expr(value=ast.Call()):
                yield file.replace("check left out", node, "pass")
            case ast.comprehension(ifs=[only]):
                yield file.replace("filter left out", only, "True")
            case _:
                continue


def _bool_changes(file: SourceFile, node: ast.BoolOp) -> Iterator[Change]:
    is_and = isinstance(node.op, ast.And)
    kind = "condition left out" if is_and else "alternative left out"
    for index in range(len(node.values)):
        rest = [file.source(value) for at, value in enumerate(node.values) if at != index]
        yield file.replace(kind, node, f"({(' and ' if is_and else ' or ').join(rest)})")


def _constant_changes(file: SourceFile, node: ast.Constant) -> Iterator[Change]:
    match node.value:
        case bool():
            yield file.replace("switch turned", node, str(not node.value))
        case int():
            yield file.replace("number changed", node, str(node.value + 1))
        case str() if node.value and not isinstance(file.parent(node), ast.JoinedStr):
            yield file.replace("word changed", node, repr(f"{node.value}x"))
        case _:
            return


def _is_left_alone(file: SourceFile, node: ast.Constant) -> bool:
    if isinstance(node.value, str) and (
        len(node.value.split()) >= _WORDS_OF_A_SENTENCE or node.value.startswith(_ADDRESSES)
    ):
        return True
    inner: ast.AST | None = node
    while inner is not None:
        outer = file.parent(inner)
        if isinstance(inner, ast.keyword) and inner.arg in _ONLY_FOR_PEOPLE:
            return True
        if isinstance(outer, ast.Raise) or (isinstance(outer, ast.Call) and inner is _title_in(outer)):
            return True
        inner = outer
    return False


def _title_in(call: ast.Call) -> ast.expr | None:
    is_titled = isinstance(call.func, ast.Name) and call.func.id in _TITLED and len(call.args) > 1
    return call.args[1] if is_titled else None
