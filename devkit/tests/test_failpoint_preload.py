"""The process that crash tests fork from: what it imports beforehand is there with the extra `testing` alone."""

from __future__ import annotations

import subprocess
import sys

import pytest

OF_OTHER_EXTRAS = (
    "authlib",
    "celery",
    "joserfc",
    "opentelemetry",
    "paramiko",
    "procrastinate",
    "psycopg",
    "rule_engine",
)
"""What extras bring that the author of a plugin does not install."""
PROGRAM = f"""
import sys
for name in {OF_OTHER_EXTRAS!r}:
    sys.modules[name] = None
from orderdesk_devkit.testing.failpoints.preload import preload
preload()
print("ready")
"""

pytestmark = pytest.mark.slow


def test_nothing_of_another_extra_is_imported_beforehand() -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.returncode) == ("ready\n", 0), ran.stderr
