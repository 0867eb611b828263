"""Templates of mails: a closed set of fields, and errors that name place and hint."""

from __future__ import annotations

import pytest

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.toolkit.templates import one_line, read_template, render


@pytest.mark.parametrize("template", ["{order_nr}", "{}", "{order_number.__class__}", "{reason[0]}"])
def test_an_unknown_field_is_named_with_place_and_remedy(template: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_template(template, "desk.toml: [email].subject")
    assert caught.value.location == "desk.toml: [email].subject"
    assert "{order_number}" in (caught.value.hint or "")


@pytest.mark.parametrize("template", ["", "  ", 3, "{", "}", "{reason!r}", "{reason:>9}"])
def test_what_is_no_template_is_refused_with_its_place(template: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_template(template, "here")
    assert caught.value.location == "here"


def test_a_value_in_braces_is_not_filled_again() -> None:
    assert render("{{{reason}}}", {"reason": "{requested_by}"}) == "{{requested_by}}"


@pytest.mark.parametrize("text", ["a\r\nb", "a\nb", "a\x00b", "a\x85b", "a\u2028b", "a\u202eb"])
def test_one_line_has_no_control_characters(text: str) -> None:
    assert one_line(text).isprintable()
