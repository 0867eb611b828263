"""The folder of a plugin, read once: pyproject.toml, sources, README, tests, and its integrations as they load."""

from __future__ import annotations

import ast
import json
import tomllib
import warnings
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib.metadata import Distribution, entry_points
from pathlib import Path
from urllib.parse import unquote, urlsplit

from attrs import define, field

from orderdesk_devkit.quality.suite_result import SuiteResult
from orderdesk_sdk.errors import ConfigurationError, NotFoundError, OrderDeskError
from orderdesk_sdk.plugin.hookspecs import INTEGRATIONS, SIMULATORS
from orderdesk_sdk.plugin.import_probe import probe_imports
from orderdesk_sdk.plugin.registry import LoadedPlugin, PluginRegistry
from orderdesk_sdk.plugin.validation import calling_hooks

__all__ = ["PluginFolder", "all_folders", "find_folder"]

_SIMULATOR = "simulator"
"""The module or package below a plugin's own in which its simulator is: it is none of what runs in a shop."""


@define(slots=False)  # cached properties need a __dict__
class PluginFolder:
    """A plugin's folder.

    Args:
        path: as it was named, for places in faults.
        document: its pyproject.toml.
        suite: how its conformance tests ended; None: they were not run.
    """

    path: Path
    document: Mapping[str, object]
    registry: PluginRegistry = field(factory=PluginRegistry)
    suite: SuiteResult | None = None

    def file(self, *names: str) -> str:
        """A file of the folder, as a fault names it."""
        return str(self.path.joinpath(*names))

    @property
    def project(self) -> Mapping[str, object]:
        """The table `[project]`."""
        return _table(self.document, "project")

    @property
    def declared_quality(self) -> Mapping[str, object]:
        """The table `[tool.orderdesk]`."""
        return _table(_table(self.document, "tool"), "orderdesk")

    @property
    def name(self) -> str:
        """The distribution's name, or the folder's where it has none."""
        return str(self.project.get("name", self.path.resolve().name))

    @property
    def integrations(self) -> Mapping[str, str]:
        """What each of its entry points of integrations names, by slug."""
        return self._points(INTEGRATIONS)

    @property
    def simulators(self) -> Mapping[str, str]:
        """What each of its entry points of simulators names, by slug."""
        return self._points(SIMULATORS)

    def _points(self, group: str) -> Mapping[str, str]:
        table = _table(_table(self.project, "entry-points"), group)
        return {name: str(target) for name, target in table.items()}

    @property
    def slug(self) -> str:
        """What its names are made of: the shortest slug, for a sister's name begins with it."""
        return min(self.integrations, key=len, default="")

    @property
    def package(self) -> str:
        """The import name that the slug asks for."""
        return f"orderdesk_{self.slug.replace('-', '_')}"

    @property
    def source(self) -> Path:
        """Where its package is."""
        return self.path / "src" / self.package

    @property
    def tests(self) -> Path:
        """Where its tests are."""
        return self.path / "tests"

    @cached_property
    def readme(self) -> str:
        """The text of its README.md; empty where there is none."""
        path = self.path / "README.md"
        return path.read_text(encoding="utf-8") if path.is_file() else ""

    @cached_property
    def modules(self) -> Mapping[Path, ast.Module]:
        """Its modules but the simulator's, parsed; those that Python cannot read are left out, for `loads` tells."""
        paths = sorted(self.source.rglob("*.py"))
        own = [path for path in paths if not path.relative_to(self.source).parts[0].startswith(_SIMULATOR)]
        return dict(_parsed(own))

    @cached_property
    def test_modules(self) -> Mapping[Path, ast.Module]:
        """Its test files, parsed."""
        return dict(_parsed(sorted(self.tests.rglob("test_*.py"))))

    @cached_property
    def loaded(self) -> Mapping[str, LoadedPlugin | OrderDeskError]:
        """Its integrations as they load, or what keeps them from being used."""
        return self._loaded_with_warnings[0]

    @cached_property
    def deadly(self) -> Mapping[str, OrderDeskError]:
        """Its integrations whose import ends the Python process or never ends, tried in a process of its own."""
        found = probe_imports(self.registry, only=self.integrations).integrations
        for slug, error in found.items():
            self.registry.refuse(slug, error)
        return found

    @property
    def load_warnings(self) -> tuple[str, ...]:
        """What Python or the SDK warned of while they were imported and declared, each once."""
        return self._loaded_with_warnings[1]

    @cached_property
    def _loaded_with_warnings(self) -> tuple[Mapping[str, LoadedPlugin | OrderDeskError], tuple[str, ...]]:
        found: dict[str, LoadedPlugin | OrderDeskError] = {**self.deadly}
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            for slug in self.integrations.keys() - self.deadly.keys():
                try:
                    found[slug] = self.registry.load(slug)
                except OrderDeskError as error:
                    found[slug] = error
        return found, tuple(dict.fromkeys(f"{one.category.__name__}: {one.message}" for one in warned))

    @property
    def usable(self) -> Mapping[str, LoadedPlugin]:
        """Those of them that can be used."""
        return {slug: found for slug, found in self.loaded.items() if isinstance(found, LoadedPlugin)}

    @property
    def integrations_with_calls(self) -> tuple[str, ...]:
        """The integrations whose flows make calls."""
        return tuple(slug for slug, found in self.usable.items() if calling_hooks(found.manager))


