"""Names whose module is imported when they are used, not when they are named.

A plugin names `HeaderAuth` when it is loaded and calls it when a connection makes its first call. The modules behind
such names import httpx, which takes longer than all the rest of a plugin.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["LateImport"]


class LateImport:
    """Stands for a class or function: calling it, inheriting from it and `isinstance` are those of the thing itself."""

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self._name = name

    def _imported(self) -> Any:
        return getattr(import_module(self._module), self._name)

    def __call__(self, *args: object, **options: object) -> object:
        return self._imported()(*args, **options)

    def __getattr__(self, name: str) -> object:
        return getattr(self._imported(), name)

    def __mro_entries__(self, bases: tuple[object, ...]) -> tuple[type, ...]:
        return (self._imported(),)

    def __or__(self, other: Any) -> object:
        return self._imported() | other

    def __ror__(self, other: Any) -> object:
        return other | self._imported()

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, self._imported())

    def __subclasscheck__(self, subclass: type) -> bool:
        return issubclass(subclass, self._imported())

    def __repr__(self) -> str:
        return f"<{self._name} of {self._module}>"
