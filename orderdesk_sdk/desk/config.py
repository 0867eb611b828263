"""The configuration: `orderdesk.toml`, read strictly: what is unknown, missing or malformed is named with its location.

[ledger]
url = "sqlite:///orderdesk.db"          # relative to this file; or "postgresql://USER@HOST:5432/NAME", with a password
                                        # as { env = "NAME" }: a variable that holds the whole URL
engine = "inline"                       # what wakes workers; "procrastinate" needs PostgreSQL, and its extra

[orders]
url = "sqlite:///orders.db"             # of the embedded order store, as [ledger].url; the default is beside the ledger
timezone = "America/New_York"           # of times without a zone in imported orders; the default is UTC, as Order Desk

# or, for the orders of a live Order Desk store, in place of the embedded one:
[orders]
store_id = "12345"
api_key = { env = "ORDERDESK_API_KEY" }
contact = "ops@example.com"             # what Order Desk may write to about the calls
                                        # more keys: `stores.orderdesk_api.settings`

[answer_links]                          # one-time links in e-mails, for services to answer by; none without this table
page = "https://desk.example.com/answer"  # that a link leads to
signing_secret = { env = "ANSWER_LINK_SECRET" }

[resubmission]
suffix = "-{n}"                         # of the numbers of duplicates: 1042-1, 1042-2; the default

[messages]
store_id = "12345"                      # the Order Desk store whose posted orders are taken, and its API key; the
api_key = { env = "ORDERDESK_API_KEY" } # limits of all messages are here too

[web]
url = "https://desk.example.com"        # of the console and the API; more keys: `desk.web_config`

[single_sign_on]                        # whose login lets users of the console in
issuer = "https://login.example.com"    # more keys: `desk.single_sign_on_config`

[stored_connections]                    # for connections that are made while the desk runs; none without this table
key = { env = "ORDERDESK_SECRETS_KEY" } # what their secrets are sealed with

[event_webhooks]                        # for endpoints that hear what happens; none without this table
key = { env = "ORDERDESK_SECRETS_KEY" } # what their secrets are sealed with

[plugins]
disabled = ["acme"]                     # what is never imported; `orderdesk plugins disable` writes it here

[connections.mcf-us]
integration = "amazon-mcf"
cancel_requests = "person"              # "automatic" cancels what others request without asking a person
insecure = false                        # true allows http:// URLs of other machines; the default is false
[connections.mcf-us.settings]
refresh_token = { env = "MCF_REFRESH_TOKEN" }

`orderdesk sandbox` writes one more table, `[sandbox]`: which connections are simulated, and whose clock is used.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, tzinfo
from pathlib import Path

from attrs import evolve, field, frozen

from orderdesk_sdk.desk.disabled_plugins import read_disabled_plugins
from orderdesk_sdk.desk.event_webhooks.config import EventWebhookConfig, read_event_webhook_config
from orderdesk_sdk.desk.ledger_location import read_engine, read_ledger_location
from orderdesk_sdk.desk.messages.config import MessageConfig, validate_message_config
from orderdesk_sdk.desk.single_sign_on_config import SingleSignOnConfig, read_single_sign_on_config
from orderdesk_sdk.desk.stored_connection_config import StoredConnectionConfig, read_stored_connection_config
from orderdesk_sdk.desk.time_zone import read_time_zone
from orderdesk_sdk.desk.web_config import WebConfig, validate_web_config
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.orders.numbering import DEFAULT_SUFFIX, read_suffix
from orderdesk_sdk.plugin.nested_values import nested_values
from orderdesk_sdk.rules.model import Rule
from orderdesk_sdk.rules.reader import read_rules
from orderdesk_sdk.runtime.answer_links import AnswerLinkConfig, validate_answer_link_config
from orderdesk_sdk.runtime.connection_config import (
    TOO_LARGE,
    Answering,
    ConnectionConfig,
    make_from_table,
    reject_unknown_keys,
)
from orderdesk_sdk.runtime.engines.protocol import EngineKind
from orderdesk_sdk.stores.opening import LedgerLocation
from orderdesk_sdk.stores.orderdesk_api.settings import OrderDeskSettings, is_order_desk
from orderdesk_sdk.transport.email.config import EmailConfig, validate_email_config

__all__ = ["Config", "SandboxConfig", "find_config", "read_config"]


FILE_NAME = "orderdesk.toml"
MAX_TEXT_LENGTH = 1_000_000
"""Characters of a configuration."""
MAX_DOTS = 300
"""Dots in one of its lines: Python's reader needs memory by the square of the parts of a key."""
_TABLES = (
    "ledger",
    "orders",
    "email",
    "answer_links",
    "messages",
    "connections",
    "event_webhooks",
    "plugins",
    "resubmission",
    "rules",
    "sandbox",
    "single_sign_on",
    "stored_connections",
    "web",
)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_LOOPBACK_URL = re.compile(r"http://127\.0\.0\.1:[0-9]{1,5}")


