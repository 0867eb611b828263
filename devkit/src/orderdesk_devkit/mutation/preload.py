"""What every run of the suite imports: imported once, by the process that the others are forked from. No plugin."""

from __future__ import annotations

from orderdesk_devkit.testing.failpoints.preload import preload

preload()
