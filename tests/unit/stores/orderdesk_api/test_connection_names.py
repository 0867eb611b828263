"""Which connection a name at Order Desk stands for: never another service's, whatever script it is written in."""

from __future__ import annotations

import pytest

from orderdesk_sdk.stores.orderdesk_api.connection_names import ConnectionNames

CONFIGURED = {"Ателье": "mill", "Müller": "bay", "工房": "", "Bay Photo, Inc.": "bay"}


def names(titles: dict[str, str] | None = None) -> ConnectionNames:
    slugs = {"mill": "mill", "bay": "bay-photo", "lab": "lab"}
    return ConnectionNames(CONFIGURED, lambda: slugs, lambda: titles or {"lab": "Лаборатория"})


@pytest.mark.parametrize(
    ("name", "connection"),
    [
        ("Ателье", "mill"),
        (" АТЕЛЬЕ", "mill"),
        ("Мастерская", "Мастерская"),
        ("лаборатория", "lab"),
        ("MÜLLER", "bay"),
        ("Mu\u0308ller", "bay"),
        ("Mller", "Mller"),
        ("工房", None),
        ("写真館", "写真館"),
        ("bay photo inc", "bay"),
        ("Bay-Photo", "bay"),
        ("***", "***"),
    ],
)
def test_a_name_is_compared_by_its_letters_and_digits(name: str, connection: str | None) -> None:
    assert names().connection_of(name) == connection


def test_a_name_of_no_connection_is_told_on_one_line_and_not_at_length() -> None:
    assert names().connection_of("Print\n[31m shop\x1b[31m\t") == "Print [31m shop [31m"
    assert names().connection_of("x" * 300) == "x" * 100
    assert names().connection_of("\x00") == "unnamed"


def test_an_order_made_by_hand_has_no_cart_whatever_else_is_configured() -> None:
    assert names().is_ignored_cart("Order Desk")
    assert names().is_ignored_cart(" ")
    assert not names().is_ignored_cart("Ателье")
