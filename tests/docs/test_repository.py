"""Agreements of the whole checkout: names, sizes, pins, and what may be loaded by whom."""

from __future__ import annotations

import ast
import re
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from orderdesk_devkit.quality.checks_source import statement_count

ROOT = Path(__file__).resolve().parent.parent.parent
PLUGINS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("plugins/*/README.md"),
        *ROOT.glob("tests/distributions/*/README.md"),
    ]
)
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
"""The target of a link in Markdown, without the place in the page."""
LOCK_LIKE = ("constraints*.txt", "requirements*.txt", "*.lock", "pylock*.toml", ".npmrc", "pip.conf")
LONGEST_MODULE = 399
LARGEST_MEDIAN = 125
LONGEST_FUNCTION = 40
"""Lines of a function without its docstring."""
MOST_PARAMETERS = 7
MOST_ENTRIES = 13
SHORTEST_ROOM_DOCSTRING = 10
PACKAGES = (ROOT / "orderdesk_sdk", ROOT / "devkit" / "src" / "orderdesk_devkit")
MODULES = sorted(path for package in PACKAGES for path in package.rglob("*.py"))
ROOMS = sorted(path.parent for path in MODULES if path.name == "__init__.py")
LARGEST_PLUGIN = {
    "amazon_marketplace": 150,
    "amazon_mcf": 150,
    "bay_photo": 150,
    "bdlinx": 150,
    "commercehub": 220,
    "hp_site_flow": 150,
    "lulu": 150,
    "mww": 150,
    "oia_global": 60,
    "progressive_solutions": 30,
    "shipbob": 150,
    "shopify": 320,
}
"""Statements of a whole plugin without its simulator, where a limit was promised.

commercehub and shopify also answer the requests to cancel that others make; shopify has two integrations.
"""

FURTHER_MODULES = {"commercehub": ("orderstream", "requests"), "shopify": ("requests",)}
"""Modules that a plugin has besides those of all others; the docstring of each says why."""
REFERENCE = ROOT / "tests" / "distributions" / "reference"

each_plugin = pytest.mark.parametrize("folder", PLUGINS, ids=lambda folder: folder.name)


def project_table(folder: Path) -> dict[str, Any]:
    with (folder / "pyproject.toml").open("rb") as file:
        table: dict[str, Any] = tomllib.load(file)["project"]
    return table


def source_of(folder: Path) -> Path:
    """The package of a plugin."""
    return folder / "src" / f"orderdesk_{folder.name}"


def is_of_simulator(path: Path, folder: Path) -> bool:
    return path.relative_to(source_of(folder)).parts[0].startswith("simulator")


def canonical(name: str) -> str:
    """A distribution's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def name_of(requirement: str) -> str:
    """The distribution that a requirement such as `httpx>=0.28.1,<1` asks for."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found, requirement
    return canonical(found[0])


def visible_files(*patterns: str) -> list[Path]:
    """Files of the checkout, without hidden folders such as .venv."""
    found = [path for pattern in patterns for path in ROOT.rglob(pattern) if path.is_file()]
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(ROOT).parts[:-1]))


def pins() -> list[str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def line_count(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_every_plugin_folder_is_a_distribution() -> None:
    folders = sorted(path for path in (ROOT / "plugins").iterdir() if path.is_dir() and not path.name.startswith("."))
    assert folders == PLUGINS
    assert PLUGINS


@pytest.mark.slow
def test_nothing_that_locks_names_an_address() -> None:
    files = visible_files(*LOCK_LIKE)
    assert ROOT / "constraints.txt" in files
    assert [str(path) for path in files if "://" in path.read_text(encoding="utf-8")] == []


def test_constraints_hold_names_and_versions_only() -> None:
    assert [line for line in pins() if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+", line)] == []


@pytest.mark.parametrize(
    "folder", [ROOT, *PLUGINS], ids=lambda folder: folder.name if folder != ROOT else "orderdesk_sdk"
)
def test_every_dependency_is_pinned(folder: Path) -> None:
    table = project_table(folder)
    asked = [
        *table["dependencies"],
        *(one for extra in table.get("optional-dependencies", {}).values() for one in extra),
    ]
    ours = {canonical(project_table(one)["name"]) for one in [ROOT, ROOT / "devkit", *PLUGINS]}
    pinned = {canonical(line.partition("==")[0]) for line in pins()}
    assert {name_of(one) for one in asked} - ours - pinned == set(), "run `python3 tools/dev.py pin`"


def test_build_tools_are_pinned() -> None:
    pinned = {canonical(line.partition("==")[0]) for line in pins()}
    assert {"hatchling", "hatch-fancy-pypi-readme", "editables"} <= pinned


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if not re.match("[a-z]+:", link)]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.slow
def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    modules = visible_files("*.py")
    assert ROOT / "orderdesk_sdk" / "errors.py" in modules
    assert {str(path): line_count(path) for path in modules if line_count(path) > LONGEST_MODULE} == {}


def functions_of(path: Path) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, bool]]:
    """The functions and methods of a module, and whether each is a method that gets its object."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    methods = {
        function
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for function in node.body
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and not any(isinstance(mark, ast.Name) and mark.id == "staticmethod" for mark in function.decorator_list)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node, node in methods


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function without its docstring."""
    first = function.body[0]
    described = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    docstring = (first.end_lineno or 0) - first.lineno + 1 if described else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def parameter_count(function: ast.FunctionDef | ast.AsyncFunctionDef, *, is_method: bool) -> int:
    given = function.args
    return len([*given.posonlyargs, *given.args, *given.kwonlyargs]) - is_method


