"""Rules about what a plugin is called, and about what stands in its pyproject.toml."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orderdesk_devkit.quality.plugin_folder import PluginFolder
from orderdesk_devkit.quality.report import Violation
from orderdesk_sdk.plugin.integration import SLUG

__all__ = ["loads", "one_name", "packaged", "typed"]


def one_name(folder: PluginFolder) -> Iterator[Violation]:
    """Folder, distribution, package and entry points have one name."""
    place = folder.file("pyproject.toml")
    if not folder.integrations:
        yield Violation(
            f'{place}: [project.entry-points."orderdesk.integrations"]',
            "it names no integration",
            'write acme-ship = "orderdesk_acme_ship"',
        )
        return
    slug, package = folder.slug, folder.package
    for name in folder.integrations:
        if not SLUG.fullmatch(name) or not (name == slug or name.startswith(f"{slug}-")):
            yield Violation(
                place,
                f"the integration {name!r} does not have the plugin's name",
                f"write it in lower case with hyphens, and begin it with {slug}",
            )
    if folder.name != f"orderdesk-{slug}":
        yield Violation(f"{place}: [project].name", f"it is {folder.name!r}", f"call it orderdesk-{slug}")
    if folder.path.resolve().name not in (slug.replace("-", "_"), slug, f"orderdesk-{slug}"):
        yield Violation(str(folder.path), "the folder has another name", f"call it {slug.replace('-', '_')}")
    if not folder.source.is_dir():
        yield Violation(folder.file("src"), f"there is no package {package}", f"put it into src/{package}")
    targets = {**folder.integrations, **{f"simulator {name}": one for name, one in folder.simulators.items()}}
    for name, target in targets.items():
        if target.partition(":")[0].partition(".")[0] != package:
            yield Violation(place, f"{name} names {target!r}, of another package", f"let it name a module of {package}")
    for name in folder.simulators:
        if name not in folder.integrations:
            yield Violation(
                place, f"the simulator {name!r} is of no integration here", "give it the integration's slug"
            )


def packaged(folder: PluginFolder) -> Iterator[Violation]:
    """Its metadata says what it is and which SDK it works with."""
    place = f"{folder.file('pyproject.toml')}: [project]"
    asked = folder.project.get("dependencies", [])
    wanted = [one for one in asked if isinstance(one, str)] if isinstance(asked, list) else []
    found = [one for one in wanted if re.match(r"orderdesk[-_.]sdk\b", one, re.IGNORECASE)]
    if not found:
        yield Violation(f"{place}.dependencies", "it does not ask for orderdesk-sdk", 'add "orderdesk-sdk>=0.1,<0.2"')
    elif not all(">=" in one and "<" in one for one in found):
        yield Violation(
            f"{place}.dependencies",
            f"{found[0]!r} has no lower and upper bound",
            'before 1.0 a minor version may change the contract: write "orderdesk-sdk>=0.1,<0.2"',
        )
    for name in ("description", "license", "requires-python", "readme"):
        if not folder.project.get(name):
            yield Violation(f"{place}.{name}", "is missing", f"add {name}")


def typed(folder: PluginFolder) -> Iterator[Violation]:
    """Its package tells type checkers that it has types."""
    mark = folder.source / "py.typed"
    if folder.source.is_dir() and not mark.is_file():
        yield Violation(str(mark), "is missing", "make an empty file of that name", fix=mark.touch)


def loads(folder: PluginFolder) -> Iterator[Violation]:
    """Every integration of it can be used; what warns while it loads is reported."""
    for slug, found in folder.loaded.items():
        if slug not in folder.usable:
            target = folder.integrations[slug].partition(":")[0]
            deadly = f"look with `python -X faulthandler -c 'import {target}'` for what does that; until it is mended, "
            deadly += f"`orderdesk plugins disable {slug}` keeps the rest running"
            usual = f"mend it, or install it from here first: pip install -e {folder.path}"
            yield Violation(
                f"integration {slug}", getattr(found, "message", str(found)), deadly if slug in folder.deadly else usual
            )
    for text in folder.load_warnings:
        yield Violation(
            folder.file("pyproject.toml"),
            f"its import or declaration warns: {text}",
            "mend what the warning is about before it becomes an error",
            warning=True,
        )
