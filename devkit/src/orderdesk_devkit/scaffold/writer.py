"""A new plugin, written from templates: a distribution that passes its tests as it is, for its author to change."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from orderdesk_devkit.scaffold.plugin_template import Cancel, PluginTemplate
from orderdesk_sdk.errors import ConfigurationError, ConflictError, PluginError, ValidationError

__all__ = ["install_metadata", "render", "scaffold", "without_unused_imports"]

_WIDTH = 120
_REQUIRED_MODULES = ("jinja2", "pytest", "starlette", "uvicorn", "vcr", "yaml")
"""What writing a plugin and recording its cassette imports, beyond the core."""


def scaffold(template: PluginTemplate, folder: Path, installed: Mapping[str, str] | None = None) -> tuple[Path, ...]:
    """Write the plugin into `folder`, all files or none, its cassette recorded; gives their paths below it.

    Args:
        installed: the distributions of the slugs that are taken.

    Raises ConflictError for one of them and for a folder with something in it, ValidationError for a folder of a wrong
    name, ConfigurationError where something is not installed.
    """
    _check(template, folder, installed or {})
    files = render(template)
    existed = folder.exists()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".orderdesk-new-", dir=folder.parent) as beside:
            made = Path(beside) / template.distribution
            for name, text in files.items():
                file = made / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8", newline="\n")
            if template.cancel is not Cancel.EMAIL:
                _record(template, made, Path(beside) / "installed")
            paths = tuple(sorted(path.relative_to(made) for path in made.rglob("*") if path.is_file()))
            if existed:  # An empty one, perhaps the folder that somebody stands in: it stays the same folder.
                for child in made.iterdir():
                    child.rename(folder / child.name)
            else:
                made.rename(folder)
    except OSError as error:
        raise ConfigurationError(
            f"it cannot be written: {error.strerror}",
            location=str(folder),
            hint="name a folder that you may write with --at",
        ) from None
    return paths


def render(plugin_template: PluginTemplate) -> dict[str, str]:
    """The text of every file but the cassettes, by its path in the plugin's folder."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    templates = Environment(
        loader=PackageLoader("orderdesk_devkit.scaffold"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - these are texts for Python, TOML and Markdown; `PluginTemplate` judges what goes in
    )
    variables = {
        "slug": plugin_template.slug,
        "title": plugin_template.title,
        "name": plugin_template.name,
        "package": plugin_template.package,
        "description": plugin_template.description,
        "cancel": plugin_template.cancel.value,
        "auth": plugin_template.auth.value if plugin_template.auth is not None else None,
        "api": plugin_template.api.value if plugin_template.api is not None else None,
        "webhook": plugin_template.webhook,
        "env": plugin_template.variable,
        "level": "gold",
    }
    files = {name: templates.get_template(template).render(variables) for name, template in _templates(plugin_template)}
    tidy = {name: without_unused_imports(text) for name, text in files.items() if name.endswith(".py")}
    return {**files, **tidy, f"src/{plugin_template.package}/py.typed": ""}


def _templates(template: PluginTemplate) -> Iterator[tuple[str, str]]:
    """The files, each with its template."""
    yield "pyproject.toml", "pyproject.toml.jinja"
    yield "README.md", "README.md.jinja"
    yield "tests/test_conformance.py", "test_conformance.py.jinja"
    source = f"src/{template.package}"
    yield f"{source}/__init__.py", "__init__.py.jinja"
    yield f"{source}/settings.py", "settings.py.jinja"
    if template.cancel is Cancel.EMAIL:
        return
    yield f"{source}/api.py", f"api_{template.api}.py.jinja"
    yield f"{source}/simulator.py", "simulator.py.jinja"
    yield "tests/scenarios.py", "scenarios.py.jinja"
    yield "tests/test_cassettes.py", "test_cassettes.py.jinja"


