"""The conformance suite: what every plugin must pass, by inheritance.

    from orderdesk_devkit.testing.conformance import PluginConformance

    class TestAcmeShip(PluginConformance):
        integration = "acme-ship"

That is a whole test. It runs the plugin against the simulator it ships, on a real socket, by a virtual clock: killed at
every boundary, with every fault on every call, once and without end, with malformed responses, and with secrets that
come back to it. Its flows are replayed, here and in another process, every fallback route is tried by
itself, parts of orders and late orders are canceled, webhooks are forged, and its declaration and settings are checked.
What applies follows from the declaration; what
does not is skipped with the reason. Where declaration and simulator cannot tell, the attributes of
`base.StandardTests` do. A standard test is not replaced; what a plugin cannot pass yet is marked
`@pytest.mark.xfail(reason="why")` on an override that calls `super()`.

Each module holds the tests of one promise; a new promise is a module here and a base class of `PluginConformance`, and
every plugin is held against it from then on. The room imports the rest of `testing`, `simulators` and the SDK.
"""

from __future__ import annotations

from orderdesk_devkit.testing.conformance.answer_endings import AnswerEnding, AnswerEndingTests
from orderdesk_devkit.testing.conformance.batches import BatchTests, ExpectedBatch
from orderdesk_devkit.testing.conformance.call_rules import CallRuleTests
from orderdesk_devkit.testing.conformance.conditional_writes import ConditionalWriteTests
from orderdesk_devkit.testing.conformance.declaration import DeclarationTests
from orderdesk_devkit.testing.conformance.determinism import DeterminismTests
from orderdesk_devkit.testing.conformance.eligibility import EligibilityTests
from orderdesk_devkit.testing.conformance.emails import EmailTests, ExpectedEmail
from orderdesk_devkit.testing.conformance.ending import Ending
from orderdesk_devkit.testing.conformance.endings import EndingTests
from orderdesk_devkit.testing.conformance.expected_requests import ExpectedRequest, RequestTests
from orderdesk_devkit.testing.conformance.failpoints import FailpointTests
from orderdesk_devkit.testing.conformance.fallback_routes import FallbackRouteTests
from orderdesk_devkit.testing.conformance.faults import FaultTests
from orderdesk_devkit.testing.conformance.file_transports import FileTransportTests
from orderdesk_devkit.testing.conformance.files import ExpectedFile, FileTests
from orderdesk_devkit.testing.conformance.kept_headers import KeptHeaderTests
from orderdesk_devkit.testing.conformance.late_cancels import LateCancelTests
from orderdesk_devkit.testing.conformance.malformed_responses import MalformedResponseTests
from orderdesk_devkit.testing.conformance.manual_polls import ManualPollTests
from orderdesk_devkit.testing.conformance.named_routes import NamedRouteTests
from orderdesk_devkit.testing.conformance.operations import OperationTests
from orderdesk_devkit.testing.conformance.order_numbers import OrderNumberTests
from orderdesk_devkit.testing.conformance.other_orders import OtherOrderTests
from orderdesk_devkit.testing.conformance.persons import PersonTests
from orderdesk_devkit.testing.conformance.prior_steps import PriorStepTests
from orderdesk_devkit.testing.conformance.quotas import QuotaTests
from orderdesk_devkit.testing.conformance.reads import ReadTests
from orderdesk_devkit.testing.conformance.reasons import ReasonTests
from orderdesk_devkit.testing.conformance.refusals import RefusalTests
from orderdesk_devkit.testing.conformance.repeated_calls import RepeatedCallTests
from orderdesk_devkit.testing.conformance.request_lists import RequestListTests
from orderdesk_devkit.testing.conformance.requirement import ConformanceError, Requirement
from orderdesk_devkit.testing.conformance.resubmission import Resubmission
from orderdesk_devkit.testing.conformance.resubmissions import ResubmissionTests
from orderdesk_devkit.testing.conformance.samples import SampleTests
from orderdesk_devkit.testing.conformance.scopes import ScopeTests
from orderdesk_devkit.testing.conformance.secret_leaks import SecretLeakTests
from orderdesk_devkit.testing.conformance.setting_choices import SettingChoiceTests
from orderdesk_devkit.testing.conformance.setting_use import SettingTests
from orderdesk_devkit.testing.conformance.settlement import SettlementTests
from orderdesk_devkit.testing.conformance.side_effects import SideEffectTests
from orderdesk_devkit.testing.conformance.status_changes import StatusChangeTests
from orderdesk_devkit.testing.conformance.status_endings import StatusEnding, StatusEndingTests
from orderdesk_devkit.testing.conformance.submissions import SubmissionTests
from orderdesk_devkit.testing.conformance.termination import TerminationTests
from orderdesk_devkit.testing.conformance.throttling import ThrottlingTests
from orderdesk_devkit.testing.conformance.token_ends import TokenEndTests
from orderdesk_devkit.testing.conformance.webhook_kinds import WebhookKindTests
from orderdesk_devkit.testing.conformance.webhook_replies import WebhookReplyTests
from orderdesk_devkit.testing.conformance.webhook_samples import WebhookSample, WebhookSampleTests
from orderdesk_devkit.testing.conformance.webhook_setups import WebhookSetupTests
from orderdesk_devkit.testing.conformance.withdrawals import WithdrawalTests

__all__ = [
    "AnswerEnding",
    "ConformanceError",
    "Ending",
    "EndingTests",
    "ExpectedBatch",
    "ExpectedEmail",
    "ExpectedFile",
    "ExpectedRequest",
    "PluginConformance",
    "Requirement",
    "Resubmission",
    "StatusEnding",
    "WebhookSample",
]


class PluginConformance(
    DeclarationTests,
    FallbackRouteTests,
    NamedRouteTests,
    PriorStepTests,
    WithdrawalTests,
    SubmissionTests,
    EmailTests,
    FileTests,
    RequestTests,
    ResubmissionTests,
    SampleTests,
    DeterminismTests,
    FailpointTests,
    FaultTests,
    TerminationTests,
    MalformedResponseTests,
    OtherOrderTests,
    RefusalTests,
    LateCancelTests,
    OrderNumberTests,
    ReasonTests,
    EligibilityTests,
    ReadTests,
    ConditionalWriteTests,
    SideEffectTests,
    QuotaTests,
    FileTransportTests,
    SettlementTests,
    ScopeTests,
    StatusChangeTests,
    StatusEndingTests,
    BatchTests,
    SettingTests,
    SettingChoiceTests,
    KeptHeaderTests,
    ThrottlingTests,
    OperationTests,
    CallRuleTests,
    PersonTests,
    ManualPollTests,
    RequestListTests,
    AnswerEndingTests,
    TokenEndTests,
    RepeatedCallTests,
    WebhookKindTests,
    WebhookReplyTests,
    WebhookSampleTests,
    WebhookSetupTests,
    SecretLeakTests,
):
    """All standard tests. Subclass it once for each integration of a plugin."""
