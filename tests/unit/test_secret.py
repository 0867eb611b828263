"""A secret can be used and compared, and shows itself nowhere."""

from __future__ import annotations

import copy
import json
import logging
import pickle
from collections.abc import Callable

import attrs
import pytest

from orderdesk_sdk.secret import HIDDEN, Secret

TEXT = "s3cret-key"


@attrs.frozen
class Holder:
    """Something that has a secret."""

    key: Secret


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        "{}".format,
        "{!r}".format,
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031 - one way of formatting among others
        lambda secret: repr([secret]),
        lambda secret: repr({"key": secret}),
        lambda secret: repr(Holder(secret)),
        lambda secret: repr(attrs.asdict(Holder(secret))),
        lambda secret: repr(ValueError(secret)),
        lambda secret: str(ValueError(secret)),
        lambda secret: json.dumps({"key": secret}, default=str),
    ],
)
def test_it_shows_only_that_it_is_hidden(show: Callable[[Secret], str]) -> None:
    shown = show(Secret(TEXT))
    assert TEXT not in shown
    assert HIDDEN in shown


def test_a_log_does_not_show_it(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("orderdesk").error("the key is %s, %r", Secret(TEXT), {"key": Secret(TEXT)})
    assert TEXT not in caplog.text
    assert HIDDEN in caplog.text


def test_it_is_revealed_on_demand() -> None:
    assert Secret(TEXT).reveal() == TEXT


@pytest.mark.parametrize("leave", [pickle.dumps, copy.copy, copy.deepcopy])
def test_it_does_not_leave_the_process(leave: Callable[[Secret], object]) -> None:
    with pytest.raises(TypeError, match="cannot be pickled") as raised:
        leave(Secret(TEXT))
    assert TEXT not in str(raised.value)


def test_it_is_not_written_by_accident() -> None:
    with pytest.raises(TypeError) as raised:
        json.dumps(Secret(TEXT))
    assert TEXT not in str(raised.value)
    with pytest.raises(TypeError) as unformatted:
        format(Secret(TEXT), ">20")
    assert TEXT not in str(unformatted.value)
    assert not hasattr(Secret(TEXT), "__dict__")


def test_equal_secrets_are_equal_and_no_text_is_a_secret() -> None:
    assert Secret(TEXT) == Secret(TEXT)
    assert hash(Secret(TEXT)) == hash(Secret(TEXT))
    assert Secret(TEXT) != Secret("other")
    assert Secret(TEXT) != TEXT
    assert len({Secret(TEXT), Secret(TEXT), Secret("other")}) == 2
