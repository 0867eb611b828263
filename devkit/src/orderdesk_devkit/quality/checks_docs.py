"""Rules about a plugin's README: who reads only that can connect the service and knows what to believe."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orderdesk_devkit.quality.plugin_folder import PluginFolder
from orderdesk_devkit.quality.report import Fault
from orderdesk_sdk.plugin.connection_settings import settings_fields
from orderdesk_sdk.plugin.integration import Evidence

__all__ = ["explains", "says_evidence", "says_recording", "shows_settings"]

_NO_EVIDENCE = "Evidence: none yet."
"""What `orderdesk new` writes."""
_EVIDENCE = re.compile(r"^(?:#+ Evidence\b|Evidence: )", re.MULTILINE)


def explains(folder: PluginFolder) -> Iterator[Fault]:
    """Its README begins with its name and shows a connection of each integration."""
    file = folder.path / "README.md"
    heading = f"# {folder.name}"

    def write() -> None:
        rest = re.sub(r"\A#+ .*\n+", "", folder.readme)
        told = rest or f"{folder.project.get('description', '')}\n"
        file.write_text(f"{heading}\n\n{told}", encoding="utf-8")

    if folder.readme.partition("\n")[0].strip() != heading:
        text = "does not begin with the distribution's name" if folder.readme else "is missing"
        yield Fault(str(file), text, f"begin it with {heading!r}", fix=write)
    for slug in folder.integrations:
        if f'integration = "{slug}"' not in folder.readme:
            yield Fault(
                str(file),
                f"it shows no connection of {slug}",
                f'show a [connections.NAME] table with integration = "{slug}"',
            )


def shows_settings(folder: PluginFolder) -> Iterator[Fault]:
    """Its README names every setting that a connection must have."""
    for slug, found in folder.usable.items():
        for one in settings_fields(found.integration.settings):
            if one.required and not re.search(rf"\b{one.name}\b", folder.readme):
                yield Fault(
                    folder.file("README.md"),
                    f"it does not name {one.name}, which {slug} requires",
                    f"show it in the example: {one.help}",
                )


def says_evidence(folder: PluginFolder) -> Iterator[Fault]:
    """Its README says what its knowledge rests on, and what was never tried."""
    if not _EVIDENCE.search(folder.readme):
        yield Fault(
            folder.file("README.md"),
            "it does not say what the plugin's knowledge rests on",
            'add a paragraph that begins with "Evidence: ": which documents, of when, and whether it was ever tried',
        )
    if _NO_EVIDENCE in folder.readme:
        for slug, found in folder.usable.items():
            if found.integration.evidence is not Evidence.CONFIGURATION:
                declared = found.integration.evidence.value
                yield Fault(
                    folder.file("README.md"),
                    f"it has no evidence yet, and {slug} declares {declared!r}",
                    "say in its paragraph Evidence which documents that are, and of which day",
                )


def says_recording(folder: PluginFolder) -> Iterator[Fault]:
    """Its README gives the command that records its cassettes again."""
    for slug in folder.calling:
        if not re.search(rf"\brecord {re.escape(slug)}\b", folder.readme):
            yield Fault(
                folder.file("README.md"),
                f"it does not say how the cassettes of {slug} are recorded again",
                f"give the command: python -m orderdesk_devkit.testing.record {slug}",
            )