@frozen
class SandboxConfig:
    """The `[sandbox]` table. All URLs are of this machine, `http://127.0.0.1:PORT`.

    Args:
        simulators: the URL of the simulator behind each connection.
        clock: the URL of the simulator whose clock the command line uses; None for the machine's own clock.
    """

    simulators: Mapping[str, str] = field(factory=dict)
    clock: str | None = None


@frozen
class Config:
    """A whole configuration.

    Args:
        ledger: its file, or the URL of its PostgreSQL database.
        timezone: of times without a zone in imported orders.
        path: the file that it was read from; None when it was made in code.
        sandbox: None unless `orderdesk sandbox` wrote the configuration.
        email: None where no e-mail can be sent.
        resubmission_suffix: of the numbers of duplicates.
        engine: what wakes workers when a case is due.
        orders: where the embedded order store is; None: beside the ledger.
        order_desk: the live store at Order Desk that the orders are in; None: the embedded order store.
        answer_links: None where e-mails have no links to answer by.
        messages: limits of the messages that come in, and whose they are.
        web: how the console and the API are reached.
        stored_connections: None where no connection can be made at run time.
        event_webhooks: None where no event is sent to anybody.
        single_sign_on: whose login lets users of the console in; None: they sign in here.
        disabled_plugins: the names of the integrations and listeners that are never imported.
    """

    ledger: LedgerLocation
    connections: Mapping[str, ConnectionConfig] = field(factory=dict)
    timezone: tzinfo = UTC
    path: Path | None = None
    sandbox: SandboxConfig | None = None
    email: EmailConfig | None = None
    rules: tuple[Rule, ...] = ()
    resubmission_suffix: str = DEFAULT_SUFFIX
    engine: EngineKind = EngineKind.INLINE
    orders: LedgerLocation | None = None
    order_desk: OrderDeskSettings | None = None
    answer_links: AnswerLinkConfig | None = None
    messages: MessageConfig = field(factory=MessageConfig)
    web: WebConfig = field(factory=WebConfig)
    stored_connections: StoredConnectionConfig | None = None
    event_webhooks: EventWebhookConfig | None = None
    single_sign_on: SingleSignOnConfig | None = None
    disabled_plugins: frozenset[str] = frozenset()

    @property
    def ledger_file(self) -> Path | None:
        """The file of the ledger; None where it is in a PostgreSQL database."""
        return self.ledger if isinstance(self.ledger, Path) else None


def find_config(given: Path | None) -> Config:
    """The configuration in the file `given`, else in ./orderdesk.toml, else an empty one with ./orderdesk.db."""
    if given is not None:
        return read_config(given)
    here = Path(FILE_NAME)
    return read_config(here) if here.exists() else Config(Path("orderdesk.db"))


def read_config(path: Path) -> Config:
    """The configuration in a file.

    Raises ConfigurationError for the first thing that is wrong, with its location and a hint.
    """
    try:
        return _read_tables(path)
    except ConfigurationError as error:
        original = error
    # Without the frames below, and those of the parser's own error: their variables hold the whole file, which a log
    # that shows local variables would contain.
    original.__context__ = None
    raise original.with_traceback(None)


