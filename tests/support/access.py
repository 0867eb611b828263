"""What the tests of access share: a user's password, and how a refusal is caught."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from orderdesk_sdk.cases.access import SignInError
from orderdesk_sdk.desk.access.service import AccessService
from orderdesk_sdk.secret import Secret

__all__ = ["HERE", "PASSWORD", "WRONG", "refused", "refused_sign_in"]

PASSWORD: Final = Secret("battery staple")
WRONG: Final = Secret("battery stable")
HERE: Final = "192.0.2.7"


def refused(call: Callable[[], object]) -> SignInError:
    """The refusal that a call ends with."""
    with pytest.raises(SignInError) as caught:
        call()
    return caught.value


def refused_sign_in(access: AccessService, name: str, password: Secret = WRONG, address: str = "") -> SignInError:
    """The refusal that a sign-in ends with."""
    return refused(lambda: access.sign_in(name, password, address=address))
