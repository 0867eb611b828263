"""What a plugin may do wrong between a response and its answer, by the name that the setting `kind` gives it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

import httpx

from orderdesk_sdk.plugin import Answer, Flow, Secret, Service, answer, secret, setting, settings, url

__all__ = ["KINDS", "HostileSettings"]

WORDS = 2_000_000
"""Characters of a flood."""


def raises(response: httpx.Response, service: Service[HostileSettings]) -> Flow[Answer]:
    yield from ()
    raise KeyError(f"no {response.status_code} at {service.connection}")


def exits(response: httpx.Response, service: Service[HostileSettings]) -> Flow[Answer]:
    yield from ()
    sys.exit(f"{response.status_code} at {service.connection}")


def hangs(response: httpx.Response, service: Service[HostileSettings]) -> Flow[Answer]:
    yield from ()
    while True:
        pass


def floods(response: httpx.Response, service: Service[HostileSettings]) -> Flow[Answer]:
    """With calls: each is one that the service answers, so only their number gives it away."""
    while True:
        yield service.get("/orders")


def shouts(response: httpx.Response, service: Service[HostileSettings]) -> Flow[Answer]:
    """A flood of words."""
    yield from ()
    return answer.acknowledged(response, message="x" * WORDS)


def returns_junk(response: httpx.Response, service: Service[HostileSettings]) -> Flow[Answer]:
    yield from ()
    return {"state": "canceled"}  # type: ignore[return-value]  # junk is what this is about


def yields_junk(response: httpx.Response, service: Service[HostileSettings]) -> Flow[Answer]:
    yield bytes(WORDS)  # type: ignore[misc]  # as above
    return answer.canceled(response)


def lacks_a_part(response: httpx.Response, service: Service[HostileSettings]) -> Flow[Answer]:
    """Nobody notices before it is called: the import stands in the function."""
    yield from ()
    from orderdesk_hostile import part

    return answer.acknowledged(response, message=part.__name__)


def leaks(response: httpx.Response, service: Service[HostileSettings]) -> Flow[Answer]:
    """Whole, which the desk hides, and without its beginning, which only a plugin knows for a piece of it."""
    yield from ()
    key = service.settings.api_key.reveal()
    return answer.acknowledged(response, message=f"signed with {key}, or ...{key[4:]}")


def strays(response: httpx.Response, service: Service[HostileSettings]) -> Flow[Answer]:
    """The key goes to somebody else."""
    yield httpx.Request("GET", service.settings.stranger, headers={"x-key": service.settings.api_key.reveal()})
    return answer.acknowledged(response)


def lies(response: httpx.Response, service: Service[HostileSettings]) -> Flow[Answer]:
    """Whatever was said, it was canceled."""
    yield from ()
    return answer.canceled(response)


KINDS: Mapping[str, Callable[[httpx.Response, Service[HostileSettings]], Flow[Answer]]] = {
    kind.__name__.replace("_", " "): kind
    for kind in (raises, exits, hangs, floods, shouts, returns_junk, yields_junk, lacks_a_part, leaks, strays, lies)
}


@settings
class HostileSettings:
    """What a connection needs. stranger: whom `strays` calls, which no setting declares as a host."""

    endpoint: str = url(help="the service")
    api_key: Secret = secret(help="the key")
    kind: str = setting(str, help="what goes wrong", choices=tuple(KINDS))
    stranger: str = setting(str, help="whom it calls besides", default="https://collect.example")