def _load(path: Path) -> Mapping[str, object]:
    """The tables of a file. Raises ConfigurationError where it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8-sig")  # Some editors write a byte order mark.
        if len(text) > MAX_TEXT_LENGTH or any(line.count(".") > MAX_DOTS for line in text.splitlines()):
            raise RecursionError
        document = tomllib.loads(text)
        for name, table in document.items():
            _check_numbers(table, f"{path}: [{name}]")
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", location=str(path)) from None
    except ValueError as error:  # Bytes that are not UTF-8, text that is not TOML, a number with 5,000 digits.
        raise ConfigurationError(f"is not TOML: {error}", location=str(path)) from None
    except RecursionError:
        raise ConfigurationError(
            "is too long or nested too deeply",
            location=str(path),
            hint="shorten the file, and write its tables as the docs do",
        ) from None
    reject_unknown_keys(document, _TABLES, str(path))
    return document


def _read_tables(path: Path) -> Config:
    document = _load(path)
    config = evolve(_read(document, path), disabled_plugins=read_disabled_plugins(document, path))

    def table(name: str) -> tuple[Mapping[str, object], str]:
        return _optional_table(document, name, str(path)), f"{path}: [{name}]"

    if "stored_connections" in document:
        config = evolve(config, stored_connections=read_stored_connection_config(*table("stored_connections")))
    if "event_webhooks" in document:
        config = evolve(config, event_webhooks=read_event_webhook_config(*table("event_webhooks")))
    if "single_sign_on" in document:
        login = read_single_sign_on_config(*table("single_sign_on"), config.web.url)
        config = evolve(config, single_sign_on=login)
    return config


def _read(document: Mapping[str, object], path: Path) -> Config:
    ledger = _optional_table(document, "ledger", str(path))
    orders = _optional_table(document, "orders", str(path))
    reject_unknown_keys(ledger, ("url", "engine"), f"{path}: [ledger]")
    connections = {
        name: _connection(name, table, f"{path}: [connections.{name}]")
        for name, table in _optional_table(document, "connections", str(path)).items()
    }
    sandbox = _sandbox(document, connections, f"{path}: [sandbox]") if "sandbox" in document else None
    email = _email(_optional_table(document, "email", str(path)), f"{path}: [email]") if "email" in document else None
    links = _answer_links(document, f"{path}: [answer_links]") if "answer_links" in document else None
    rules = read_rules(document.get("rules", []), f"{path}: [[rules]]")
    resubmission = _optional_table(document, "resubmission", str(path))
    reject_unknown_keys(resubmission, ("suffix",), f"{path}: [resubmission]")
    suffix = read_suffix(resubmission.get("suffix", DEFAULT_SUFFIX), f"{path}: [resubmission].suffix")
    url = ledger.get("url", "sqlite:///orderdesk.db")
    location = read_ledger_location(url, path.parent, f"{path}: [ledger].url")
    engine = read_engine(ledger, f"{path}: [ledger].engine")
    known = (location, connections, UTC, path, sandbox, email, rules, suffix, engine)
    inbound = _optional_table(document, "messages", str(path))
    web = _web(_optional_table(document, "web", str(path)), f"{path}: [web]")
    if is_order_desk(orders):
        order_desk = _order_desk(orders, connections, f"{path}: [orders]")
        messages = _messages(_from_store(inbound, orders), path, connections)
        return Config(*known, order_desk=order_desk, answer_links=links, messages=messages, web=web)
    reject_unknown_keys(orders, ("timezone", "url"), f"{path}: [orders]")
    store = read_ledger_location(orders["url"], path.parent, f"{path}: [orders].url") if "url" in orders else None
    config = Config(*known, store, answer_links=links, messages=_messages(inbound, path, connections), web=web)
    return evolve(config, timezone=read_time_zone(orders.get("timezone", "UTC"), f"{path}: [orders].timezone"))


def _order_desk(table: Mapping[str, object], connections: Collection[str], location: str) -> OrderDeskSettings:
    """The live store that the orders are in. Raises ConfigurationError."""
    settings = make_from_table(OrderDeskSettings, table, location, os.environ)
    for name, connection in settings.connections.items():
        if connection and connection not in connections:
            raise ConfigurationError(
                f"the connection {connection!r} is not configured",
                location=f"{location}.connections.{name}",
                hint=f'name one of {", ".join(connections) or "[connections]"}; or "" if it is none of yours',
            )
    return settings


def _from_store(messages: Mapping[str, object], orders: Mapping[str, object]) -> Mapping[str, object]:
    """The table of messages, which come from the store that the orders are in, unless it names another one."""
    folder = {"cancel_folder": orders["canceled_folder"]} if orders.get("canceled_folder") else {}
    account = {} if "store_id" in messages else {key: orders[key] for key in ("store_id", "api_key")}
    return {**folder, **account, **messages}


def _messages(table: Mapping[str, object], path: Path, connections: Iterable[str]) -> MessageConfig:
    location = f"{path}: [messages]"
    config = make_from_table(MessageConfig, table, location, os.environ)
    validate_message_config(config, location)
    reject_unknown_keys(config.folders, connections, f"{location}.folders")
    return config


def _web(table: Mapping[str, object], location: str) -> WebConfig:
    config = make_from_table(WebConfig, table, location, os.environ)
    validate_web_config(config, location)
    return config


def _check_numbers(value: object, location: str) -> None:
    """Raises ConfigurationError for a number of more than 64 bits, which TOML does not have."""
    for inner, place in nested_values(value, location):
        if isinstance(inner, int) and not -TOO_LARGE <= inner < TOO_LARGE:
            raise ConfigurationError(
                "this number is too large", location=place, hint="write a number of at most 64 bits"
            )


def _connection(name: str, table: object, location: str) -> ConnectionConfig:
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            "the name of a connection has a character other than letters, digits, - and _", location=location
        )
    if not isinstance(table, Mapping):
        raise ConfigurationError("a table was expected", location=location)
    reject_unknown_keys(table, ("cancel_requests", "insecure", "integration", "settings"), location)
    integration = table.get("integration")
    if not isinstance(integration, str):
        raise ConfigurationError(
            "the key integration is missing",
            location=location,
            hint='add integration = "SLUG"; `orderdesk integrations` lists them',
        )
    insecure = table.get("insecure", False)
    if not isinstance(insecure, bool):
        raise ConfigurationError("must be true or false", location=f"{location}.insecure")
    answering = _read_answering(table, location)
    settings = _optional_table(table, "settings", location)
    return ConnectionConfig(name, integration, settings, location, insecure, answering)


def _read_answering(table: Mapping[str, object], location: str) -> Answering:
    name = table.get("cancel_requests", Answering.PERSON.value)
    known = {mode.value: mode for mode in Answering}
    if not isinstance(name, str) or name not in known:
        raise ConfigurationError(
            f"{name!r} is not a way to answer requests to cancel",
            location=f"{location}.cancel_requests",
            hint=f"known are: {', '.join(known)}",
        )
    return known[name]


def _email(table: Mapping[str, object], location: str) -> EmailConfig:
    config = make_from_table(EmailConfig, table, location, os.environ)
    validate_email_config(config, location)
    return config


def _answer_links(document: Mapping[str, object], location: str) -> AnswerLinkConfig:
    table = _optional_table(document, "answer_links", location)
    config = make_from_table(AnswerLinkConfig, table, location, os.environ)
    validate_answer_link_config(config, location)
    return config


def _sandbox(document: Mapping[str, object], connections: Iterable[str], location: str) -> SandboxConfig:
    table = _optional_table(document, "sandbox", location)
    reject_unknown_keys(table, ("clock", "simulators"), location)
    simulators = _optional_table(table, "simulators", location)
    reject_unknown_keys(simulators, connections, f"{location}.simulators")
    urls = {name: _loopback(url, f"{location}.simulators.{name}") for name, url in simulators.items()}
    return SandboxConfig(urls, _loopback(table["clock"], f"{location}.clock") if "clock" in table else None)


def _loopback(url: object, location: str) -> str:
    if not isinstance(url, str) or not _LOOPBACK_URL.fullmatch(url) or not 0 < int(url.rpartition(":")[2]) <= 65535:
        raise ConfigurationError(
            f"{url!r} is not the URL of a simulator on this machine",
            location=location,
            hint="remove the table [sandbox]: only `orderdesk sandbox` writes it",
        )
    return url


def _optional_table(document: Mapping[str, object], name: str, location: str) -> Mapping[str, object]:
    table = document.get(name, {})
    if not isinstance(table, Mapping):
        raise ConfigurationError(f"{name} must be a table", location=location, hint=f"write it as [{name}]")
    return table
