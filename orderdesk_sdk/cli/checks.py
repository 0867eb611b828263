"""The checks of `doctor`. None shows a secret or creates a file.

None calls a service, but a live order store and those whose plugins register their webhooks themselves.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from orderdesk_sdk.cases.counts import counted
from orderdesk_sdk.cli.disabled_plugin_checks import check_disabled_plugins
from orderdesk_sdk.cli.ledger_checks import check_ledger
from orderdesk_sdk.cli.order_store_checks import check_order_store
from orderdesk_sdk.cli.output.times import format_time, zone
from orderdesk_sdk.cli.sandbox_client import require_simulator
from orderdesk_sdk.cli.session import Session, clock_of
from orderdesk_sdk.cli.stored_configuration_checks import check_stored_connections, stored_rules, stored_slugs
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.connection_admin.validation import read_settings
from orderdesk_sdk.desk.health import HealthCheck, HealthCode, error_check
from orderdesk_sdk.errors import ConfigurationError, OrderDeskError, PluginError
from orderdesk_sdk.orders.numbering import duplicate_number
from orderdesk_sdk.plugin.connection_settings import SettingKind, settings_fields, urls_of
from orderdesk_sdk.plugin.hookspecs import LISTENERS
from orderdesk_sdk.plugin.import_probe import DeadlyImports, probe_imports
from orderdesk_sdk.plugin.integration import Integration, NewNumber
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.sftp_settings import SftpSettings, sftp_login
from orderdesk_sdk.plugin.toolkit.private_files import paths_open_to_others
from orderdesk_sdk.plugin.urls import is_loopback
from orderdesk_sdk.rules.actions import ActionCatalog
from orderdesk_sdk.rules.conditions import check_filters
from orderdesk_sdk.rules.model import Rule
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.runtime.listeners import Listeners
from orderdesk_sdk.transport.http.reach import Reach

__all__ = ["run_checks"]


def run_checks(session: Session) -> list[HealthCheck]:
    """The findings of all checks, in the order in which they ran."""
    try:
        registry = session.registry()
    except OrderDeskError as error:  # It names no plugin that must not be imported, so none is.
        return [error_check(HealthCode.CONFIGURATION, error)]
    deadly = probe_imports(registry)
    for slug, fault in deadly.integrations.items():
        registry.refuse(slug, fault)
    try:
        config = session.config()
    except OrderDeskError as error:
        return [error_check(HealthCode.CONFIGURATION, error), *_plugins(registry), *_listeners(registry, deadly)]
    return [
        *_configuration(config),
        *_plugins(registry),
        *_listeners(registry, deadly),
        *check_disabled_plugins(config),
        *(
            finding
            for connection in config.connections.values()
            for finding in _connection(
                connection, registry, config.resubmission_suffix, [config.path] if config.path is not None else []
            )
        ),
        *check_stored_connections(
            config, lambda connection: _connection(connection, registry, config.resubmission_suffix, [])
        ),
        *_webhooks(config, registry),
        *_rules(config, registry),
        *_order_store(config),
        *check_ledger(config),
    ]


def _order_store(config: Config) -> Iterator[HealthCheck]:
    try:
        clock = clock_of(config)
    except OrderDeskError:
        return  # Reported as an error of the sandbox already.
    yield from check_order_store(config, clock)


def _webhooks(config: Config, registry: PluginRegistry) -> Iterator[HealthCheck]:
    """Whether the webhooks are registered that plugins register themselves. Such a service is asked; no other is."""
    slugs = {one.integration for one in config.connections.values()}
    usable = {slug for slug in slugs if not isinstance(registry.describe(slug), str)}
    registering = {slug for slug in usable if registry.load(slug).manager.hook.orderdesk_webhooks.get_hookimpls()}
    if not registering:
        return
    from orderdesk_sdk.desk.connection_admin.webhooks import ConnectionWebhooks
    from orderdesk_sdk.plugin.bulkhead import DEFAULT_TIMEOUT
    from orderdesk_sdk.runtime.connections import Connections
    from orderdesk_sdk.transport.http.limits import HttpLimits

    clock = clock_of(config)
    connections = Connections(config.connections, registry, clock, HttpLimits(), DEFAULT_TIMEOUT)
    webhooks = ConnectionWebhooks(config.web, connections, clock)
    try:
        for name, connection in config.connections.items():
            if connection.integration in registering:
                yield from webhooks.check(name)
    finally:
        connections.close()


def _configuration(config: Config) -> Iterator[HealthCheck]:
    if config.path is None:
        yield HealthCheck.degraded(
            HealthCode.CONFIGURATION,
            str(Path.cwd()),
            "this folder has no orderdesk.toml, so no service is connected",
            "write an orderdesk.toml, or name one with --config; `orderdesk sandbox` writes one to try things out",
        )
        return
    count = len(config.connections)
    text = f"{counted(count, 'connection')}; times without a zone are {config.timezone}"
    yield HealthCheck.ok(HealthCode.CONFIGURATION, str(config.path.resolve()), text)
    if config.sandbox is not None:
        try:
            for url in config.sandbox.simulators.values():
                require_simulator(url)
            now = clock_of(config).now()
        except OrderDeskError as error:
            yield error_check(HealthCode.SANDBOX, error)
            return
        kind = "real" if config.sandbox.clock is None else "virtual"
        yield HealthCheck.ok(
            HealthCode.SANDBOX,
            "[sandbox]",
            f"a sandbox in {kind} time, now {format_time(now)} {zone(now)}",
        )


def _plugins(registry: PluginRegistry) -> Iterator[HealthCheck]:
    slugs = registry.slugs()
    for error in registry.distribution_errors():
        yield error_check(HealthCode.PLUGIN, error)
    if not slugs:
        hint = "install an integration, such as orderdesk-amazon-mcf"
        yield HealthCheck.degraded(HealthCode.PLUGIN, "this Python", "no integration is installed", hint)
    for slug in slugs:
        if slug in registry.disabled:
            continue  # Told with its cases, once the ledger can be read.
        try:
            registry.load(slug)
        except PluginError as error:
            yield error_check(HealthCode.PLUGIN, error, slug)
        else:
            yield HealthCheck.ok(HealthCode.PLUGIN, slug, f"{registry.distribution(slug)} loads")


def _listeners(registry: PluginRegistry, deadly: DeadlyImports) -> Iterator[HealthCheck]:
    points = [point for point in registry.entry_points(LISTENERS) if point.name not in deadly.listeners]
    for error in (*deadly.listeners.values(), *Listeners((), lambda: points).load().values()):
        yield error_check(HealthCode.LISTENER, error)


def _connection(
    connection: ConnectionConfig, registry: PluginRegistry, suffix: str, files: Sequence[Path]
) -> Iterator[HealthCheck]:
    place = connection.location
    try:
        loaded = registry.load(connection.integration)
    except PluginError:
        return  # Reported as an error of the plugin already.
    except OrderDeskError as error:
        yield HealthCheck.failing(HealthCode.CONNECTION, place, f"{error.location}: {error.message}", error.hint)
        return
    declared = loaded.integration
    missing = [name for name in _environment_variables(connection.settings) if not os.environ.get(name)]
    for name in missing:
        text = f"the environment variable {name} is not set"
        yield HealthCheck.failing(HealthCode.CREDENTIALS, place, text, f"set {name} before you start `orderdesk`")
    settings = read_settings(connection, loaded, missing)
    if isinstance(settings, OrderDeskError):
        yield error_check(HealthCode.SETTINGS, settings, place)
        return
    fields, urls = settings_fields(declared.settings), urls_of(settings)
    is_in_file = connection.reach is Reach.ANYWHERE
    if is_in_file and not all(is_loopback(urlsplit(url).hostname or "") for url in urls):
        yield from _plain_text_secrets(connection, files)
    yield from _duplicate_numbers(declared, suffix)
    if isinstance(settings, SftpSettings):
        yield from _sftp(settings, place)
    if connection.insecure:
        text = "insecure = true: credentials and orders may be sent unencrypted"
        yield HealthCheck.degraded(
            HealthCode.CONNECTION,
            place,
            text,
            "remove insecure once every URL begins with https://",
        )
    if not missing:
        count = sum(field.kind is SettingKind.SECRET for field in fields)
        secrets = counted(count, "secret is set", "secrets are set")
        yield HealthCheck.ok(HealthCode.CONNECTION, place, f"{declared.title}: the settings are complete, {secrets}")


def _plain_text_secrets(connection: ConnectionConfig, files: Sequence[Path]) -> Iterator[HealthCheck]:
    """The secrets that stand in the configuration itself, which other users of the machine may be able to read."""
    readable = ", readable by other users of this machine" if any(paths_open_to_others(*files)) else ""
    for name, given in connection.settings.items():
        if isinstance(given, Mapping) and "text" in given:
            yield HealthCheck.degraded(
                HealthCode.CREDENTIALS,
                f"{connection.location}.settings.{name}",
                f"the secret is written in the file in plain text{readable}",
                f'put the secret into an environment variable, and write {name} = {{ env = "NAME" }}',
            )


def _duplicate_numbers(declared: Integration, suffix: str) -> Iterator[HealthCheck]:
    """Whether the service would take the numbers that duplicates are given."""
    if declared.remote_id_format is None or not isinstance(declared.resubmission, NewNumber):
        return
    problem = declared.remote_id_format.error(duplicate_number("1", suffix, 1))
    if problem is not None:
        text = (
            f"{declared.title} would reject the numbers of duplicates, such as 1{suffix.replace('{n}', '1')}: {problem}"
        )
        yield HealthCheck.degraded(
            HealthCode.RESUBMISSION,
            "[resubmission].suffix",
            text,
            "choose another suffix, or resubmit with --number",
        )


def _rules(config: Config, registry: PluginRegistry) -> Iterator[HealthCheck]:
    slugs = {**stored_slugs(config), **{name: one.integration for name, one in config.connections.items()}}
    declared = {slug: registry.describe(slug) for slug in dict.fromkeys(slugs.values())}
    rules = (*config.rules, *stored_rules(config))
    catalog = ActionCatalog.from_integrations(declared, tuple(slugs))
    errors = [*_filter_errors(rules), *catalog.errors(rules)]
    for error in errors:
        yield error_check(HealthCode.RULE, error)
    if rules and not errors:
        count = len(rules)
        yield HealthCheck.ok(
            HealthCode.RULE,
            "[[rules]]",
            f"{counted(count, 'rule')}; every filter and action is sound",
        )


def _filter_errors(rules: Sequence[Rule]) -> Iterator[ConfigurationError]:
    for rule in rules:
        try:
            check_filters([rule])
        except ConfigurationError as error:
            yield error


def _environment_variables(settings: Mapping[str, object]) -> list[str]:
    """The environment variables that settings refer to."""
    return [
        name for given in settings.values() if isinstance(given, Mapping) and isinstance(name := given.get("env"), str)
    ]


def _sftp(settings: SftpSettings, place: str) -> Iterator[HealthCheck]:
    """What a folder by SFTP cannot do without, paramiko and the server's key among it. The server is not asked."""
    from orderdesk_sdk.transport.http.files.requirements import required_login  # It brings httpx.

    try:
        required_login(urls_of(settings), sftp_login(settings))
    except ConfigurationError as error:
        yield error_check(HealthCode.CONNECTION, error, place)
