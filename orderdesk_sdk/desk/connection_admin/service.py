"""Connections that are made while the desk runs: listed, filled in, changed, tried. Reached as `desk.connection_admin`.

Who may do that is decided by whoever calls: the console and the API let admins alone do it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import datetime

from attrs import evolve

from orderdesk_sdk.cases.audit import AuditAction
from orderdesk_sdk.cases.stored_connections import StoredConnection
from orderdesk_sdk.desk.audit import AuditService
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.connection_admin.forms import ConnectionForm, form_of
from orderdesk_sdk.desk.connection_admin.reachability import check_connection
from orderdesk_sdk.desk.connection_admin.records import ConnectionChange, ConnectionView
from orderdesk_sdk.desk.connection_admin.validation import read_settings, require_secrets_again
from orderdesk_sdk.desk.connection_admin.webhooks import ConnectionWebhooks
from orderdesk_sdk.desk.connection_vault import ConnectionVault, connection_location
from orderdesk_sdk.desk.health import HealthCheck
from orderdesk_sdk.desk.parts import DeskParts, require_actor
from orderdesk_sdk.desk.stored_configuration import StoredConfiguration
from orderdesk_sdk.errors import ConfigurationError, ConflictError, NotFoundError, OrderDeskError, ValidationError
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.runtime.connection_config import Answering
from orderdesk_sdk.runtime.webhook_setups import WebhookStatus, registers_webhooks
from orderdesk_sdk.secret import Secret

__all__ = ["ConnectionAdmin"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


class ConnectionAdmin:
    """The connections of a desk, and how they are changed."""

    def __init__(
        self,
        config: Config,
        parts: DeskParts,
        registry: PluginRegistry,
        vault: ConnectionVault,
        configuration: StoredConfiguration,
        audit: AuditService,
    ) -> None:
        self._configured = config.connections
        self._parts = parts
        self._registry = registry
        self._vault = vault
        self._configuration = configuration
        self._audit = audit
        self._webhooks = ConnectionWebhooks(config.web, parts.connections, parts.clock)

    @property
    def is_sandbox(self) -> bool:
        """Whether connections may lead to this machine itself, since the configuration is a sandbox's."""
        return self._vault.allows_this_machine

    def forms(self) -> tuple[ConnectionForm, ...]:
        """What a connection to each installed integration needs, those left out that cannot be used."""
        found = (self._registry.describe(slug) for slug in self._registry.slugs())
        return tuple(form_of(integration) for integration in found if not isinstance(integration, str))

    def form(self, integration: str) -> ConnectionForm:
        """What a connection to an integration needs. Raises NotFoundError, and PluginError where it cannot be used."""
        return form_of(self._registry.load(integration).integration)

    def list(self) -> tuple[ConnectionView, ...]:
        """Every connection: first those of orderdesk.toml, then the stored ones by name."""
        self._configuration.look()
        files = [
            ConnectionView(
                name=name,
                integration=configured.integration,
                is_stored=False,
                is_enabled=True,
                cancel_requests=configured.cancel_requests,
                problem=(problem := self._problem(name)),
                registers_webhook=problem is None and self._registers_webhook(configured.integration),
            )
            for name, configured in self._configured.items()
        ]
        return (*files, *map(self._view, self._parts.ledger.stored_connections()))

    def get(self, name: str) -> ConnectionView:
        """A connection of `list`. Raises NotFoundError."""
        found = next((view for view in self.list() if view.name == name), None)
        if found is None:
            raise NotFoundError("there is no such connection", location=f"connection {name!r}")
        return found

    def save(self, change: ConnectionChange, *, by: str, address: str = "") -> ConnectionView:
        """Make a connection, or change a stored one; desks and workers that run take it up.

        Everything is judged as if it stood in orderdesk.toml, and besides that its URLs must lead to public hosts. A
        connection whose URL is changed to another host must be given its secrets again. Raises ConfigurationError for
        what is wrong or where there is no key, ValidationError for its name and integration, and ConflictError where
        somebody else was faster.

        Args:
            address: where the person came from, for the audit log.
        """
        actor, before = require_actor(by), self._stored_or_none(change.name)
        self._vault.require_key(change.name)
        self._require_free_name(change, before)
        plugin = self._registry.load(change.integration)
        form = form_of(plugin.integration)
        _require_right_place(form, change)
        kept = self._kept_secrets(before, form, change)
        secrets = {**kept, **{name: secret for name, secret in change.secrets.items() if secret.reveal()}}
        draft = _draft(change, before, tuple(secrets), actor, self._parts.clock.now())
        settings = read_settings(self._vault.config_of(draft, secrets), plugin)
        if isinstance(settings, OrderDeskError):
            raise settings
        if before is not None and kept:
            require_secrets_again(self._vault.open(before), plugin, settings)
        self._write(self._vault.seal(draft, secrets), _told(change, before), address)
        return self.get(change.name)

    def set_enabled(self, name: str, *, enabled: bool, by: str, address: str = "") -> ConnectionView:
        """Let a stored connection be used, or not: its cases wait then, and its webhook is removed at the service.

        Where that fails, the connection is disabled all the same, and its `problem` says what is left to be done.
        Raises NotFoundError and ConflictError.
        """
        stored, actor = self._stored(name), require_actor(by)
        problem: str | None = None
        if stored.is_enabled is not enabled:
            changed = evolve(
                stored, is_enabled=enabled, version=stored.version + 1, by=actor, at=self._parts.clock.now()
            )
            has_webhook = not enabled and self._registers_webhook(stored.integration)
            left = "; its webhook is to be removed" if has_webhook else ""
            self._write(changed, "enabled" if enabled else f"disabled{left}", address)
            # Only now: nothing is changed at the service of a connection that goes on being used.
            problem = self._remove_webhook(changed, address) if has_webhook else None
        view = self.get(name)
        return view if problem is None else evolve(view, problem=problem)

    def _registers_webhook(self, integration: str) -> bool:
        with suppress(OrderDeskError):  # A plugin that cannot be loaded removes nothing.
            return registers_webhooks(self._registry.load(integration))
        return False

    def _remove_webhook(self, disabled: StoredConnection, address: str) -> str | None:
        """Remove the webhook that the plugin registered; what is left to be done where that fails."""
        problem: str | None = None
        try:
            with self._webhooks_for_removal(disabled.name) as webhooks:
                if webhooks.set(disabled.name, registered=False).leads_to_us:
                    problem = "its webhook is still registered at the service"
        except OrderDeskError as error:
            problem = f"its webhook was not removed at the service: {error.message}"
        subject, told = f"connection {disabled.name}", problem or "its webhook was removed"
        self._audit.record(disabled.by, AuditAction.CONNECTION_CHANGED, subject, told, address)
        return f"{problem}; run `orderdesk connections webhook {disabled.name} --remove`" if problem else None

    @contextmanager
    def _webhooks_for_removal(self, name: str) -> Iterator[ConnectionWebhooks]:
        """The webhooks of this connection, also where it is switched off. Raises ConfigurationError."""
        stored = self._stored_or_none(name)
        if stored is None or stored.is_enabled or name in self._configured:
            yield self._webhooks
            return
        with closing(self._parts.connections.apart(self._vault.open(stored))) as connections:
            yield self._webhooks.at(connections)

    def webhook(self, name: str) -> WebhookStatus:
        """Whether the webhook of a connection is registered at its service. Raises what `set_webhook` raises."""
        self._configuration.look()
        return self._webhooks.status(self.get(name).name)

    def set_webhook(self, name: str, *, registered: bool, by: str, address: str = "") -> WebhookStatus:
        """Register the address of this desk at a connection's service, or remove it there; what is there then.

        Removed it can be where the connection is switched off, too.

        Raises NotFoundError, InvalidStateError where the plugin registers no webhook itself, ConfigurationError where
        this desk has no address for messages, and OrderDeskError where the service does not say what is registered.
        """
        actor, subject = require_actor(by), f"connection {name}"
        self._configuration.look()
        self.get(name)
        told = "webhook to be registered" if registered else "webhook to be removed"
        self._audit.record(actor, AuditAction.CONNECTION_CHANGED, subject, told, address)
        if registered:
            return self._webhooks.set(name, registered=True)
        with self._webhooks_for_removal(name) as webhooks:
            return webhooks.set(name, registered=False)

    def test(self, name: str) -> tuple[HealthCheck, ...]:
        """Whether a connection can be made: its settings, its hosts, a token where it uses one, and its webhook.

        Asks for nothing that changes anything at the service. Raises NotFoundError.
        """
        self._configuration.look()
        checks = check_connection(self._parts.connections, self.get(name).name)
        return (*checks, *(() if any(check.hint for check in checks) else self._webhooks.check(name)))

    def rotate_key(self, *, by: str, address: str = "") -> int:
        """Seal all secrets with the present key which were sealed with the one before it; how many connections.

        Raises ConfigurationError for one that neither key opens, ConflictError where somebody changes one meanwhile;
        what is sealed anew by then stays so, and this can be done again.
        """
        actor, count = require_actor(by), 0
        for stored in self._parts.ledger.stored_connections():
            if self._vault.is_sealed_with_present_key(stored):
                continue
            anew = evolve(stored, version=stored.version + 1, by=actor, at=self._parts.clock.now())
            self._write(self._vault.seal(anew, self._vault.secrets(stored)), "sealed with another key", address)
            count += 1
        return count

    def _write(self, connection: StoredConnection, detail: str, address: str) -> None:
        self._parts.ledger.save_stored_connection(connection)
        subject = f"connection {connection.name}"
        self._audit.record(connection.by, AuditAction.CONNECTION_CHANGED, subject, detail, address)
        self._configuration.look()

    def _view(self, stored: StoredConnection) -> ConnectionView:
        is_shadowed = stored.name in self._configured
        shadow = "orderdesk.toml has a connection of this name, which is used in its place"
        problem = shadow if is_shadowed else self._problem(stored.name) if stored.is_enabled else None
        return ConnectionView(
            name=stored.name,
            integration=stored.integration,
            is_stored=True,
            is_enabled=stored.is_enabled,
            settings=stored.settings,
            secrets_set=stored.secrets_set,
            cancel_requests=_answering(stored),
            problem=problem,
            registers_webhook=problem is None and self._registers_webhook(stored.integration),
            version=stored.version,
            by=stored.by,
            at=stored.at,
        )

    def _problem(self, name: str) -> str | None:
        found = self._parts.connections.integration(name)
        return found if isinstance(found, str) else None

    def _stored_or_none(self, name: str) -> StoredConnection | None:
        return next((one for one in self._parts.ledger.stored_connections() if one.name == name), None)

    def _stored(self, name: str) -> StoredConnection:
        found = self._stored_or_none(name)
        if found is None:
            where = "it stands in orderdesk.toml" if name in self._configured else "no stored connection has this name"
            raise NotFoundError(
                f"this is not a stored connection: {where}",
                location=f"connection {name!r}",
                hint="see `orderdesk connections list`",
            )
        return found

    def _require_free_name(self, change: ConnectionChange, before: StoredConnection | None) -> None:
        location = f"connection {change.name!r}"
        if not _NAME.fullmatch(change.name):
            raise ValidationError(
                "the name of a connection is made of letters, digits, - and _", location=location, hint="choose another"
            )
        if change.name in self._configured:
            raise ConflictError(
                "orderdesk.toml has a connection of this name",
                location=location,
                hint="change it there, or choose another",
            )
        if before is not None and before.integration != change.integration:
            raise ValidationError(
                f"the connection is one of {before.integration}, and its cases are",
                location=location,
                hint="make another connection",
            )

    def _kept_secrets(
        self, before: StoredConnection | None, form: ConnectionForm, change: ConnectionChange
    ) -> Mapping[str, Secret]:
        """The secrets that stay as they are."""
        if before is None or set(form.secret_names) <= set(change.secrets):
            return {}  # Nothing needs to be opened: so a connection is mended whose key was lost.
        opened = self._vault.secrets(before)
        return {name: secret for name, secret in opened.items() if name not in change.secrets}


