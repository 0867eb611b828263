"""The pages of the reference that are made of the code: hooks, declaration, flows, and the command line."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator

import click

from docs.imports import import_line
from docs.prose import class_section, function_section, prose, signature, table, wrapped
from docs.public_names import name_sections
from orderdesk_sdk import errors
from orderdesk_sdk.cases import answer_verification
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.state_machine import Event
from orderdesk_sdk.cli.group import all_sections, orderdesk
from orderdesk_sdk.orders.order import RemoteOrder
from orderdesk_sdk.plugin import (
    answer,
    cancel_requests,
    connection_settings,
    eligibility,
    hookspecs,
    integration,
    order_numbers,
    prior_steps,
    reasons,
    requests,
    routes,
    service,
    sftp_settings,
    steps,
    webhooks,
)
from orderdesk_sdk.plugin.service import Service
from orderdesk_sdk.plugin.toolkit import etags, json_response
from orderdesk_sdk.runtime import listener_hookspecs

__all__ = [
    "answers_page",
    "cli_page",
    "declaration_page",
    "errors_page",
    "flows_page",
    "hooks",
    "hooks_page",
    "settings_page",
]


def hooks() -> dict[str, Callable[..., object]]:
    """The hook specifications by name, in the order of the module."""
    found = {
        name: one
        for name, one in (vars(hookspecs) | vars(listener_hookspecs)).items()
        if name.startswith(f"{hookspecs.PROJECT}_")
    }
    return {name: one for name, one in found.items() if inspect.isfunction(one)}


FLOW_OBJECTS: tuple[type, ...] = (
    requests.CancelRequest,
    requests.PollRequest,
    requests.EligibilityRequest,
    eligibility.Eligibility,
    requests.ResubmitRequest,
    requests.RespondRequest,
    requests.OpenRequestQuery,
    cancel_requests.CancelRequestList,
    cancel_requests.RequestedCancellation,
    cancel_requests.ResponseAnswer,
    requests.StatusChangeRequest,
    reasons.Reason,
    RemoteOrder,
    webhooks.WebhookRequest,
    webhooks.OrderNotification,
    webhooks.NotificationKind,
    webhooks.WebhookReply,
    webhooks.WebhookSetup,
    webhooks.WebhookList,
    webhooks.RegisteredWebhook,
    webhooks.MessageChannel,
    Case,
    CancelCase,
    Event,
)
"""The classes of the hooks' arguments, but for the service."""


def hooks_page() -> str:
    """Every hook with its exact arguments, from `orderdesk_sdk.plugin.hookspecs`, and what the arguments hold."""
    lines = [
        "# Hooks",
        "",
        "A plugin is a module with functions of these names, each marked with `@hookimpl`:",
        "",
        "```python",
        "from orderdesk_sdk.plugin import hookimpl",
        "```",
        "",
        "It implements those that its declaration needs. An implementation takes the arguments that it wants, by",
        "name; see [Compatibility](../explanation/compatibility.md) for what may change. What a flow yields and ends",
        "with is on the pages [Flows](flows.md) and [Answers](answers.md). In the repository, the plugin in",
        "`tests/distributions/reference` shows each hook once, and its `tests/test_hooks.py` each at work.",
        "",
    ]
    for name, function in hooks().items():
        lines += [
            f"## `{name}`",
            "",
            "```python",
            wrapped(f"def {signature(function)}: ..."),
            "```",
            "",
            prose(function),
            "",
        ]
    lines += ["## What the arguments hold", ""]
    for cls in FLOW_OBJECTS:
        lines += class_section(cls)
    return "\n".join(lines)


SORTED = {
    "The declaration": ("Integration", "Verification", "IdentifierFormat", "Limit", "Quota"),
    "Ways to cancel": ("Button", "Email", "Portal", "RuleAction", "Scope", "Batch"),
    "Windows: until when": ("Always", "WithinTime", "WhileStatus"),
    "Confirmation: what proves it": ("FinalResponse", "Polling", "ManualConfirmation"),
    "Submitting again": ("NewNumber", "SameNumber", "NoResubmission"),
    "Other statuses": ("SettableStatus",),
    "What else a cancellation does": ("SideEffect", "SideEffectSwitch"),
}
"""The classes of `orderdesk_sdk.plugin.integration` and `routes`, by what an author looks for."""

