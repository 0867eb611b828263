"""Mistakes of plugins: an answer exchanged, a setting not read, a read that writes, the wrong order, and so on."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from orderdesk_devkit.mutation.nodes import Change, SourceFile

__all__ = ["plugin_changes"]

_ANSWERS: dict[str, tuple[str, ...]] = {
    "acknowledged": ("canceled", "unknown"),
    "canceled": ("acknowledged", "unknown"),
    "rejected": ("canceled", "unknown"),
    "unknown": ("canceled", "acknowledged"),
    "done": ("unknown", "rejected"),
    "not_processed": ("canceled", "unknown"),
}
"""What a plugin may answer in place of each answer. Which arguments they take is not looked at: where the other one
does not take them, the flow fails, and that must be found as well."""
_WRITES = {"get": "post", "post": "put", "put": "post", "patch": "post", "delete": "post"}
_STATUS_LISTS = ("canceled_statuses", "shipped_statuses", "too_late_statuses", "open_statuses")
_OPTIONAL_PROMISES = frozenset(
    (
        "confirm",
        "date_header",
        "ended",
        "fallback_on",
        "gives_up",
        "identified_by",
        "limits",
        "redact_fields",
        "throttled",
        "window",
    )
)
"""Keywords of declarations which, left out, promise something else."""
_ROWS_OF_WORDS = 2
"""Entries of a table of words from which on two of them can be exchanged."""


def plugin_changes(file: SourceFile) -> Iterator[Change]:
    """Every change of this kind in a file."""
    for node in file.walk():
        match node:
            case ast.Attribute(value=ast.Name(id="answer"), attr=name) if name in _ANSWERS:
                for other in _ANSWERS[name]:
                    yield file.replace("answer exchanged", node, f"answer.{other}")
            case ast.Attribute(value=ast.Name(id="service"), attr=name) if name in _WRITES:
                kind = "read that writes" if name == "get" else "method changed"
                yield file.replace(kind, node, f"service.{_WRITES[name]}")
            case ast.Attribute(value=owner, attr=name):
                yield from _attribute_changes(file, node, owner, name)
            case ast.Call():
                yield from _call_changes(file, node)
            case ast.Dict():
                yield from _table_changes(file, node)
            case _:
                continue


def _attribute_changes(file: SourceFile, node: ast.Attribute, owner: ast.expr, name: str) -> Iterator[Change]:
    of = file.source(owner)
    if of in ("settings", "service.settings"):
        yield file.replace("setting not read", node, f"type({of}.{name})()")
    elif name == "remote_id" or (name == "number" and of.endswith("order")):
        yield file.replace("wrong order", node, f'{file.source(node)} + "0"')
    elif name == "lines" and of == "request":
        yield file.replace("scope ignored", node, "{}")
    elif name == "reason" and of == "request":
        yield file.replace("reason not sent", node, "None")
    elif of == "Rejection":
        other = "SHIPPED" if name != "SHIPPED" else "TOO_LATE"
        yield file.replace("rejection exchanged", node, f"Rejection.{other}")
    elif of == "Scope":
        other = "QUANTITIES" if name != "QUANTITIES" else "ORDER"
        yield file.replace("scope declared wrong", node, f"Scope.{other}")


def _says_read_only(keyword: ast.keyword) -> bool:
    """Whether it says that a call changes nothing: such a call is repeated whatever else is said."""
    return keyword.arg == "read_only" and isinstance(keyword.value, ast.Constant) and keyword.value.value is True


def _call_changes(file: SourceFile, node: ast.Call) -> Iterator[Change]:
    called = file.source(node.func)
    names = {keyword.arg for keyword in node.keywords}
    is_read = called == "service.get" or any(map(_says_read_only, node.keywords))
    if called.startswith("service.") and not is_read and "idempotent" not in names:
        start, end = file.span(node)
        inner = file.text[start : end - 1].rstrip().rstrip(",")
        yield file.replace("idempotency over-declared", node, f"{inner}, idempotent=True)")
    for keyword in node.keywords:
        if keyword.arg in _OPTIONAL_PROMISES:
            yield _without(file, keyword)
        if keyword.arg in _STATUS_LISTS and isinstance(keyword.value, ast.List | ast.Tuple):
            yield file.replace("statuses left out", keyword.value, "()")
    if called.startswith("answer."):
        yield from _other_evidence(file, node)


def _without(file: SourceFile, keyword: ast.keyword) -> Change:
    start = file.span(keyword.value)[0] - len(f"{keyword.arg}=")
    end = file.span(keyword.value)[1]
    rest = file.text[end:]
    end += 1 if rest.startswith(",") else 0
    return file.change("declaration left out", keyword.value, (start, end), "")


def _other_evidence(file: SourceFile, node: ast.Call) -> Iterator[Change]:
    """An answer that rests on another response of the same flow."""
    if not node.args or not isinstance(node.args[0], ast.Name):
        return
    function = _function_around(file, node)
    if function is None:
        return
    received = {
        target.id
        for inner in ast.walk(function)
        if isinstance(inner, ast.Assign) and isinstance(inner.value, ast.Yield)
        for target in inner.targets
        if isinstance(target, ast.Name)
    }
    for other in sorted(received - {node.args[0].id}):
        yield file.replace("evidence of another exchange", node.args[0], other)


def _function_around(file: SourceFile, node: ast.AST) -> ast.FunctionDef | None:
    outer: ast.AST | None = node
    while outer is not None and not isinstance(outer, ast.FunctionDef):
        outer = file.parent(outer)
    return outer


def _table_changes(file: SourceFile, node: ast.Dict) -> Iterator[Change]:
    """Of a table of words, each entry means what the next one does."""
    values = [file.source(value) for value in node.values]
    if len(set(values)) < _ROWS_OF_WORDS or any(key is None for key in node.keys):
        return
    for index, value in enumerate(node.values):
        other = next((text for text in (*values[index + 1 :], *values[:index]) if text != values[index]), None)
        if other is not None and not isinstance(value, ast.Dict | ast.List):
            yield file.replace("meaning exchanged", value, other)
