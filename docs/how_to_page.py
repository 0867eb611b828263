"""The page that lists the tasks, each with its title and first sentence, by who has the task."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["READERS", "how_to_page"]

_FOLDER = Path(__file__).parent / "how-to"
_AUTHORS = "Write a plugin"
READERS: Mapping[str, Sequence[str]] = {
    "Cancel orders": (
        *("cancel-everywhere", "console", "inbox", "answer-requests", "cancel-many", "rules", "statuses"),
        *("order-desk-store", "messages-in", "answer-links"),
    ),
    "Run it for a shop": (
        *("serve", "console-users", "connections", "backup", "postgresql", "workers", "monitoring", "logging"),
        "recover",
    ),
    "Build it into a program": (
        *("embed", "fastapi", "django", "own-order-store", "inbound", "json-api", "live-events", "events-out"),
        "own-queue",
    ),
    _AUTHORS: (
        *("window", "status-window", "email", "reasons", "final-reply", "webhook", "oauth", "simulator", "record"),
    ),
}
"""The pages in the order of reading, by who reads them. A page that is not named here is for authors of plugins."""
_HEAD = """\
# How to

One page for one task. A test runs the commands and the code of each.
"""


def how_to_page() -> str:
    """A section for each reader, with a line for each page."""
    named = {page for pages in READERS.values() for page in pages}
    others = sorted(path.stem for path in _FOLDER.glob("*.md") if path.stem not in named | {"index"})
    lines = [_HEAD]
    for reader, pages in READERS.items():
        listed = [*pages, *others] if reader == _AUTHORS else pages
        lines += [f"## {reader}", "", *map(_line, listed), ""]
        lines += ["```{toctree}", ":hidden:", "", *listed, "```", ""]
    return "\n".join(lines).rstrip()


def _line(page: str) -> str:
    title, _, rest = (_FOLDER / f"{page}.md").read_text(encoding="utf-8").partition("\n")
    sentence = re.split(r"(?<=[.:])\s", " ".join(rest.strip().split("\n\n")[0].split()))[0]
    return f"- [{title.removeprefix('# ')}]({page}.md): {sentence.removesuffix(':').removesuffix('.')}."
