"""A name whose module is imported late behaves as the thing itself."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import httpx
import pytest

from orderdesk_sdk.plugin.auth import HeaderAuth, TokenAuth
from orderdesk_sdk.plugin.late_import import LateImport


def late(name: str) -> Any:
    return LateImport("orderdesk_sdk.plugin.auth", name)


def test_a_class_that_is_called_gives_its_own_instance() -> None:
    signs = late("HeaderAuth")({"x-key": "y"})
    assert type(signs) is HeaderAuth
    assert isinstance(signs, late("HeaderAuth"))
    assert not isinstance(signs, late("TokenAuth"))


def test_a_class_that_inherits_has_the_class_itself_for_its_base() -> None:
    class Own(late("TokenAuth")):  # type: ignore[misc]  # what is late has no type of its own
        pass

    assert Own.__mro__[1] is TokenAuth
    assert issubclass(Own, late("TokenAuth"))
    assert issubclass(Own, httpx.Auth)


def test_it_stands_in_annotations_that_are_evaluated() -> None:
    assert late("TokenAuth") | None == TokenAuth | None
    assert None | late("TokenAuth") == None | TokenAuth
    assert late("TokenAuth") | late("HeaderAuth") == TokenAuth | HeaderAuth


def test_attributes_and_functions_are_those_of_the_thing() -> None:
    assert late("TokenAuth").rejected_statuses == {401, 403}
    assert late("REFRESH_MARGIN_SECONDS").is_integer()
    with pytest.raises(AttributeError, match="no attribute 'NoSuchAuth'"):
        late("NoSuchAuth")()
    assert repr(late("HeaderAuth")) == "<HeaderAuth of orderdesk_sdk.plugin.auth>"


def test_a_plugin_names_credentials_without_their_module_until_that_is_there() -> None:
    program = (
        "import sys\n"
        "from orderdesk_sdk.plugin import HeaderAuth as named, refresh_token_auth\n"
        "refresh_token_auth('token_url')\n"
        "assert not {'httpx', 'orderdesk_sdk.plugin.auth'} & sys.modules.keys()\n"
        "named({})\n"
        "from orderdesk_sdk.plugin import HeaderAuth\n"
        "assert HeaderAuth is sys.modules['orderdesk_sdk.plugin.auth'].HeaderAuth\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
