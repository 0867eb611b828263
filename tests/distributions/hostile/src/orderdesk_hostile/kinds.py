"""What a plugin may do wrong between a reply and its answer, by the name under which the setting `kind` asks for it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

import httpx

from orderdesk_sdk.plugin import Answer, Flow, Secret, Service, answer, host, secret, setting, settings

__all__ = ["KINDS", "HostileSettings"]

WORDS = 2_000_000
"""Characters of a flood."""


def raises(reply: httpx.Response, service: Service[HostileSettings]) -> Flow[Answer]:
    yield from ()
    raise KeyError(f"no {reply.status_code} at {service.connection}")


def exits(reply: httpx.Response, service: Service[HostileSettings]) -> Flow[Answer]:
    yield from ()
    sys.exit(f"{reply.status_code} at {service.connection}")


def hangs(reply: httpx.Response, service: Service[HostileSettings]) -> Flow[Answer]:
    yield from ()
    while True:
        pass


def floods(reply: httpx.Response, service: Service[HostileSettings]) -> Flow[Answer]:
    """With calls: each is one that the service answers, so only their number gives it away."""
    while True:
        yield service.get("/orders")


def shouts(reply: httpx.Response, service: Service[HostileSettings]) -> Flow[Answer]:
    """A flood of words."""
    yield from ()
    return answer.asked(reply, text="x" * WORDS)


def returns_junk(reply: httpx.Response, service: Service[HostileSettings]) -> Flow[Answer]:
    yield from ()
    return {"state": "canceled"}  # type: ignore[return-value]  # junk is what this is about


def yields_junk(reply: httpx.Response, service: Service[HostileSettings]) -> Flow[Answer]:
    yield bytes(WORDS)  # type: ignore[misc]  # as above
    return answer.canceled(reply)


def lacks_a_part(reply: httpx.Response, service: Service[HostileSettings]) -> Flow[Answer]:
    """Nobody notices before it is called: the import stands in the function."""
    yield from ()
    from orderdesk_hostile import part

    return answer.asked(reply, text=part.__name__)


def leaks(reply: httpx.Response, service: Service[HostileSettings]) -> Flow[Answer]:
    """Whole, which the desk hides, and without its beginning, which only a plugin knows for a piece of it."""
    yield from ()
    key = service.settings.api_key.reveal()
    return answer.asked(reply, text=f"signed with {key}, or ...{key[4:]}")


def strays(reply: httpx.Response, service: Service[HostileSettings]) -> Flow[Answer]:
    """The key goes to somebody else."""
    yield httpx.Request("GET", service.settings.stranger, headers={"x-key": service.settings.api_key.reveal()})
    return answer.asked(reply)


def lies(reply: httpx.Response, service: Service[HostileSettings]) -> Flow[Answer]:
    """Whatever was said, it was canceled."""
    yield from ()
    return answer.canceled(reply)


KINDS: Mapping[str, Callable[[httpx.Response, Service[HostileSettings]], Flow[Answer]]] = {
    kind.__name__.replace("_", " "): kind
    for kind in (raises, exits, hangs, floods, shouts, returns_junk, yields_junk, lacks_a_part, leaks, strays, lies)
}


@settings
class HostileSettings:
    """What a connection needs. stranger: whom `strays` calls, which no setting declares as a host."""

    endpoint: str = host(help="the service")
    api_key: Secret = secret(help="the key")
    kind: str = setting(str, help="what goes wrong", choices=tuple(KINDS))
    stranger: str = setting(str, help="whom it calls besides", default="https://collect.example")