def _require_right_place(form: ConnectionForm, change: ConnectionChange) -> None:
    """Raises ConfigurationError for a secret among the settings, or a setting among the secrets."""
    location = connection_location(change.name)
    for name in change.settings:
        if name in form.secret_names:
            raise ConfigurationError(
                "a secret is not given among the settings", location=f"{location}.settings.{name}", hint="give it apart"
            )
    for name in change.secrets:
        if name not in form.secret_names:
            raise ConfigurationError(
                "there is no such secret",
                location=location,
                hint=f"its secrets are: {', '.join(form.secret_names) or 'none'}",
            )


def _draft(
    change: ConnectionChange, before: StoredConnection | None, secrets: Collection[str], by: str, now: datetime
) -> StoredConnection:
    """The connection as it shall be, with secrets of these names, which are yet to be sealed."""
    since = before.secrets_set if before is not None else {}
    return StoredConnection(
        name=change.name,
        integration=change.integration,
        settings=_storable(change),
        secrets_set={name: now if name in change.secrets else since.get(name, now) for name in secrets},
        sealed="",
        cancel_requests=change.cancel_requests.value,
        is_enabled=before.is_enabled if before is not None else True,
        version=before.version + 1 if before is not None else 1,
        by=by,
        at=now,
    )


def _storable(change: ConnectionChange) -> Mapping[str, object]:
    """The settings as they are when they are read again. Raises ConfigurationError for what JSON has not."""
    try:
        settings: Mapping[str, object] = json.loads(json.dumps(dict(change.settings), allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        raise ConfigurationError(
            "a setting holds something else than a text, number, list or table",
            location=connection_location(change.name),
            hint="write dates as texts",
        ) from None
    return settings


def _answering(stored: StoredConnection) -> Answering:
    """A person, where the ledger says what is no way to answer: such a connection cannot be used anyhow."""
    return next((mode for mode in Answering if mode.value == stored.cancel_requests), Answering.PERSON)


def _told(change: ConnectionChange, before: StoredConnection | None) -> str:
    """What the audit log says of a change: names, never values."""
    if before is None:
        return f"added, at {change.integration}; secrets given: {', '.join(change.secrets) or 'none'}"
    names = {*before.settings, *change.settings}
    changed = sorted(name for name in names if before.settings.get(name) != change.settings.get(name))
    return f"settings changed: {', '.join(changed) or 'none'}; secrets given: {', '.join(change.secrets) or 'none'}"
