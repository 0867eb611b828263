"""What is installed: a broken distribution, one slug twice, a module of another's; each is told, the others load."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orderdesk_sdk.desk.matrix import matrix_rows
from orderdesk_sdk.errors import PluginError
from orderdesk_sdk.plugin.registry import PluginRegistry

PLUGIN = """
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.routes import Portal
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.connection_settings import settings

@settings
class None_:
    pass

@hookimpl
def orderdesk_integration():
    return Integration(slug={slug!r}, title={slug!r}, settings=None_, cancel=(Portal("Call."),))
"""
Folder = Callable[[], Path]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    """Makes folders on the path, the later ones found first; what was imported from them is forgotten."""
    before = set(sys.modules)
    made: list[Path] = []

    def folder() -> Path:
        made.append(tmp_path / f"site-{len(made)}")
        made[-1].mkdir()
        monkeypatch.syspath_prepend(str(made[-1]))
        return made[-1]

    yield folder
    for name in set(sys.modules) - before:
        if name.startswith("odx_"):
            del sys.modules[name]


def install(folder: Path, name: str, slug: str, module: str, *, points: bytes | None = None) -> Path:
    """A distribution with one plugin, as an installer leaves it; its metadata."""
    (folder / f"{module}.py").write_text(PLUGIN.format(slug=slug))
    info = folder / f"{name.replace('-', '_')}-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    (info / "entry_points.txt").write_bytes(points or f"[orderdesk.integrations]\n{slug} = {module}\n".encode())
    (info / "RECORD").write_text(f"{module}.py,,\n{info.name}/METADATA,,\n")
    return info


@pytest.mark.parametrize(
    "points", [b"[orderdesk.integrations]\nnothing\n", b"\xff\xfe[orderdesk.integrations]\n", b"[x]\ny\n"]
)
def test_entry_points_that_cannot_be_read_are_told_and_hide_nobody_else(points: bytes, site: Folder) -> None:
    folder = site()
    install(folder, "broken-one", "odx-broken", "odx_broken", points=points)
    install(folder, "sound-one", "odx-sound", "odx_sound")
    registry = PluginRegistry()
    assert registry.load("odx-sound").integration.title == "odx-sound"
    assert {"amazon-mcf", "odx-sound"} <= set(registry.slugs())
    (fault,) = registry.distribution_errors()
    assert fault.location == "distribution broken-one"
    assert "entry_points.txt" in fault.message
    assert fault in matrix_rows(registry)[1]


@pytest.mark.parametrize("metadata", [b"\xff\xfe", b"", b"Name:\n", None])
def test_a_plugin_whose_metadata_cannot_be_read_loads(metadata: bytes | None, site: Folder) -> None:
    info = install(site(), "odd-one", "odx-odd", "odx_odd")
    (info / "METADATA").unlink()
    if metadata is not None:
        (info / "METADATA").write_bytes(metadata)
    registry = PluginRegistry()
    assert registry.load("odx-odd").integration.title == "odx-odd"
    assert "odd_one-1.dist-info" in registry.distribution("odx-odd")


@pytest.mark.parametrize("module", ["odx_second", "odx_first"])
def test_one_slug_of_two_distributions_is_a_fault_of_that_slug_alone(module: str, site: Folder) -> None:
    folder, other = site(), site()
    install(folder, "first", "odx-same", "odx_first")
    install(other, "second", "odx-same", module)
    install(folder, "third", "odx-third", "odx_third")
    registry = PluginRegistry()
    with pytest.raises(PluginError, match=r"two distributions provide it: .* of \w+ and .* of \w+"):
        registry.load("odx-same")
    assert registry.load("odx-third").integration.title == "odx-third"


def test_a_module_that_is_another_distributions_is_told(site: Folder) -> None:
    install(site(), "mine", "odx-mine", "odx_mine")
    shadow = site()
    (shadow / "odx_mine.py").write_text(PLUGIN.format(slug="odx-mine"))
    with pytest.raises(PluginError, match=r"its module is not its own: odx_mine was imported from .*site-1"):
        PluginRegistry().load("odx-mine")
