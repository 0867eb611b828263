"""What is read of `GET /store`, in whatever form it comes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import pytest

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError
from orderdesk_sdk.stores.orderdesk_api.api import ApiReply, OrderDeskApi
from orderdesk_sdk.stores.orderdesk_api.store_profile import StoreProfile, read_store_profile


class Answering:
    """An API that answers one document."""

    def __init__(self, document: Mapping[str, object]) -> None:
        self._document = document

    def get(self, *segments: str) -> ApiReply:
        """The document, whatever is asked for."""
        return ApiReply(self._document, f"GET {segments}")


def read(store: object, timezone: str = "") -> StoreProfile:
    return read_store_profile(cast("OrderDeskApi", Answering({"status": "success", "store": store})), timezone)


def test_folders_by_id_and_nothing_of_secrets() -> None:
    secrets = {"api_key": "k-1", "smtp_password": "k-2", "timezone": "Europe/Berlin"}
    profile = read({"id": 7, "name": "Shop", "folders": {"21654": "New"}, "settings": secrets})
    assert (profile.id, profile.folders, str(profile.timezone)) == ("7", {21654: "New"}, "Europe/Berlin")
    assert "k-1" not in repr(profile)


@pytest.mark.parametrize("settings", [[], {}, {"timezone": ""}, {"timezone": "Moon/Base"}, {"timezone": 3}])
def test_a_zone_that_the_store_does_not_tell_is_configured(settings: object) -> None:
    store = {"folders": [], "settings": settings}
    with pytest.raises(ConfigurationError, match="time zone"):
        read(store)
    assert str(read(store, "Europe/Berlin").timezone) == "Europe/Berlin"


@pytest.mark.parametrize("store", [None, "x", {"folders": "x"}, {"folders": {"New": 1}}, {"settings": "k-1"}])
def test_other_shapes_are_malformed(store: object) -> None:
    with pytest.raises(MalformedResponseError) as error:
        read(store)
    assert "k-1" not in str(error.value)
