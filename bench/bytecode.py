"""Bytecode for what is measured, as an installation has it; a checkout may have none."""

from __future__ import annotations

import subprocess
import sys

from bench.loopback import ROOT, quiet_environment

__all__ = ["compile_all"]


def compile_all() -> None:
    """Compile every package of the checkout, and the bench, where that was not done since it was changed."""
    folders = [ROOT / "orderdesk_sdk", ROOT / "bench", ROOT / "devkit" / "src", *sorted(ROOT.glob("plugins/*/src"))]
    subprocess.run(
        [sys.executable, "-m", "compileall", "-q", *map(str, folders)], check=True, env=quiet_environment(), cwd=ROOT
    )