def without_unused_imports(text: str) -> str:
    """The module without the names that it imports and does not use: templates import what any kind may need."""
    tree = ast.parse(text)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    lines: list[str | None] = [*text.splitlines(keepends=True)]
    for node in tree.body:
        match node:
            case ast.ImportFrom("__future__"):
                continue
            case ast.Import(names) | ast.ImportFrom(_, names):
                kept = [name.name for name in names if name.name in used]
                first, end = node.lineno - 1, node.end_lineno or node.lineno
                lines[first:end] = [None] * (end - first)
                if kept:
                    lines[first] = _import(node, kept)
            case _:
                continue
    return _blank("".join(line for line in lines if line is not None))


def _import(node: ast.Import | ast.ImportFrom, names: list[str]) -> str:
    if isinstance(node, ast.Import):
        return f"import {', '.join(names)}\n"
    line = f"from {node.module} import {', '.join(names)}\n"
    if len(line) <= _WIDTH:
        return line
    return "".join([f"from {node.module} import (\n", *(f"    {name},\n" for name in names), ")\n"])


def _blank(text: str) -> str:
    """At most two blank lines on end, and one between imports: whole groups of them may have gone."""
    kept: list[str] = []
    for line in text.splitlines(keepends=True):
        if line.strip() or [one.strip() for one in kept[-2:]] != ["", ""]:
            kept.append(line)
    return "".join(kept)


def _check(template: PluginTemplate, folder: Path, installed: Mapping[str, str]) -> None:
    lacking = [name for name in _REQUIRED_MODULES if find_spec(name) is None]
    if lacking:
        raise ConfigurationError(
            f"what writes plugins is not installed: {', '.join(lacking)}",
            hint="pip install 'orderdesk-devkit[authoring]'",
        )
    if template.slug in installed:
        raise ConflictError(
            f"{installed[template.slug]} has an integration of this name already",
            location=template.slug,
            hint="give another slug, or pip uninstall that distribution first",
        )
    if folder.resolve().name not in template.folders:
        raise ValidationError(
            "a plugin's folder has the plugin's name",
            location=str(folder),
            hint=f"let --at end in {' or '.join(dict.fromkeys(template.folders))}",
        )
    if folder.exists() and not (folder.is_dir() and next(folder.iterdir(), None) is None):
        raise ConflictError(
            "something is there, and nothing is overwritten",
            location=str(folder),
            hint="name another folder with --at, or remove that one",
        )


def _record(template: PluginTemplate, made: Path, installed: Path) -> None:
    """Record the cassettes in a process that finds the plugin as if it were installed."""
    install_metadata(template, made, installed)
    paths = [str(made / "src"), str(installed), *filter(None, [os.environ.get("PYTHONPATH")])]
    tests = made / "tests"
    ran = subprocess.run(  # noqa: S603 - this Python, and a module of ours
        [sys.executable, "-m", "orderdesk_devkit.testing.record", template.slug, "--tests", str(tests)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if ran.returncode != 0:
        raise PluginError(
            f"its cassette could not be recorded: {ran.stderr.strip()[-500:]}",
            location=template.distribution,
            hint="nothing was written; report this with the command that you gave",
        )


def install_metadata(template: PluginTemplate, made: Path, folder: Path) -> None:
    """Write the metadata by which Python finds the plugin's entry points (PEP 376), as an editable install does.

    Args:
        made: the plugin's folder.
        folder: to be on the path, beside `src` of the plugin.
    """
    from orderdesk_devkit.quality.plugin_folder import find_folder
    from orderdesk_sdk.plugin.hookspecs import INTEGRATIONS, SIMULATORS

    plugin = find_folder(str(made))
    info = folder / f"{template.package}-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {plugin.name}\nVersion: 0.1.0\n", encoding="utf-8")
    groups = {INTEGRATIONS: plugin.integrations, SIMULATORS: plugin.simulators}
    points = [
        f"[{group}]\n" + "".join(f"{name} = {target}\n" for name, target in points.items())
        for group, points in groups.items()
    ]
    (info / "entry_points.txt").write_text("\n".join(points), encoding="utf-8")
