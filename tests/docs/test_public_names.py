"""What docs/explanation/compatibility.md calls public: enough for whoever writes a plugin or a host, told by name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "explanation" / "compatibility.md").read_text(encoding="utf-8")
LISTED = set(re.findall(r"`(orderdesk_(?:sdk|devkit)[\w.]*)`", PAGE.partition("\n## Hooks")[0]))
"""The modules that the page calls public."""
SHOWN = [
    *ROOT.glob("plugins/*/src/**/*.py"),
    *ROOT.glob("tests/distributions/reference/**/*.py"),
    *ROOT.glob("devkit/src/orderdesk_devkit/scaffold/templates/*.jinja"),
    *ROOT.glob("docs/tutorial/*.md"),
    *ROOT.glob("docs/how-to/*.md"),
]
"""What plugins and hosts are written after: our own plugins, those that `orderdesk new` writes, and the pages."""
IMPORT = re.compile(
    r"^(?:from (orderdesk_(?:sdk|devkit)[\w.]*) import (\([^)]*\)|[^\n]*)|import (orderdesk_(?:sdk|devkit)[\w.]*))",
    re.MULTILINE,
)
NAME = re.compile(r"\b([A-Za-z_]\w*)\b(?: as \w+)?")
FOLDERS = (ROOT / "orderdesk_sdk", ROOT / "devkit" / "src")
MODULES = [path for folder in FOLDERS for path in folder.rglob("*.py") if path.name != "__main__.py"]


def is_module(name: str) -> bool:
    """Whether a dotted name is a module of ours."""
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or path.is_dir()


def imports_of(text: str) -> Iterator[tuple[str, str]]:
    """The modules of the SDK that a text imports, each with a name out of it; "" for the module itself."""
    for module, names, whole in IMPORT.findall(text):
        if whole:
            yield whole, ""
        for name in NAME.findall(re.sub(r"#[^\n]*", "", names)):
            below = f"{module}.{name}"
            yield (below, "") if is_module(below) else (module, name)


USED = {path: set(imports_of(path.read_text(encoding="utf-8"))) for path in SHOWN}


def test_what_plugins_and_pages_import_is_called_public() -> None:
    """Whoever follows them stands on nothing that changes unannounced. A module that is missing goes on the page."""
    strange = {str(path): {module for module, _ in used} - LISTED for path, used in USED.items()}
    assert {path: modules for path, modules in strange.items() if modules} == {}
    assert len(set().union(*USED.values())) > 100, "they were found at all"


def test_what_plugins_and_pages_import_is_in_all() -> None:
    named = {pair for used in USED.values() for pair in used if pair[1]}
    assert {f"{module}.{name}" for module, name in named if name not in import_module(module).__all__} == set()


@pytest.mark.parametrize("name", sorted(LISTED))
def test_a_public_module_lists_what_of_it_is_public(name: str) -> None:
    module = import_module(name)
    assert module.__doc__
    assert module.__all__
    assert [one for one in module.__all__ if one.startswith("_") or not hasattr(module, one)] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_lists_its_names(path: Path) -> None:
    """Also one that is not public: what stands there unlisted is its own. A package may be a docstring and no more."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    targets = [node.targets[0] for node in tree.body if isinstance(node, ast.Assign)]
    names = {target.id for target in targets if isinstance(target, ast.Name)}
    annotated = {
        node.target.id for node in tree.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    assert "__all__" in names | annotated or (path.name == "__init__.py" and len(tree.body) <= 1)
