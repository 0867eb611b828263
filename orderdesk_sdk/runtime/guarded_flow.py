"""The code of a plugin's flow under guard: whatever it does, each step gives a value of ours."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from orderdesk_sdk.errors import ConfigurationError, ValidationError
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.guard import Guard, PluginFailure
from orderdesk_sdk.plugin.plain_values import class_name, plain_instance
from orderdesk_sdk.plugin.steps import StepReport
from orderdesk_sdk.plugin.toolkit.json_response import EndFlow, MalformedResponseError
from orderdesk_sdk.transport.http.replay import is_request, plain_request

__all__ = ["FLOW_ERRORS", "GuardedFlow", "ReturnValue"]

FLOW_ERRORS = (MalformedResponseError, ConfigurationError, ValidationError)
"""The errors that a flow may raise; what they come to is the core's to say."""


@frozen
class ReturnValue:
    """What a flow returned."""

    value: object


@frozen
class GuardedFlow:
    """A flow's code under guard: each step gives a request, a report or a result, plain, or what went wrong with it."""

    guard: Guard
    result: type

    def start(self, call: Callable[[], object]) -> object:
        """What the hook gave: a flow, if it is one."""
        return self.guard.run(call, FLOW_ERRORS)

    def advance(self, call: Callable[[], object]) -> object:
        """The next request, the report of a prior step, the result, or what went wrong."""
        return self.guard.run(lambda: self._advance(call), FLOW_ERRORS)

    def _advance(self, call: Callable[[], object]) -> object:
        try:
            found = call()
        except StopIteration as stop:
            return self._return_value(stop.value)
        except EndFlow as over:
            return self._return_value(over.answer)
        if is_request(found):
            return plain_request(found)
        if issubclass(type(found), StepReport):
            return plain_instance(StepReport, found)
        return PluginFailure(f"the flow yielded {class_name(found)}, not a request; yield service.get(...) or the like")

    def _return_value(self, value: object) -> ReturnValue | PluginFailure:
        for kind in (self.result, Answer):
            if issubclass(type(value), kind):
                return ReturnValue(plain_instance(kind, value))
        return PluginFailure(f"the flow returned {class_name(value)}, not {self.result.__name__}")
