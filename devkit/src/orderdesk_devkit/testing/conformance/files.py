"""Files that ask for a cancel: what a person uploads is written word for word, once, and only where it may be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import pytest
from attrs import define, evolve, field, frozen

from orderdesk_devkit.testing.conformance.base import Count, StandardTests, new_folder
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.plugin.toolkit.file_drop import FileDrop

__all__ = ["ExpectedFile", "FileTests", "WriteFile"]

WriteFile = Callable[[Desk, str, FileDrop | None], str]
"""Writes the file of a case, by its id, and gives its place, in words that a note on the case has as well; without a
drop it goes into the folder that the settings name."""


@frozen(kw_only=True)
class ExpectedFile:
    """What the file about the test's order is to be.

    Args:
        content: all of it, with {case} for the id of the case and {day} for the day as 20260105; "" where none is
            written.
        refused: part of what is said instead of a file.
        settings: in place of those of the test class.
        line_metadata: in place of that of the test class.
        reason: why; None: as the test class has it.
        lines: quantities by code; empty: the whole order.
    """

    content: str = ""
    refused: str = ""
    settings: Mapping[str, object] = field(factory=dict)
    line_metadata: Mapping[str, object] | None = None
    reason: str | None = None
    lines: Mapping[str, int] = field(factory=dict)


class FileTests(StandardTests):
    """Each declared file, by the plugin's function that writes it, into a folder and by a drop of the host's."""

    files: ClassVar[tuple[ExpectedFile, ...]] = ()
    """What the file is, or why there is none, for each table of settings by which it differs."""
    folder_setting: ClassVar[str] = ""
    """The setting that names the folder of such files."""
    write_file: ClassVar[tuple[WriteFile, ...]] = ()
    """The function that writes a file, alone in a tuple."""

    def test_each_file_says_what_is_expected(
        self, plugin_under_test: PluginUnderTest, tmp_path: Path, count: Count
    ) -> None:
        """It is written as declared, told in a note on the case, and refused where something is missing."""
        if not self.files:
            pytest.skip(f"{type(self).__name__} declares no `files`")
        (write,) = self.write_file
        found: list[str] = []
        for expected in self.files:
            folder = new_folder(tmp_path)
            settings = {**plugin_under_test.settings, self.folder_setting: str(folder), **expected.settings}
            tried = evolve(plugin_under_test, settings=settings, order=_order(plugin_under_test, expected))
            with tried.open_harness(new_folder(tmp_path)) as harness:
                found += _failures(harness, expected, write, folder)
        count("files", len(self.files))
        require(Requirement.FILE_TEXTS, found)


def _order(plugin: PluginUnderTest, expected: ExpectedFile) -> Order:
    if expected.line_metadata is None:
        return plugin.order
    lines = tuple(evolve(line, metadata=expected.line_metadata) for line in plugin.order.lines)
    return evolve(plugin.order, lines=lines)


def _failures(harness: ConformanceHarness, expected: ExpectedFile, write: WriteFile, folder: Path) -> Iterator[str]:
    case = harness.cancel(expected.reason, lines=expected.lines or None)
    drop = _Drop()
    for given, files in ((None, folder), (drop, drop)):
        try:
            place = write(harness.desk, case.id, given)
        except OrderDeskError as error:
            if not expected.refused or expected.refused not in str(error):
                yield f"it is not written: {error}"
            continue
        if expected.refused:
            yield f"it is written, and {expected.refused} was expected"
            continue
        yield from _unlike(harness, expected, place, _written(files))


def _unlike(harness: ConformanceHarness, expected: ExpectedFile, place: str, files: Mapping[str, str]) -> Iterator[str]:
    """What differs from the one file that is expected."""
    day = f"{harness.clock.now():%Y%m%d}"
    wanted = expected.content.replace("{case}", harness.case.id).replace("{day}", day)
    if list(files.values()) != [wanted]:
        yield f"its text is {' and '.join(map(repr, files.values())) or 'nowhere'}, not {wanted!r}"
    if place not in files:
        yield f"its place is called {place}, and there is {', '.join(files) or 'nothing'}"
    if not any(place in str(step) for step in harness.receipt.history):
        yield f"no note on the case names {place}"


@define
class _Drop:
    """A file drop of the host's: keeps what is put there."""

    files: dict[str, bytes] = field(factory=dict)

    def put(self, name: str, content: bytes) -> str:
        """Keep it, and say where."""
        place = f"drop:{name}"
        self.files[place] = content
        return place


def _written(where: Path | _Drop) -> dict[str, str]:
    """The text of each file by its place."""
    if isinstance(where, _Drop):
        return {place: content.decode() for place, content in where.files.items()}
    return {str(path): path.read_text(encoding="utf-8") for path in sorted(where.iterdir())}
