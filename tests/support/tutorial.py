"""The plugin that the tutorial writes: its page, its package, and how the page heads each of its files."""

from __future__ import annotations

TUTORIAL = "../tutorial/first-plugin.md"
PACKAGE = "orderdesk_acme_print"
HEADS = {name: f"# src/{PACKAGE}/{name}\n" for name in ("__init__.py", "settings.py", "api.py", "simulator.py")}
"""How a block begins that belongs to a file of the plugin; what it defines replaces what was there."""
