"""Rules about a plugin's README: its reader can connect the service and knows how far it was checked."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orderdesk_devkit.quality.plugin_folder import PluginFolder
from orderdesk_devkit.quality.report import Violation
from orderdesk_sdk.plugin.connection_settings import settings_fields
from orderdesk_sdk.plugin.integration import Verification

__all__ = ["has_readme", "states_verification", "states_recording", "shows_settings"]

_NO_VERIFICATION = "Verification: none yet."
"""What `orderdesk new` writes."""
_VERIFICATION = re.compile(r"^(?:#+ Verification\b|Verification: )", re.MULTILINE)


def has_readme(folder: PluginFolder) -> Iterator[Violation]:
    """Its README begins with its name and shows a connection of each integration."""
    file = folder.path / "README.md"
    heading = f"# {folder.name}"

    def write() -> None:
        rest = re.sub(r"\A#+ .*\n+", "", folder.readme)
        body = rest or f"{folder.project.get('description', '')}\n"
        file.write_text(f"{heading}\n\n{body}", encoding="utf-8")

    if folder.readme.partition("\n")[0].strip() != heading:
        message = "does not begin with the distribution's name" if folder.readme else "is missing"
        yield Violation(str(file), message, f"begin it with {heading!r}", fix=write)
    for slug in folder.integrations:
        if f'integration = "{slug}"' not in folder.readme:
            yield Violation(
                str(file),
                f"it shows no connection of {slug}",
                f'show a [connections.NAME] table with integration = "{slug}"',
            )


def shows_settings(folder: PluginFolder) -> Iterator[Violation]:
    """Its README names every setting that a connection must have."""
    for slug, loaded in folder.usable.items():
        for one in settings_fields(loaded.integration.settings):
            if one.required and not re.search(rf"\b{one.name}\b", folder.readme):
                yield Violation(
                    folder.file("README.md"),
                    f"it does not name {one.name}, which {slug} requires",
                    f"show it in the example: {one.help}",
                )


def states_verification(folder: PluginFolder) -> Iterator[Violation]:
    """Its README says what the plugin was checked against, and what was never tried."""
    if not _VERIFICATION.search(folder.readme):
        yield Violation(
            folder.file("README.md"),
            "it does not say what the plugin was checked against",
            'add a paragraph that begins with "Verification: " and names the documents, their date and what was tried',
        )
    if _NO_VERIFICATION in folder.readme:
        for slug, loaded in folder.usable.items():
            if loaded.integration.verified_by is not Verification.CONFIGURATION:
                declared = loaded.integration.verified_by.value
                yield Violation(
                    folder.file("README.md"),
                    f'its verification is "none yet", and {slug} declares {declared!r}',
                    "say in its paragraph Verification which documents that are, and of which day",
                )


def states_recording(folder: PluginFolder) -> Iterator[Violation]:
    """Its README gives the command that records its cassettes again."""
    for slug in folder.integrations_with_calls:
        if not re.search(rf"\brecord {re.escape(slug)}\b", folder.readme):
            yield Violation(
                folder.file("README.md"),
                f"it does not say how the cassettes of {slug} are recorded again",
                f"give the command: python -m orderdesk_devkit.testing.record {slug}",
            )
