"""Places in a source file, and what is put there instead."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from attrs import frozen

__all__ = ["Change", "SourceFile"]


@frozen
class Change:
    """One piece of a file, and the text in its place.

    Args:
        kind: which mistake it is, in two or three words.
        start, end: characters of the file.
        line: the first one of the piece, from 1.
        lines: all lines of the statement that it is in, without those of the statements within that.
        function: the function that it is in; "" at the top.
    """

    kind: str
    start: int
    end: int
    text: str
    line: int
    lines: tuple[int, ...]
    function: str


class SourceFile:
    """A parsed file that knows where each node stands."""

    def __init__(self, text: str) -> None:
        """Raises SyntaxError for what is not Python."""
        self.text = text
        self.tree = ast.parse(text)
        self._lines = text.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))
        self._functions: dict[int, str] = {}
        self._parents: dict[int, ast.AST] = {}
        self._index(self.tree, "")

    def _index(self, node: ast.AST, function: str) -> None:
        for child in ast.iter_child_nodes(node):
            self._parents[id(child)] = node
            inner = function
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                inner = f"{function}.{child.name}".lstrip(".")
            self._functions[id(child)] = inner
            self._index(child, inner)

    def parent(self, node: ast.AST) -> ast.AST | None:
        """What a node stands in; None for the whole file."""
        return self._parents.get(id(node))

    def function(self, node: ast.AST) -> str:
        """The function that a node is in, with its class; "" at the top."""
        return self._functions.get(id(node), "")

    def walk(self) -> Iterator[ast.AST]:
        """Every node that runs: no annotation, no docstring, no import, and nothing for type checkers alone."""
        yield from self._walk(self.tree)

    def _walk(self, node: ast.AST) -> Iterator[ast.AST]:
        yield node
        skipped = _not_run(node)
        for name, value in ast.iter_fields(node):
            if name in skipped:
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and not _is_no_behavior(child):
                    yield from self._walk(child)

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """The characters of a node."""
        return self._offset(node.lineno, node.col_offset), self._offset(node.end_lineno or 0, node.end_col_offset or 0)

    def source(self, node: ast.expr | ast.stmt) -> str:
        """The text of a node."""
        start, end = self.span(node)
        return self.text[start:end]

    def replace(self, kind: str, node: ast.expr | ast.stmt, text: str) -> Change:
        """A change of one node."""
        start, end = self.span(node)
        return self.change(kind, node, (start, end), text)

    def change(self, kind: str, node: ast.expr | ast.stmt, span: tuple[int, int], text: str) -> Change:
        """A change of some characters at a node."""
        return Change(kind, *span, text, node.lineno, self._statement_lines(node), self.function(node))

    def _statement_lines(self, node: ast.AST) -> tuple[int, ...]:
        """The lines of the innermost statement around a node, but for those of the statements in it."""
        outer: ast.AST | None = node
        while outer is not None and not isinstance(outer, ast.stmt):
            outer = self.parent(outer)
        if outer is None:
            return ()
        inner = {
            line
            for part in ast.walk(outer)
            if isinstance(part, ast.stmt) and part is not outer
            for line in _range(part)
        }
        return tuple(line for line in _range(outer) if line not in inner) or (outer.lineno,)

    def _offset(self, line: int, column: int) -> int:
        # ast counts bytes of UTF-8.
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())


def _range(statement: ast.stmt) -> range:
    """All its lines, decorators among them."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(part.lineno for part in decorators)])
    return range(first, (statement.end_lineno or first) + 1)


def _not_run(node: ast.AST) -> frozenset[str]:
    match node:
        case ast.FunctionDef():
            return frozenset({"returns", "type_params"})
        case ast.arg() | ast.AnnAssign():
            return frozenset({"annotation", "target"})
        case _:
            return frozenset()


def _is_no_behavior(node: ast.AST) -> bool:
    match node:
        case ast.Import() | ast.ImportFrom():
            return True
        case ast.Expr(value=ast.Constant(value=str())):
            return True  # A docstring, of whatever it stands under.
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
        case _:
            return False
