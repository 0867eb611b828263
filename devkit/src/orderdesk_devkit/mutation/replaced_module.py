"""One module of a plugin with another source, in this process: where it stands, what it is named, all else is the same.

A folder that comes first on the path would not do: the SDK refuses a plugin whose module is not the one that its
distribution brought.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

__all__ = ["replace_module"]


class _OtherSource(SourceFileLoader):
    def __init__(self, name: str, path: str, source: bytes) -> None:
        super().__init__(name, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType | None:  # noqa: ARG002 - the signature of a loader
        """The code of the other source; what Python has cached of the file's own is not looked at."""
        return self.source_to_code(self._source, self.path)

    def get_data(self, path: str) -> bytes:
        """The other source, for whoever reads the module's file through its loader."""
        return self._source if path == self.path else super().get_data(path)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, module: str, source: bytes) -> None:
        self._module = module
        self._source = source

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Where the module is, with a loader of its other source; None for every other module."""
        if fullname != self._module:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None:
            return None
        spec.loader = _OtherSource(fullname, spec.origin, self._source)
        return spec


def replace_module(module: str, source: Path) -> None:
    """Let a module that is imported from now on have the source that stands in another file."""
    sys.meta_path.insert(0, _Finder(module, source.read_bytes()))
