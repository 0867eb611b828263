"""How the suite fails: with the law that was broken, what was seen, and what the plugin's author can do."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from orderdesk_devkit.testing.promise_text import promise_text

__all__ = ["Requirement", "ConformanceError", "require"]


class Requirement(Enum):
    """The promise that a test is about, with the usual hint."""

    INSTALLED = (
        "a plugin is installed with a simulator that the suite can check",
        "let the Simulator name its `canceled_statuses`, and give each `record(...)` its `effect_kind=`",
    )
    RUNS_WITHOUT_ERROR = (
        "an undisturbed cancel raises no error of the plugin's own (law 10)",
        "let the flow yield requests, end with an answer of plugin.answer, and wait for nothing else",
    )
    ENDS_AS_DECLARED = (
        "a cancel ends as the declaration says (law 5: acknowledged is not canceled)",
        "declare the confirmation that the service really gives; return answer.acknowledged(...) for a mere receipt",
    )
    ROUTES = (
        "every declared route works, and tells a person what to do (law 7)",
        "declare for each route the confirmation that follows there, and name {remote_id} in each mail",
    )
    REQUESTS = (
        "a request says what the service is to do, word for word",
        "mend the body that the flow sends; where the service wants it so, mend `requests` in the test class",
    )
    EMAILS = (
        "an e-mail goes to whom it should, and says what the service needs to know (law 12)",
        "mend the settings that `Email(to=, subject=, body=)` names, or what the test class expects in `emails`",
    )
    FILE_TEXTS = (
        "a file that a person uploads says what the service needs to know, and a case tells where it is",
        "mend the function that writes it, or what the test class expects in `files`",
    )
    NAMED_ROUTES = (
        "each button with a name asks the service in a way of its own",
        "build the request from request.route, or declare one button without a name",
    )
    PRIOR_STEPS = (
        "what is done before a cancel is told as it is, and is done once (laws 3 and 6)",
        "send each call by Step(...).call(request), and yield done(response) or refused(response) by what it says",
    )
    UNDONE = (
        "what was done before a cancel and can be undone is undone where the cancellation is withdrawn (law 7)",
        "let orderdesk_change_status set the status that PriorStep.undo names, and read whether it is set",
    )
    SUBMISSION = (
        "a button that needs the order as it was submitted sends that order, and not the one of now",
        "build the body from request.submitted_order, or from request.order where that is None",
    )
    EVIDENCE = (
        "canceled is said only where the service has canceled (law 4)",
        "return answer.canceled(...) only for a response that says so, and read the status from the body",
    )
    ABOUT_THIS_ORDER = (
        "canceled is said only by a response of this attempt that is about this order, all of it (law 4)",
        "declare in identified_by where each response states the order's number, and name lines with LineNames",
    )
    NOT_GUESSED = (
        "a response that does not tell the outcome is unknown, never guessed (law 6)",
        "read the body with plugin.toolkit.json_response; return answer.unknown(response) for what is not documented",
    )
    NOTHING_TWICE = (
        "nothing is done twice (law 3)",
        "declare idempotent=True only for what may be sent twice; look before creating; call what is open acknowledged",
    )
    SURVIVES_CRASHES = (
        "wherever the process dies, nothing is lost, done twice or wrongly called canceled (laws 1 to 4)",
        "describe every call with yield, and let orderdesk_poll read the status without memory of its own",
    )
    REASON = (
        "the service is told the reason that was chosen from its list, and no other",
        "send request.reason.code, and declare no list of reasons where the service takes none",
    )
    ELIGIBILITY = (
        "what is read of an order before a cancel is what the service says of it, and changes nothing (laws 2 and 6)",
        "end orderdesk_read_eligibility with what the response says, and let it make no call that changes something",
    )
    SCOPE = (
        "a request to cancel a part of an order cancels that part, and no piece more (law 3)",
        "send request.lines_to_cancel to the service, or declare Scope.ORDER where it cancels whole orders only",
    )
    READS_CHANGE_NOTHING = (
        "what is declared a read, and what polls, changes nothing at the service (laws 2 and 3)",
        "declare read_only=True for queries alone, writes=True for a GET that writes, and write in orderdesk_cancel",
    )
    THROTTLED = (
        "a call that the service turns away is not called done, and is made again when it may be (laws 3 and 6)",
        "read the service's own sign in retry_after, and return answer.unknown(response) for 502 to 504 after a write",
    )
    RENEWED = (
        "a call whose credentials have ended is made again with new ones, and is done once (law 3)",
        "let a TokenAuth fetch tokens, and override is_token_expired where the service says it by another status",
    )
    IDEMPOTENT = (
        "a call that is declared idempotent does nothing more when the service hears it again (law 3)",
        "declare idempotent=True only where the service's documents say so, and look before you send it again",
    )
    SETTING_USED = (
        "each declared setting changes what is sent, signed, offered, read or believed",
        "read it where its help says, or remove it; or say in `settings_not_tried` why this suite cannot see it",
    )
    SETTING_CHOICES = (
        "each choice of a setting is one that the service knows",
        "name the choices as the service does, and send each where the service looks for it",
    )
    KEPT_HEADERS = (
        "the headers that a declaration names are those of the service's responses",
        "mend the name, let the simulator send it, or say in `headers_not_tried` when the service does",
    )
    BATCHES = (
        "each order of a batch ends by what the service says of it, and not by another one (laws 4 and 6)",
        "give an answer for each request in their order, and read of a report only what names the order",
    )
    GATHERED = (
        "as many orders go in one call, and as many calls leave, as the service takes",
        "mend Button(..., batch=Batch(...)), or `batches` in the test class, where the service takes others",
    )
    CONDITIONAL = (
        "a conditional write never goes over what somebody else changed (law 3)",
        "read the order in the same flow, and send if_match=etag_of(response); never *, and never without it",
    )
    STATUS = (
        "a status is called set only where the service has set it, and it is set once (laws 3 to 6)",
        "read the status before you set it, and return answer.changed(...) only for a response that shows it",
    )
    SIDE_EFFECTS = (
        "no money moves, nobody is mailed and no stock returns unless somebody said so (law 12)",
        "ask for what request.side_effects holds and for nothing else; declare its switch in Integration.side_effects",
    )
    QUOTAS = (
        "what is too much for a day waits for the next one, and is not lost (laws 2 and 7)",
        "name in Integration.quotas the operation of the calls that the service counts, as in operation='cancel'",
    )
    FILES = (
        "a file is dropped whole and once, at a server that is known, and its answer is read (laws 2, 3 and 6)",
        "drop by service.put_file(...), and acknowledge only what is_dropped(response, content) says is there",
    )
    SETTLES_IN_TIME = (
        "a service that takes long is waited for, for as long as its plugin says that it takes (law 7)",
        "declare in Polling.usually_within how long the service normally takes, by its document",
    )
    REGISTERS_WEBHOOKS = (
        "a webhook is registered once, found where it is, and removed without a trace of others (laws 3 and 10)",
        "list the webhooks first, and register or remove request.address only where the list is not as wanted",
    )
    REFUSED = (
        "what the service refused is not called canceled or done (law 5)",
        "return answer.rejected(...) or answer.unknown(...) for an error status, and read the order to learn its state",
    )
    LATE = (
        "a cancel at any time of the order's life is told as the service has it (laws 4 and 5)",
        "read the order's status after a refusal, and give each status of the service the answer that it means",
    )
    ENDINGS = (
        "a cancel ends as the test class declares for the state in which the order is (laws 4 to 6)",
        "mend the answer that the plugin gives for that state, or the Ending, where the service means something else",
    )
    PROOF = (
        "the evidence of a verdict is the response that states it (law 4)",
        "give that response to answer.canceled(...) or answer.rejected(...), and name its call in Ending.proof",
    )
    RESUBMITTED = (
        "an order is submitted again, once, or is not, as the test class declares (laws 3 to 5)",
        "mend the answer that the plugin gives then, or the Resubmission, where the service means something else",
    )
    WINDOW = (
        "a route is open as long as the service cancels by it (law 7)",
        "let the window name each status from which the order can still be canceled, and the time as documented",
    )
    READS_WEBHOOKS = (
        "each webhook of the service is read, and one that cannot be read is malformed and no failure (law 10)",
        "give an OrderNotification with the order's number, and raise MalformedResponseError for another shape",
    )
    REPLIES_TO_WEBHOOKS = (
        "the service is answered as it demands once its message was taken (else it sends it for ever)",
        'declare webhook_reply=WebhookReply(202, "...") in the Integration, as the service\'s documents say',
    )
    WEBHOOK_KINDS = (
        "a webhook is read as what the service says of that order, each time (a hint is polled, and must not mislead)",
        "give number and event id as the message has them, and CANCELED or SHIPPED only for words that say so",
    )
    VERIFIES_WEBHOOKS = (
        "only the service's own webhooks are read (a message of others is rejected with 401)",
        "call plugin.toolkit.signatures.verify_signature or verify_token over request.body before you read anything",
    )
    LISTS_REQUESTS = (
        "the list of others' requests to cancel is whole and true, and no list where it cannot be read (law 6)",
        "follow every page, take lines and reason from the request, and end with answer.unknown(...) after an error",
    )
    ANSWERS_REQUESTS = (
        "others' requests to cancel are found, and answered once (laws 2 to 4)",
        "list every open request, and let orderdesk_respond read whether one is open before it answers it",
    )
    MALFORMED_RESPONSES = (
        "a plugin never raises on a malformed response (law 10)",
        "read responses with plugin.toolkit.json_response, whose MalformedResponseError the core settles",
    )
    OPEN_MEANS_DUE = (
        "every open case has a next action and a due time (law 7)",
        "return one of the answers of plugin.answer",
    )
    TERMINATES = (
        "every case ends or waits for a named person, whatever the service does (law 7)",
        "end a flow with one of the answers of plugin.answer, and let a second create look before it sends",
    )
    DECLARATION = (
        "a declaration is consistent",
        "mend what the message names in the Integration; `orderdesk check-plugin` reports the same",
    )
    SETTINGS = (
        "impossible settings are rejected, with their location, before anything is called",
        "give each setting its kind, type and choices, and let a parser raise ConfigurationError and nothing else",
    )
    DETERMINISTIC = (
        "a flow makes the same calls for the same responses, for it is replayed after a crash (law 2)",
        "take time from service.now, numbers from request or response; sort sets; no clock, uuid, random or memory",
    )
    OWN_HOSTS = (
        "no call leaves the hosts that the connection's settings name (law 11)",
        "declare the host with settings.url(), build requests with service.get(...), and open no connection yourself",
    )
    LIGHT_IMPORT = (
        "a plugin is cheap to import",
        "import inside the function that needs it, and import servers in the simulator only",
    )
    PERSONAL_DATA = (
        "nothing of a person is kept that is not needed (law 11)",
        "name the fields of responses with personal data in redact_fields",
    )
    OPERATIONS = (
        "limits and identified_by name operations of calls that are made",
        "mend the name, or remove it; or name it in `operations_not_tried` where this suite does not come to the call",
    )
    CALL_LIMITS = (
        "no more calls are made than the service takes (a service that is called too often shuts everybody out)",
        "declare limits for the operations that the message names, whose burst and rate keep within what is allowed",
    )
    NO_PERSON = (
        "no person stands in what is kept of a call (law 11)",
        "name the fields with people in them in redact_fields, or send with redact_response=True",
    )
    NO_SECRET = (
        "no secret in a ledger row, repr, log, receipt or plan (law 11)",
        "hold credentials in secret() settings, sign in an httpx.Auth, and let a TokenAuth fetch tokens",
    )


class ConformanceError(AssertionError):
    """A plugin broke a law of the suite."""

    def __init__(self, requirement: Requirement, failures: Iterable[str]) -> None:
        super().__init__(promise_text(requirement.value, failures))
        self.requirement = requirement


def require(requirement: Requirement, failures: Iterable[str]) -> None:
    """Raise ConformanceError unless `failures` is empty."""
    seen = list(failures)
    if seen:
        raise ConformanceError(requirement, seen)
