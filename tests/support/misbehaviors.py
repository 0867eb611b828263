"""What no code of a plugin or a listener should do, in place of what it is called for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Mapping
from datetime import timedelta

from orderdesk_sdk.errors import ConflictError, StorageError
from orderdesk_sdk.plugin.answer import Answer, Outcome, not_processed
from orderdesk_sdk.plugin.guard import PluginTimeout

__all__ = ["CANARY", "HANGS", "MISBEHAVIORS", "Misbehavior"]

CANARY = "canary-of-a-plugin"

Misbehavior = Callable[[], object]
"""What a callable does in place of what it should: it raises, it hangs, or it gives something of its own."""


class Slyly(BaseException):
    """An error that no `except Exception` catches."""


class Unshowable(Exception):
    """An error that raises when it is shown."""

    def __str__(self) -> str:
        raise KeyError(self)

    __repr__ = __str__


class Nameless(type):
    """Classes that raise when they are asked for their name."""

    @property
    def __name__(cls) -> str:  # type: ignore[override]  # that is what is wrong
        raise KeyError(1)


class Anonymous(Exception, metaclass=Nameless):
    """An error whose class has no name."""


class Liar(str):
    """A text that is equal to every other, and raises when it is used."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return True

    def __str__(self) -> str:
        raise KeyError(1)

    def lower(self) -> str:
        raise KeyError(1)


class Wordy(Exception):
    """An error whose words are of a class of its own."""

    def __str__(self) -> str:
        return Liar("words")


class Impostor:
    """Says that it is whatever is wanted, and is nothing."""

    __class__ = property(lambda self: Answer)

    def __eq__(self, other: object) -> bool:
        raise KeyError(1)

    def __hash__(self) -> int:
        raise KeyError(1)

    def __repr__(self) -> str:
        raise KeyError(1)


def _raises(error: BaseException) -> Misbehavior:
    def misbehavior() -> object:
        raise error

    return misbehavior


def _gives(value: object) -> Misbehavior:
    return lambda: value


def _cycle() -> object:
    found: list[object] = []
    found.append(found)
    return found


def _rewritten() -> Answer:
    """An answer that no validator was asked about."""
    made = Answer(Outcome.UNKNOWN)
    object.__setattr__(made, "outcome", "canceled")
    object.__setattr__(made, "text", 42)
    return made


def _nested() -> Generator[object, None, None]:
    yield _nested()


MISBEHAVIORS: Mapping[str, Misbehavior] = {
    "raises": _raises(KeyError(CANARY)),
    "raises past every except": _raises(Slyly(CANARY)),
    "exits": _raises(SystemExit(CANARY)),
    "presses ctrl-c": _raises(KeyboardInterrupt()),
    "ends a generator": _raises(GeneratorExit()),
    "stops an iteration": _raises(StopIteration(Answer)),
    "raises what cannot be shown": _raises(Unshowable()),
    "raises what has no name": _raises(Anonymous()),
    "raises words of its own": _raises(Wordy()),
    "plays the ledger": _raises(StorageError("the disk is full")),
    "plays somebody else": _raises(ConflictError("somebody else has it")),
    "plays the watch": _raises(PluginTimeout()),
    "gives a text that lies": _gives(Liar("canceled")),
    "gives an impostor": _gives(Impostor()),
    "gives a cycle": _cycle,
    "gives generators of generators": _nested,
    "gives an answer rewritten": _rewritten,
    "gives a wait for ever": lambda: not_processed(None, retry_after=timedelta.max),
}
"""What a callable does, by name."""


def _loops() -> object:
    while True:
        time.sleep(0.01)


HANGS: Mapping[str, Misbehavior] = {"loops": _loops, "waits": lambda: threading.Event().wait(4)}
