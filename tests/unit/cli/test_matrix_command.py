"""`orderdesk matrix` on terminals of all widths."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.plugin.registry import PluginRegistry


def shown(monkeypatch: pytest.MonkeyPatch, columns: int) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(columns))
    ran = CliRunner().invoke(orderdesk, ["matrix"])
    assert ran.exit_code == 0, ran.output
    return [line.rstrip() for line in ran.stdout.splitlines()]


@pytest.mark.parametrize("columns", [80, 100, 199])
def test_where_it_is_narrow_each_integration_has_a_block(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    lines = shown(monkeypatch, columns)
    assert max(map(len, lines)) <= columns
    heads = [line for line in lines if line and not line.startswith((" ", "*"))]
    assert [head.partition("  ")[2].partition(",")[0] for head in heads] == list(PluginRegistry().slugs())
    assert "  cancel            button (asks), while picking has not begun" in lines


def test_where_it_is_wide_each_integration_has_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    head, *rows = shown(monkeypatch, 1000)
    assert head.split()[:3] == ["integration", "cancel", "confirmation"]
    titles = [PluginRegistry().load(slug).integration.title for slug in PluginRegistry().slugs()]
    assert [row.partition("  ")[0] for row in rows[: len(titles)]] == titles
    assert rows[-1] == "* the settings of a connection may change it"
