"""An ending: what the test class declares to become of a cancel, by the state of the order when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from attrs import field, frozen

from orderdesk_devkit.testing.conformance.expected_requests import ExpectedRequest
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.plugin.answer import Rejection

__all__ = ["Ending"]


@frozen
class Ending:
    """What becomes of a cancel that is asked for while the order is in one state at the service.

    Args:
        status: what the simulator's `actual_status` says then; None: the service does not know the order.
        state: where the case ends, or where it is left to a person. No poll before is unclear, unless `asked` is
            UNKNOWN, a person has it in the end, or there are `replies`: the plugin knows each status on the way.
        rejection: why the service will not cancel it, where it says so.
        asked: where the case stands right after the request; None: ACKNOWLEDGED where a poll says it later that it is
            canceled, and otherwise `state`.
        proof: the call whose response says it, as the simulator's log names it (of a `SimpleSimulator` "GET order" and
            "POST cancel"); None where nothing is proved.
        wait: what passes after the order came in, beside the class's own. Where the order is not in `status` then, the
            simulator puts it there.
        options: choices of the simulator's switches, beside the class's own.
        settings: settings of the connection, beside the class's own.
        reason: why it is canceled; None: the first that is allowed.
        lines: quantities by code; empty: the whole order.
        route: the index of the route by which it ends, in the declaration.
        says: what the person who reads the case is told of what the service said, in part; "": it is not compared.
        asked_says: the same right after the request.
        calls: how often each call was made by then, by the names of the simulator's log; those that are not named are
            not counted.
        requests: what is sent by then, GETs only where one is expected; None: it is not compared.
        replies: by the name of a call in the simulator's log, the status and the JSON document (or the text) that it is
            answered with each time, after the simulator has done what it asks for.
        refused: the HTTP status with which the service refuses the first call that is no GET, and does nothing; None:
            it takes what it likes.
        within: how soon it ends, or a person has it, after it was asked for; None: whenever that is.
        is_called: whether the service gets a call at all. False where the button is closed by the clock.
    """

    status: str | None
    state: State
    rejection: Rejection | None = field(default=None, kw_only=True)
    asked: State | None = field(default=None, kw_only=True)
    proof: str | None = field(default=None, kw_only=True)
    wait: timedelta = field(default=timedelta(0), kw_only=True)
    options: Mapping[str, str] = field(factory=dict, kw_only=True, hash=False)
    settings: Mapping[str, object] = field(factory=dict, kw_only=True, hash=False)
    reason: str | None = field(default=None, kw_only=True)
    lines: Mapping[str, int] = field(factory=dict, kw_only=True, hash=False)
    route: int = field(default=0, kw_only=True)
    says: str = field(default="", kw_only=True)
    asked_says: str = field(default="", kw_only=True)
    calls: Mapping[str, int] = field(factory=dict, kw_only=True, hash=False)
    requests: tuple[ExpectedRequest, ...] | None = field(default=None, kw_only=True)
    replies: Mapping[str, tuple[int, object]] = field(factory=dict, kw_only=True, hash=False)
    refused: int | None = field(default=None, kw_only=True)
    within: timedelta | None = field(default=None, kw_only=True)
    is_called: bool = field(default=True, kw_only=True)

    @property
    def short_label(self) -> str:
        """What is in the id of its test, beside its number."""
        return str(self.status)

    @property
    def label(self) -> str:
        """How a complaint names it."""
        beside = [f"{name}={choice}" for name, choice in (*self.options.items(), *self.settings.items())]
        beside += [f"{name} answered {reply[0]}" for name, reply in self.replies.items()]
        beside += [f"{self.reason}"] * (self.reason is not None)
        beside += [f"{count} of {code}" for code, count in self.lines.items()]
        beside += [f"refused by {self.refused}"] * (self.refused is not None)
        status = repr(self.status) if self.status is not None else "an order that is unknown there"
        return f"{status} ({', '.join(beside)})" if beside else status

    @property
    def is_plain(self) -> bool:
        """Whether it is about the whole order, as the class and the simulator have it."""
        return not (self.options or self.settings or self.lines or self.reason or self.refused or self.replies)

    @property
    def end(self) -> str:
        """Where the case ends, in words."""
        return self.state.value if self.rejection is None else f"{self.state.value}, {self.rejection.value}"