def has_reason(path: Path, function: ast.FunctionDef | ast.AsyncFunctionDef, mark: str) -> bool:
    """Whether a comment above a function (and its decorators) says why it is so."""
    above = min([function.lineno, *(one.lineno for one in function.decorator_list)]) - 2
    lines = path.read_text(encoding="utf-8").splitlines()
    near = [lines[above], lines[function.lineno - 2]]
    return any(mark in line and line.lstrip().startswith("#") for line in near)


def test_the_median_of_the_modules_is_short(capsys: pytest.CaptureFixture[str]) -> None:
    lengths = [line_count(path) for path in MODULES]
    with capsys.disabled():
        print(f"\n{len(lengths)} modules, median {median(lengths):g} lines, longest {max(lengths)}")  # noqa: T201 - a figure for whoever runs the tests
    assert median(lengths) <= LARGEST_MEDIAN


def test_no_function_is_long_without_a_reason() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}: {code_lines(function)} lines"
        for path in MODULES
        for function, _ in functions_of(path)
        if code_lines(function) > LONGEST_FUNCTION and not has_reason(path, function, "Long: ")
    ]
    assert long == [], "split it, or say why not in a comment above it: `# Long: the reason`"


def test_no_public_function_has_many_parameters_without_a_reason() -> None:
    many = [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}: {parameter_count(function, is_method=is_method)}"
        for path in MODULES
        for function, is_method in functions_of(path)
        if parameter_count(function, is_method=is_method) > MOST_PARAMETERS
        and (not function.name.startswith("_") or function.name == "__init__")
        and not has_reason(path, function, "Many parameters: ")
    ]
    assert many == [], "group them, or say why not in a comment above it: `# Many parameters: the reason`"


def test_few_entries_stand_at_the_top_of_the_sdk() -> None:
    package = {"__init__.py", "__init__.pyi", "py.typed", "__pycache__"}
    entries = sorted(path.name for path in (ROOT / "orderdesk_sdk").iterdir() if path.name not in package)
    assert len(entries) <= MOST_ENTRIES, entries


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: str(room.relative_to(ROOT)))
def test_every_room_says_what_it_is_for(room: Path) -> None:
    """Its docstring is its README: what it is for, what may be touched there, and what it may import."""
    docstring = ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8"))) or ""
    assert len(docstring.splitlines()) >= SHORTEST_ROOM_DOCSTRING
    assert "import" in docstring


@pytest.mark.parametrize(("name", "limit"), LARGEST_PLUGIN.items())
def test_a_plugin_stays_small(name: str, limit: int) -> None:
    folder = ROOT / "plugins" / name
    modules = [path for path in source_of(folder).rglob("*.py") if not is_of_simulator(path, folder)]
    assert modules
    assert sum(statement_count(ast.parse(path.read_text(encoding="utf-8"))) for path in modules) <= limit


