"""What every plugin must stand, by each of Bay Photo's two APIs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pytest

from orderdesk_devkit.testing.conformance import PluginConformance

pytestmark = pytest.mark.slow

PRINTS = {"print_sku": "PR-8X10", "print_url": "https://files.example.com/a.jpg"}


class TestBayPhoto(PluginConformance):
    integration = "bay-photo"
    line_metadata: ClassVar[Mapping[str, object]] = PRINTS


class TestBayPhotoV2(PluginConformance):
    integration = "bay-photo"
    line_metadata: ClassVar[Mapping[str, object]] = PRINTS
    switches: ClassVar[Mapping[str, str]] = {"api": "v2"}
