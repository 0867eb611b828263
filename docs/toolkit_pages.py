"""The pages of the reference about what a plugin's author takes from the toolkit, a page for each task."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from docs.public_names import name_sections, names_given_by

__all__ = ["TOOLKIT_PAGES", "ToolkitPage", "toolkit_page"]

_INTRODUCTIONS = Path(__file__).parent / "introductions"
_SDK = "orderdesk_sdk"
_PLUGIN = "orderdesk_sdk.plugin"


@frozen
class ToolkitPage:
    """A page: its introduction stands in docs/introductions, its sections are the names of these modules.

    Args:
        modules: below `orderdesk_sdk`; of each the names that `orderdesk_sdk.plugin` gives to plugins.
        for_hosts: modules of which `orderdesk_sdk` gives names to host apps.
    """

    modules: tuple[str, ...]
    for_hosts: tuple[str, ...] = ()


TOOLKIT_PAGES: Mapping[str, ToolkitPage] = {
    "order": ToolkitPage(
        ("orders.order", "orders.serialization"),
        ("orders.serialization", "orders.references", "orders.numbering", "orders.submissions"),
    ),
    "time-and-secrets": ToolkitPage(("clock", "secret"), ("clock",)),
    "line-quantities": ToolkitPage(("plugin.toolkit.line_quantities", "plugin.line_names")),
    "graphql": ToolkitPage(("plugin.toolkit.graphql",)),
    "xml": ToolkitPage(("plugin.toolkit.xml_response",)),
    "batching": ToolkitPage(("plugin.batching", "plugin.toolkit.batch_report")),
    "file-drop": ToolkitPage(("plugin.toolkit.file_drop",)),
    "webhooks": ToolkitPage(("plugin.toolkit.signatures", "plugin.profiles.webhook_profile")),
    "api-profiles": ToolkitPage(
        (
            "plugin.profiles.api_profile",
            "plugin.profiles.api_settings",
            "plugin.profiles.api_flows",
            "plugin.profiles.json_pointer",
        )
    ),
    "submitting-again": ToolkitPage(
        (
            "plugin.toolkit.resubmission",
            "plugin.toolkit.service_errors",
            "plugin.toolkit.required_fields",
            "plugin.toolkit.countries",
        )
    ),
    "templates": ToolkitPage(("plugin.toolkit.templates", "plugin.toolkit.email_addresses")),
}
"""The pages below reference/, by their names."""


def toolkit_page(name: str) -> str:
    """The page of that name: its introduction, then a section for each name."""
    page, lines = TOOLKIT_PAGES[name], [(_INTRODUCTIONS / f"{name}.txt").read_text(encoding="utf-8")]
    told: set[str] = set()
    for public, modules in ((_PLUGIN, page.modules), (_SDK, page.for_hosts)):
        for module in modules:
            home = f"{_SDK}.{module}"
            names = [one for one in names_given_by(home, public) if one not in told]
            lines += name_sections(home, names, level=2, public=public)
            told |= {*names}
    return "\n".join(lines).rstrip() + "\n"