UNIONS = ("Confirmation", "ResubmissionPolicy", "Route", "Window")
"""Names for "one of these classes", which need no section."""


MORE_OF_A_DECLARATION = {
    reasons.__name__: ("read_reason_lists", "reasons_by_order_field", "mapping_errors", "ReasonRule"),
    routes.__name__: ("normalize_status", "Route", "Window", "Confirmation"),
    integration.__name__: ("ResubmissionPolicy",),
    order_numbers.__name__: ("Identity",),
}
"""What helps to make a declaration, and the names in its annotations."""


def declaration_page() -> str:
    """What a plugin may declare, from `plugin.integration`, `plugin.routes` and `plugin.reasons`."""
    left = (
        {*integration.__all__, *routes.__all__}
        - {name for names in SORTED.values() for name in names}
        - {*UNIONS, "normalize_status"}
    )
    if left:
        raise ValueError(f"docs/reference_pages.py: SORTED has no section for {', '.join(sorted(left))}")
    lines = [
        "# Declaration",
        "",
        "The hook `orderdesk_integration` returns an `Integration`. Everything in it is data: it is made without I/O,",
        "and a host renders buttons, countdowns and lists from it. All classes are frozen; a wrong value is refused",
        "where it is written.",
        "",
    ]
    for title, names in SORTED.items():
        lines += [f"## {title}", ""]
        for name in names:
            lines += class_section(getattr(integration if name in integration.__all__ else routes, name))
    lines += ["## Reasons: why", ""]
    for cls in (
        reasons.NoReason,
        reasons.FreeText,
        reasons.ReasonList,
        reasons.ReasonCode,
        reasons.StandardReason,
    ):
        lines += class_section(cls)
    lines += ["## Eligibility: what is read of each order", "", *class_section(eligibility.ReadPerOrder)]
    lines += ["## Prior steps: what comes before a cancel", "", prose(steps), "", *class_section(prior_steps.PriorStep)]
    for name in steps.__all__:
        lines += class_section(getattr(steps, name))
    lines += ["## Identity: which order a response is about", "", prose(order_numbers), ""]
    for place in (order_numbers.StatedAt, order_numbers.NumberKind, order_numbers.AnyOf, order_numbers.NotStated):
        lines += class_section(place)
    lines += ["## Requests to cancel that come in here", ""]
    lines += name_sections(cancel_requests.__name__, ("CancelRequests", "WhileInFolder"))
    lines += ["## Functions, and names for several types", ""]
    for module, names in MORE_OF_A_DECLARATION.items():
        lines += name_sections(module, names)
    return "\n".join(lines)


_SETTINGS = """\
What a connection needs: addresses, credentials, switches. A plugin declares a class; a merchant gives the values in
`orderdesk.toml`, in `[connections.NAME.settings]`:

```python
from orderdesk_sdk.plugin import Secret, secret, setting, settings, url


@settings
class AcmeSettings:
    api_key: Secret = secret(help="the API key, from Acme's account page")
    base_url: str = url(help="Acme's API", default="https://api.acme.example")
    store: str = setting(str, help="the store's number at Acme")
```

```toml
[connections.my-acme.settings]
api_key = { env = "ACME_API_KEY" }
store = "7"
```

A flow finds them in `service.settings`.
"""


def settings_page() -> str:
    """How a plugin says what a connection needs, from `orderdesk_sdk.plugin.connection_settings`."""
    lines = ["# Settings", "", _SETTINGS, *function_section(connection_settings.settings, level=2)]
    for function in (
        connection_settings.setting,
        connection_settings.secret,
        connection_settings.url,
        connection_settings.folder_url,
        connection_settings.custom,
        connection_settings.read_string_list,
        connection_settings.read_header_name,
        connection_settings.settings_fields,
    ):
        lines += function_section(function, level=2)
    others = ("RefreshTokenSettings", "SettingField", "SettingKind")
    lines += name_sections(connection_settings.__name__, others, level=2)
    return "\n".join([*lines, *name_sections(sftp_settings.__name__, ("SftpSettings", "sftp_login"), level=2)])


