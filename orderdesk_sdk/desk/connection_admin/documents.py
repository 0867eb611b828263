"""Connections and their forms as JSON, as `docs/reference/cli-json.md` describes them. No secret is in them."""

from __future__ import annotations

from orderdesk_sdk.desk.connection_admin.forms import ConnectionForm
from orderdesk_sdk.desk.connection_admin.records import ConnectionView
from orderdesk_sdk.desk.documents import JsonObject, iso_time
from orderdesk_sdk.desk.health import HealthCheck

__all__ = ["checks_document", "connection_document", "form_document"]


def connection_document(view: ConnectionView) -> JsonObject:
    """A connection as it is shown. `secrets_set`: by name, since when each secret has been set."""
    return {
        "name": view.name,
        "integration": view.integration,
        "stored": view.is_stored,
        "enabled": view.is_enabled,
        "settings": dict(view.settings),
        "secrets_set": {name: iso_time(at) for name, at in view.secrets_set.items()},
        "cancel_requests": view.cancel_requests.value,
        "problem": view.problem,
        "version": view.version,
        "changed_by": view.by or None,
        "changed_at": iso_time(view.at),
    }


def form_document(form: ConnectionForm) -> JsonObject:
    """What a connection to an integration needs."""
    return {
        "integration": form.integration,
        "title": form.title,
        "fields": [
            {
                "name": field.name,
                "type": field.type,
                "secret": field.is_secret,
                "required": field.is_required,
                "default": field.default,
                "choices": list(field.choices),
                "help": field.help,
            }
            for field in form.fields
        ],
    }


def checks_document(name: str, checks: tuple[HealthCheck, ...]) -> JsonObject:
    """What trying a connection found."""
    return {
        "name": name,
        "checks": [
            {"code": check.code.value, "status": check.status.value, "message": check.message, "hint": check.hint}
            for check in checks
        ],
    }
