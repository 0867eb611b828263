"""Other values of a setting: tables of settings between which only that one differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import assert_never

from attrs import frozen

from orderdesk_sdk.plugin.connection_settings import SettingField, SettingKind

__all__ = ["Trial", "trials_of"]

Table = Mapping[str, object]

_OTHER_SECRET = "of-somebody-else-4b7a19c3"


@frozen
class Trial:
    """Two tables of flat settings between which one setting differs."""

    before: Table
    after: Table


def trials_of(
    field: SettingField, fields: Sequence[SettingField], tables: Sequence[Table], beside: Table
) -> Iterator[Trial]:
    """The trials of a setting, the likelier ones first.

    Args:
        tables: in which settings the plugin is tested.
        beside: a table in which the setting has another value, with those that it means something beside; may be empty.
    """
    for table in tables:
        if field.name in beside:
            before = {**table, **{name: value for name, value in beside.items() if name != field.name}}
            yield Trial(before, {**before, field.name: beside[field.name]})
            continue
        for value in _other_values(field, table.get(field.name, field.default)):
            yield Trial(table, {**table, field.name: value})
    if field.kind is SettingKind.SECRET and field.name not in beside:
        for table in tables:
            yield from _rotations(field, fields, table)


def _other_values(field: SettingField, current: object) -> Iterator[object]:
    match field.kind:
        case SettingKind.SECRET:
            yield _OTHER_SECRET
        case SettingKind.URL:
            yield f"{str(current or 'http://127.0.0.1:9').rstrip('/')}/elsewhere"
        case SettingKind.PLAIN if field.choices:
            yield from (choice for choice in field.choices if choice != current)
        case SettingKind.PLAIN | SettingKind.CUSTOM:
            match current:
                case bool():
                    yield not current
                case int():
                    yield current - 1 if current + 1 > field.maximum else current + 1
                case str():
                    yield f"{current}x"
                    yield f"x{current}"
                    yield f"{current} x"
                case _:
                    yield from _other_leaves(current)
        case _:
            assert_never(field.kind)


def _other_leaves(value: object) -> Iterator[object]:
    """A table or a list with another text, number or switch at one place, for each place in turn."""
    match value:
        case Mapping():
            for key, inner in value.items():
                yield from ({**value, key: other} for other in _other_leaves(inner))
        case list() | tuple():
            for index, inner in enumerate(value):
                yield from ([*value[:index], other, *value[index + 1 :]] for other in _other_leaves(inner))
        case bool():
            yield not value
        case int():
            yield value + 1
        case str():
            yield f"{value}x"
        case _:
            return


def _rotations(field: SettingField, fields: Sequence[SettingField], table: Table) -> Iterator[Trial]:
    """A secret takes the place of another one, as while a key is being changed."""
    for other in fields:
        if other.kind is SettingKind.SECRET and other.name != field.name and other.name in table:
            before = {**table, other.name: _OTHER_SECRET}
            yield Trial(before, {**before, field.name: table[other.name]})
