"""The order as it was submitted: where a button needs it, what is sent is that order, and not the one of now."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve

from orderdesk_devkit.testing.conformance.base import Count, StandardTests, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.mutations import replayed_response
from orderdesk_devkit.testing.conformance.playback import FlowPlayback
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.routes import Button

__all__ = ["SubmissionTests"]

_MARK = "as-submitted-not-as-now"


class SubmissionTests(StandardTests):
    """A cancel whose order was submitted with other names and codes than it has now."""

    def test_the_order_is_sent_as_it_was_submitted(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path, count: Count
    ) -> None:
        """What the flow sends has something of the submitted order that the present one has not."""
        if not isinstance(baseline.route, Button) or not baseline.route.needs_submission:
            pytest.skip(f"{plugin_under_test.slug} does not need the order as it was submitted")
        skip_without_calls(baseline, plugin_under_test)
        with plugin_under_test.open_harness(tmp_path) as harness:
            harness.desk.cancel(harness.order, by="conformance", reason=harness.reason, send_now=False)
            request = _with_submission(harness.desk.cases.request_for(harness.case.id))
            playback = FlowPlayback(harness.desk.connections.get(harness.connection), request, harness.case)
            sent = playback.cancel(tuple(map(replayed_response, baseline.cancel))).requests
        count("cancels with the order as submitted", 1)
        text = b"".join(one.content + str(one.url).encode() for one in sent).decode("utf-8", "replace")
        require(Requirement.SUBMISSION, [] if _MARK in text else ["nothing of the order as submitted was sent"])


def _with_submission(request: CancelRequest) -> CancelRequest:
    order = request.order
    lines = tuple(evolve(line, code=_MARK, name=_MARK) for line in order.lines)
    shipping = evolve(order.shipping, first_name=_MARK, last_name=_MARK, address1=_MARK)
    return evolve(request, submitted_order=evolve(order, lines=lines, shipping=shipping))
