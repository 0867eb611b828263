"""Certificates for servers of tests, which are their own authority."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

__all__ = ["make_certificate"]


def make_certificate(folder: Path) -> Path:
    """A PEM file: the key and certificate of 127.0.0.1, which is its own authority."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with")
    key, made = folder / "key.pem", folder / "certificate.pem"
    options = "-newkey rsa:2048 -nodes -days 2 -subj /CN=mail"
    extensions = "-addext subjectAltName=IP:127.0.0.1 -addext keyUsage=critical,digitalSignature,keyCertSign"
    command = shlex.split(f"openssl req -x509 {options} {extensions}")
    subprocess.run([*command, "-keyout", str(key), "-out", str(made)], check=True, capture_output=True)
    made.write_text(made.read_text() + key.read_text())
    return made
