"""What every plugin must stand, by each of Bay Photo's two APIs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pytest

from orderdesk_devkit.testing.conformance import PluginConformance
from orderdesk_devkit.testing.conformance.profile_endings import PROFILE_ENDINGS

pytestmark = pytest.mark.slow

PRINTS = {"print_sku": "PR-8X10", "print_url": "https://files.example.com/a.jpg"}


class TestBayPhoto(PluginConformance):
    integration = "bay-photo"
    endings: ClassVar = PROFILE_ENDINGS
    line_metadata: ClassVar[Mapping[str, object]] = PRINTS
    other_settings: ClassVar = {"api_version": {"api_version": "v2", "client_id": "an id", "client_secret": "a secret"}}
    settings_not_tried: ClassVar = dict.fromkeys(
        ("client_id", "client_secret", "token_url", "submit_path"), "it is of v2, which another class tries"
    )


class TestBayPhotoV2(PluginConformance):
    integration = "bay-photo"
    endings: ClassVar = PROFILE_ENDINGS
    line_metadata: ClassVar[Mapping[str, object]] = PRINTS
    options: ClassVar[Mapping[str, str]] = {"api": "v2"}
    other_settings: ClassVar = {"api_version": {"api_version": "v1", "token": "a token"}}
    settings_not_tried: ClassVar = dict.fromkeys(
        ("token", "return_shipping_id", "drop_ship"), "it is of v1, which another class tries"
    )