def test_every_line_is_laid_out_by_the_formatter() -> None:
    mark = re.compile(r"# *fmt: *(skip|off)")
    assert [str(path) for path in visible_files("*.py") if mark.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("folder", [*PLUGINS, REFERENCE], ids=lambda folder: folder.name)
def test_a_plugin_has_the_files_of_all_others(folder: Path) -> None:
    """Declaration, settings and calls; besides a module for each further entry point, and what docstrings justify."""
    points = project_table(folder)["entry-points"]
    of_entry_points = {
        target.partition(":")[0].split(".")[1]
        for group in points.values()
        for target in group.values()
        if "." in target.partition(":")[0]
    }
    files = {
        path.stem for path in source_of(folder).iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    known = {"__init__", "settings", "api", "simulator", *of_entry_points, *FURTHER_MODULES.get(folder.name, ())}
    assert files - known == set()


@pytest.mark.parametrize("folder", [*PLUGINS, REFERENCE], ids=lambda folder: folder.name)
def test_nothing_of_a_plugin_imports_its_simulator(folder: Path) -> None:
    modules = [path for path in source_of(folder).rglob("*.py") if not is_of_simulator(path, folder)]
    assert modules
    assert [str(path) for path in modules if re.search(r"import.*\bsimulator\b|\.simulator\b", path.read_text())] == []


@pytest.mark.parametrize("folder", [*PLUGINS, REFERENCE], ids=lambda folder: folder.name)
def test_a_simulator_of_many_files_has_those_of_all_others(folder: Path) -> None:
    package = source_of(folder) / "simulator"
    assert not package.exists() or {"service.py", "store.py", "views.py"} <= {path.name for path in package.iterdir()}


@each_plugin
def test_a_plugin_has_one_name(folder: Path) -> None:
    slug = folder.name.replace("_", "-")
    package = f"orderdesk_{folder.name}"
    table = project_table(folder)
    assert table["name"] == f"orderdesk-{slug}"
    assert [path.name for path in (folder / "src").iterdir() if (path / "__init__.py").exists()] == [package]
    integrations = table["entry-points"]["orderdesk.integrations"]
    assert integrations[slug] == package
    # A sister service, such as another region's, has its parent's name in front and a module of the same package.
    assert all(name == slug or name.startswith(f"{slug}-") for name in integrations)
    assert all(target.split(".")[0] == package for target in integrations.values())
    simulators = table["entry-points"].get("orderdesk.simulators", {})
    assert set(simulators) <= set(integrations)
    assert all(target.partition(":")[0].split(".")[0] == package for target in simulators.values())


@each_plugin
def test_a_plugin_is_installed_from_this_checkout(folder: Path) -> None:
    slug = folder.name.replace("_", "-")
    found = {entry.name: entry.value for entry in entry_points(group="orderdesk.integrations")}
    assert found.get(slug) == f"orderdesk_{folder.name}", "run `python3 tools/dev.py test`, which installs every plugin"


@each_plugin
def test_a_plugin_accepts_the_sdk_of_this_checkout(folder: Path) -> None:
    major, minor, *_ = (int(part) for part in project_table(ROOT)["version"].split("."))
    assert f"orderdesk-sdk>={major}.{minor},<{major}.{minor + 1}" in project_table(folder)["dependencies"]


@pytest.mark.parametrize(
    "package",
    [ROOT / "orderdesk_sdk", *(folder / "src" / f"orderdesk_{folder.name}" for folder in PLUGINS)],
    ids=lambda package: package.name,
)
def test_every_package_tells_type_checkers_that_it_is_typed(package: Path) -> None:
    assert (package / "__init__.py").is_file()
    assert (package / "py.typed").is_file()


def test_importing_the_sdk_loads_nothing_heavy() -> None:
    heavy = ["click", "httpx", "pytest", "rich", "sqlite3", "starlette", "uvicorn", "vcr"]
    program = f"import sys, orderdesk_sdk; print([name for name in {heavy!r} if name in sys.modules])"
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], check=False, capture_output=True, text=True, cwd=ROOT
    )
    assert ran.stderr == ""
    assert ran.stdout.strip() == "[]"


def test_no_test_reaches_beyond_this_machine() -> None:
    reserved_for_documentation = ("192.0.2.1", 9)
    # pytest-socket warns and raises; as warnings are errors here, its warning may be what is raised.
    rejection = pytest.raises((RuntimeError, UserWarning), match=r"A test tried to use socket\.socket\.connect")
    with socket.socket() as away, rejection:
        away.connect(reserved_for_documentation)
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as near:
        assert near.getpeername() == server.getsockname()


def imported_by(path: Path) -> set[str]:
    """The top-level names of everything a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    return names


def test_dev_py_runs_before_anything_is_installed() -> None:
    assert imported_by(ROOT / "tools" / "dev.py") <= sys.stdlib_module_names


def test_dev_py_can_tell_an_old_python_that_it_is_old() -> None:
    source = (ROOT / "tools" / "dev.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 7))
