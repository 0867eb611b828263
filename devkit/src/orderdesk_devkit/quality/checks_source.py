"""Rules about what a plugin's own modules may do: describe calls, and nothing else. Its simulator is not looked at."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from orderdesk_devkit.declaration_checks import declaration_errors
from orderdesk_devkit.quality.plugin_folder import PluginFolder
from orderdesk_devkit.quality.report import Violation
from orderdesk_sdk.plugin.connection_settings import SettingKind, settings_fields

__all__ = [
    "MAX_MODULE_STATEMENTS",
    "MAX_PLUGIN_STATEMENTS",
    "declares",
    "hosts",
    "no_own_io",
    "deterministic",
    "small",
    "statement_count",
]

MAX_MODULE_STATEMENTS = 250
MAX_PLUGIN_STATEMENTS = 150
"""Statements of a module, and of all modules for each integration, without the simulator. Statements are counted and
not lines, so that an argument on a line of its own costs nothing.
"""

_OWN_IO = frozenset(
    {
        "aiohttp",
        "asyncio",
        "botocore",
        "boto3",
        "ftplib",
        "http",
        "requests",
        "smtplib",
        "socket",
        "sqlite3",
        "ssl",
        "subprocess",
        "threading",
        "urllib3",
    }
)
"""Modules that a plugin has no use for: they make calls, processes or threads of their own."""
_CALLS_OF_HTTPX = frozenset(
    {
        "AsyncClient",
        "Client",
        "HTTPTransport",
        "delete",
        "get",
        "patch",
        "post",
        "put",
        "request",
        "stream",
    }
)
_CLOCK_CALLS = frozenset(
    {
        "datetime.now",
        "datetime.utcnow",
        "date.today",
        "time.time",
        "time.time_ns",
        "time.monotonic",
        "uuid.uuid1",
        "uuid.uuid4",
        "uuid1",
        "uuid4",
        "os.urandom",
        "getrandbits",
    }
)
_RANDOM_MODULES = ("random.", "secrets.")
_TEXT_ARGUMENTS = frozenset({"help", "help_url", "warning", "hint", "message", "title", "reason", "description"})
_NAMESPACES = frozenset({"www.w3.org", "schemas.xmlsoap.org"})
"""Hosts in the names of XML's own vocabularies, which nobody calls."""
_URL = re.compile(r"https?://[^\s\"'<>{}]+")


def declares(folder: PluginFolder) -> Iterator[Violation]:
    """Every route of its declaration can be reached, and every list of reasons is complete."""
    for slug, loaded in folder.usable.items():
        for message, hint in declaration_errors(loaded.integration):
            yield Violation(f"integration {slug}", message, hint)


def no_own_io(folder: PluginFolder) -> Iterator[Violation]:
    """It makes no call of its own: a flow describes requests, and the core sends them."""
    hint = "describe the call with `yield service.get(...)` and let the core make it"
    for path, tree in folder.modules.items():
        for node in ast.walk(tree):
            for name in _imported(node):
                if name.partition(".")[0] in _OWN_IO or name == "urllib.request":
                    yield Violation(_location_of(path, node), f"it imports {name}", hint)
            if isinstance(node, ast.Call) and (called := _dotted(node.func)):
                owner, _, member = called.partition(".")
                if called == "open" or (owner == "httpx" and member in _CALLS_OF_HTTPX):
                    yield Violation(_location_of(path, node), f"it calls {called}", hint)


def deterministic(folder: PluginFolder) -> Iterator[Violation]:
    """Its flows read no clock and no random numbers, so that a replay after a crash makes the same calls."""
    for path, tree in folder.modules.items():
        for flow in _flows(tree):
            for node in ast.walk(flow):
                called = _dotted(node.func) if isinstance(node, ast.Call) else ""
                if (
                    called in _CLOCK_CALLS
                    or called.endswith(tuple(f".{one}" for one in _CLOCK_CALLS))
                    or _is_random(called)
                ):
                    yield Violation(
                        _location_of(path, node),
                        f"the flow {flow.name} calls {called}",
                        "take the time from service.now, and every number from the request or a response",
                    )


def hosts(folder: PluginFolder) -> Iterator[Violation]:
    """Every host that it names is declared by a connection's settings."""
    declared = set(_NAMESPACES)
    for loaded in folder.usable.values():
        fields = settings_fields(loaded.integration.settings)
        urls = [str(one.default) for one in fields if one.kind is SettingKind.URL and one.default]
        declared |= {urlsplit(url).netloc for url in (*urls, loaded.integration.help_url or "")}
    for path, tree in folder.modules.items():
        texts = _text_nodes(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in texts:
                for url in _URL.findall(node.value):
                    if urlsplit(url).netloc not in declared:
                        yield Violation(
                            _location_of(path, node),
                            f"it names {urlsplit(url).netloc}, which no setting declares",
                            "make it the default of a url() setting, and build requests with service.get(...)",
                        )


def small(folder: PluginFolder) -> Iterator[Violation]:
    """It is small enough to be read in one sitting."""
    statements = {path: statement_count(tree) for path, tree in folder.modules.items()}
    for path, count in statements.items():
        if count > MAX_MODULE_STATEMENTS:
            message = f"it has {count} statements; {MAX_MODULE_STATEMENTS} are allowed"
            yield Violation(str(path), message, "split it by its nouns")
    limit = MAX_PLUGIN_STATEMENTS * max(1, len(folder.integrations))
    if sum(statements.values()) > limit:
        yield Violation(
            str(folder.source),
            f"it has {sum(statements.values())} statements without its simulator; {limit} are allowed",
            "let the core's readers and answers do more; whatever two plugins need belongs there",
        )


def statement_count(tree: ast.Module) -> int:
    """How many statements a module has, nested ones too; docstrings are none."""
    return sum(isinstance(node, ast.stmt) and not _is_docstring(node) for node in ast.walk(tree))


def _is_docstring(node: ast.stmt) -> bool:
    """Whether a statement is nothing but a text, which is one about the module, class, function or name before it."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _flows(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """The generator functions, but those that sign: a signature is of its moment, and no replay compares it."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.FunctionDef)
            and not node.name.endswith("auth_flow")
            and any(isinstance(inner, ast.Yield | ast.YieldFrom) for inner in ast.walk(node))
        ):
            yield node


def _is_random(called: str) -> bool:
    return called.startswith(_RANDOM_MODULES) and called != "secrets.compare_digest"


def _imported(node: ast.AST) -> list[str]:
    """The modules that a statement imports; `urllib.request` of `from urllib import request` too."""
    match node:
        case ast.Import(names):
            return [alias.name for alias in names]
        case ast.ImportFrom("urllib", names):
            return [f"urllib.{alias.name}" for alias in names]
        case ast.ImportFrom(str(module)):
            return [module]
        case _:
            return []


def _dotted(node: ast.expr) -> str:
    """`datetime.now` of that expression; empty for one that is no name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (owner := _dotted(node.value)):
        return f"{owner}.{node.attr}"
    return ""


def _text_nodes(tree: ast.Module) -> set[ast.AST]:
    """What is told to people and called by nobody: docstrings, and arguments such as `help`."""
    docs = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return docs | {
        node.value for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg in _TEXT_ARGUMENTS
    }


def _location_of(path: Path, node: ast.AST) -> str:
    return f"{path}:{getattr(node, 'lineno', 1)}"
