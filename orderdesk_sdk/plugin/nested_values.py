"""Values in tables and lists of a configuration, each with its location."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

__all__ = ["nested_values"]


def nested_values(value: object, location: str) -> Iterator[tuple[object, str]]:
    """Every value in a table or list, however deep, with its location; a value that is neither, with the one given."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from nested_values(inner, f"{location}.{name}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from nested_values(inner, f"{location}[{number}]")
    else:
        yield value, location
