"""What is installed: entry points, distribution by distribution, so that a broken one hides nobody but itself.

importlib.metadata, which brings half of the library for mail, is imported when somebody asks.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit

from orderdesk_sdk.errors import PluginError, describe_exception

if TYPE_CHECKING:
    from importlib.metadata import Distribution, EntryPoint

__all__ = ["InstalledEntryPoints", "distribution_of", "shadowing_error", "source_of"]


class InstalledEntryPoints:
    """The entry points of this environment; `errors` holds what is wrong with distributions that could not be read."""

    def __init__(self) -> None:
        self.errors: dict[str, PluginError] = {}

    def __call__(self, group: str) -> tuple[EntryPoint, ...]:
        """The entry points of a group, those of unreadable distributions left out."""
        try:
            return tuple(_entry_points(tuple(map(_folder_fingerprint, sys.path))).select(group=group))
        except Exception:  # noqa: BLE001 - one unreadable file of anybody's is enough; who it is, is found one by one
            return tuple(self._readable_entry_points(group))

    def _readable_entry_points(self, group: str) -> Iterable[EntryPoint]:
        from importlib.metadata import distributions

        seen: set[str] = set()
        for distribution in distributions():
            name, _, fault = distribution_of(distribution)
            try:
                points = tuple(distribution.entry_points.select(group=group))
            except Exception as error:  # noqa: BLE001 - as above
                fault, points = f"its entry_points.txt cannot be read ({describe_exception(error)})", ()
            if fault is not None and name not in self.errors:
                self.errors[name] = PluginError(
                    fault,
                    location=f"distribution {name}",
                    hint="install it again, or uninstall it; nothing that it provides is found until then",
                )
            if name not in seen:  # The first on the path counts, as it does for imports.
                seen.add(name)
                yield from points


class _EntryPointGroups(Protocol):
    """What importlib.metadata gives for all groups: its class has another name in Python 3.12."""

    def select(self, *, group: str) -> Iterable[EntryPoint]:
        """The entry points of a group."""


@lru_cache(maxsize=2)
def _entry_points(folders: tuple[object, ...]) -> _EntryPointGroups:  # noqa: ARG001 - `folders` is what the cache goes by
    """The entry points of all groups: reading those of every distribution takes milliseconds, so it is done once."""
    from importlib.metadata import entry_points

    return entry_points()


def _folder_fingerprint(folder: str) -> tuple[str, int, int, int] | None:
    """What changes when a distribution comes into a folder of the path or goes; importlib.metadata goes by it too."""
    try:
        state = os.stat(folder or ".")  # noqa: PTH116 - as fast as it gets: it is done for each folder of the path
    except OSError:
        return None
    return folder, state.st_dev, state.st_ino, state.st_mtime_ns


def distribution_of(distribution: Distribution) -> tuple[str, str, str | None]:
    """Name and version of a distribution, and what is wrong with its metadata; then the name is that of its folder."""
    where = str(distribution.locate_file("")) if hasattr(distribution, "locate_file") else "somewhere"
    folder = getattr(distribution, "_path", None)  # No public attribute tells which of several in `where` it is.
    fallback = Path(folder).name if isinstance(folder, Path) else where
    try:
        name: object = distribution.metadata["Name"]
        version: object = distribution.metadata["Version"]
    except Exception as error:  # noqa: BLE001 - whatever is wrong with somebody's file, it is told and passed over
        return fallback, "", f"its METADATA cannot be read ({describe_exception(error)})"
    if not isinstance(name, str) or not name.strip() or not isinstance(version, str):
        return fallback, "", "its METADATA has no name and version"
    return _printable(name), _printable(version), None


def source_of(point: EntryPoint) -> str:
    """What provides an entry point, for people: its distribution, else its module."""
    return distribution_of(point.dist)[0] if point.dist is not None else point.value


def shadowing_error(point: EntryPoint, file: str | None) -> str | None:
    """What is wrong where `file`, which an entry point's module was imported from, is not its distribution's.

    None where nothing is, and where the distribution does not say which files are its.
    """
    if point.dist is None or file is None:
        return None
    try:
        owned = _files_of(point.dist, point.module)
        imported = Path(file).resolve()
        if not owned:
            return None
        if not any(imported == path or path in imported.parents for path, _ in owned):
            return f"its module is not its own: {point.module} was imported from {imported}"
        digest = dict(owned).get(imported)
        others = _other_providers(point) if digest is not None and digest != _digest(imported) else ()
    except Exception:  # noqa: BLE001 - what a distribution says of its files is a help; one that says it badly is loaded
        return None
    return f"its module was written over by {' or '.join(others)}" if others else None


def _files_of(distribution: Distribution, module: str) -> list[tuple[Path, str | None]]:
    """The files that may be a module of a distribution, with their recorded digests; of an editable one its folder."""
    stem = module.replace(".", "/")
    found = []
    for file in distribution.files or ():
        if str(file).startswith((f"{stem}.", f"{stem}/__init__.")):
            digest = file.hash.value if file.hash is not None and file.hash.mode == "sha256" else None
            found.append((Path(str(distribution.locate_file(file))).resolve(), digest))
    text = distribution.read_text("direct_url.json")
    origin = json.loads(text) if text else {}
    if not found and origin.get("dir_info", {}).get("editable"):
        found.append((Path(unquote(urlsplit(origin["url"]).path)).resolve(), None))
    return found


def _digest(file: Path) -> str:
    return urlsafe_b64encode(hashlib.sha256(file.read_bytes()).digest()).rstrip(b"=").decode()


def _other_providers(point: EntryPoint) -> tuple[str, ...]:
    """The other distributions that provide a package of the same name."""
    from importlib.metadata import packages_distributions

    providers = set(packages_distributions().get(point.module.partition(".")[0], []))
    return tuple(sorted(providers - {source_of(point)}))


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isascii() and letter.isprintable())[:100]