def flows_page() -> str:
    """What a flow holds in its hands, reads responses with, and ends with."""
    lines = [
        "# Flows",
        "",
        "A flow is a generator: it yields requests, receives responses, and returns what it read in them.",
        "",
        *name_sections(service.__name__, ("Flow", "FlowWithSteps"), level=2),
        "## The service: makes requests",
        "",
        "A hook receives it as `service`; a plugin makes none. It is imported for annotations:",
        "`from orderdesk_sdk.plugin import Service`.",
        "",
        prose(Service),
        "",
    ]
    for function in (
        Service.get,
        Service.put,
        Service.post,
        Service.put_file,
        Service.list_files,
        Service.get_file,
        Service.request,
        Service.request_url,
        Service.remote_order,
    ):
        lines += function_section(function, owner="service")
    lines += ["## Reading replies", "", prose(json_response), ""]
    for name in json_response.__all__:
        if name != "TextResponse":
            lines += name_sections(json_response.__name__, (name,))
    lines += name_sections(etags.__name__, etags.__all__)
    return "\n".join(lines)


def answers_page() -> str:
    """What a flow may end with, from `orderdesk_sdk.plugin.answer`."""
    lines = [
        "# Answers",
        "",
        "What a flow of a cancel or a poll returns: what the service said, as the plugin reads it. A flow makes it",
        "with one of the functions of the module `answer`:",
        "",
        "```python",
        "from orderdesk_sdk.plugin import answer",
        "```",
        "",
        prose(answer_verification),
        "",
    ]
    for cls in (answer.Answer, answer.Outcome, answer.Rejection, answer.LineAnswer):
        lines += class_section(cls, level=2)
    for name in answer.__all__:
        made = getattr(answer, name)
        if callable(made) and not isinstance(made, type):
            lines += function_section(made, level=2, owner="answer")
    lines += name_sections(answer.__name__, ("Answers", "ResponseLike"), level=2)
    return "\n".join(lines)


def errors_page() -> str:
    """What can go wrong, from `orderdesk_sdk.errors`."""
    lines = ["# Errors", "", prose(errors), ""]
    for name in errors.__all__:
        made = getattr(errors, name)
        if isinstance(made, type):
            base = made.__mro__[1].__name__
            imported = import_line(name, home=errors.__name__)
            lines += [f"## `{name}`", "", imported, "", f"A kind of `{base}`.", "", prose(made), ""]
    return "\n".join([*lines, *function_section(errors.describe_exception, level=2)])


def cli_page() -> str:
    """Every command with its arguments and options, from the click commands themselves."""
    shared = set.intersection(*({_key(one) for one in command.params} for _, command in commands()))
    everywhere = [one for one in next(command for _, command in commands()).params if _key(one) in shared]
    lines = [
        "# Command line",
        "",
        prose(orderdesk.callback),
        "",
        "What each command gives with `--json`, and the exit codes, are on the page [JSON](cli-json.md). Every command",
        "takes:",
        "",
        *table(("option", "meaning"), map(_help_of, everywhere)),
    ]
    for name, command in commands():
        context = click.Context(command, info_name=f"orderdesk {name}")
        usage = " ".join(["orderdesk", name, *command.collect_usage_pieces(context)])
        lines += [f"## `orderdesk {name}`", "", "```text", usage, "```", "", prose(command.callback), ""]
        own = [one for one in command.params if _key(one) not in shared]
        if own:
            lines += table(("option or argument", "meaning"), map(_help_of, own))
    return "\n".join(lines)


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by its full name, in the order of the help."""
    for listed in all_sections().values():
        for command in listed:
            if isinstance(command, click.Group):
                yield from ((f"{command.name} {name}", one) for name, one in command.commands.items())
            else:
                yield command.name or "", command


def _key(parameter: click.Parameter) -> str:
    return " ".join(parameter.opts)


def _help_of(parameter: click.Parameter) -> tuple[str, str]:
    if isinstance(parameter, click.Argument):
        needed = "needed" if parameter.required else "may be left out"
        return f"`{parameter.make_metavar(click.Context(orderdesk))}`", needed
    record = parameter.get_help_record(click.Context(orderdesk))
    return (f"`{record[0]}`", record[1]) if record is not None else (f"`{_key(parameter)}`", "")
