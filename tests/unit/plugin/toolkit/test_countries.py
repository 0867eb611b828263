"""Countries: a code or a rejection, never a guess."""

from __future__ import annotations

import pytest
from babel import Locale

from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.plugin.toolkit.countries import COUNTRIES, country_code

ROWS = [line.split(" ", 2) for line in COUNTRIES.splitlines()]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("United States", "US"),
        ("united states of america", "US"),
        ("US", "US"),
        (" us ", "US"),
        ("U.S.A.", "US"),
        ("The Netherlands", "NL"),
        ("UK", "GB"),
        ("Great Britain", "GB"),
        ("Cote d'Ivoire", "CI"),
        ("Côte d\u2019Ivoire", "CI"),
        ("South Korea", "KR"),
        ("Korea, Republic of", "KR"),
        ("Trinidad and Tobago", "TT"),
        ("St Lucia", "LC"),
        ("Saint Lucia", "LC"),
        ("Türkiye", "TR"),
        ("Turkey", "TR"),
        ("Niger", "NE"),
        ("Nigeria", "NG"),
        ("Russian Federation", "RU"),
    ],
)
def test_a_country_is_known_by_code_and_by_name(text: str, code: str) -> None:
    assert country_code(text) == code


@pytest.mark.parametrize("text", ["", "  ", "XX", "Atlantis", "Korea", "Congo", "840", "California", "United", "🇺🇸"])
def test_what_names_no_country_or_two_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(ValidationError, match=r"order 1042: .* code of two letters"):
        country_code(text, location="order 1042")


def test_the_table_has_every_country_once_under_the_name_that_cldr_gives_it() -> None:
    names = Locale("en").territories
    assert len({two for two, _, _ in ROWS}) == len({three for _, three, _ in ROWS}) == 249
    assert {two: country_code(names[two]) for two, _, _ in ROWS} == {two: two for two, _, _ in ROWS}


def test_no_name_stands_for_two_countries() -> None:
    for two, three, names in ROWS:
        assert {country_code(name) for name in (two, three, *names.split("; "))} == {two}