def find_folder(name: str, registry: PluginRegistry | None = None) -> PluginFolder:
    """The folder of a plugin, by its path or by the slug of an integration that is installed from its folder.

    Raises NotFoundError, and ConfigurationError for a pyproject.toml that cannot be read.
    """
    path = Path(name)
    if not path.is_dir():
        path = _source_of(name)
    file = path / "pyproject.toml"
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise NotFoundError(
            f"it has no pyproject.toml that can be read: {error.strerror}",
            location=str(path),
            hint="name the folder of a plugin",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"is no TOML: {error}", location=str(file), hint="mend it at that line") from None
    return PluginFolder(_short(path), document, registry or PluginRegistry())


def all_folders() -> tuple[PluginFolder, ...]:
    """The folders of all integrations that are installed from theirs, each once, by path; others have no files here."""
    found = {folder.resolve() for point in entry_points(group=INTEGRATIONS) for folder in _folder_of(point.dist)}
    registry = PluginRegistry()
    return tuple(find_folder(str(path), registry) for path in sorted(found))


def _source_of(slug: str) -> Path:
    points = [point for point in entry_points(group=INTEGRATIONS) if point.name == slug]
    if not points:
        raise NotFoundError(
            "there is neither such a folder nor such an integration",
            location=slug,
            hint="give the path of a plugin's folder, or see `orderdesk integrations`",
        )
    for point in points:
        for folder in _folder_of(point.dist):
            return folder
    raise NotFoundError(
        "it is installed without its folder, and README, tests and cassettes are there",
        location=f"integration {slug}",
        hint="get its source, and give the path of its folder",
    )


def _folder_of(dist: Distribution | None) -> Iterator[Path]:
    """The folder that a distribution is installed from, editable; nothing for any other (PEP 610)."""
    told = dist.read_text("direct_url.json") if dist is not None else None
    table = json.loads(told) if told else {}
    if table.get("dir_info", {}).get("editable"):
        yield Path(unquote(urlsplit(table["url"]).path))


def _short(path: Path) -> Path:
    """The path from here, where it is below here."""
    whole, here = path.resolve(), Path.cwd()
    return whole.relative_to(here) if whole.is_relative_to(here) and whole != here else path


def _table(table: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = table.get(name, {})
    return found if isinstance(found, Mapping) else {}


def _parsed(paths: list[Path]) -> Iterator[tuple[Path, ast.Module]]:
    for path in paths:
        try:
            yield path, ast.parse(path.read_text(encoding="utf-8"))
        except (SyntaxError, ValueError):
            continue
