"""What a command needs that is not installed: all of it in one error, with the one line that installs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from orderdesk_sdk.errors import ConfigurationError

if TYPE_CHECKING:
    from orderdesk_sdk.desk.config import Config

__all__ = ["MODULES", "extras_to_serve", "extras_to_work", "missing_modules", "require_extras"]

MODULES: Final[Mapping[str, tuple[str, ...]]] = {
    "rules": ("rule_engine",),
    "web": ("starlette", "uvicorn", "jinja2", "python_multipart", "argon2"),
    "oidc": ("authlib", "joserfc"),
    "postgres": ("psycopg", "psycopg_pool"),
    "procrastinate": ("procrastinate",),
    "sftp": ("paramiko",),
    "otel": ("opentelemetry",),
}
"""The modules that each extra of orderdesk-sdk brings, but for `cli`, without which nobody asks here."""
_POSTGRES: Final = ("postgres", "procrastinate")


def missing_modules(names: Iterable[str]) -> tuple[str, ...]:
    """Those of these modules that are not installed; none is imported."""
    return tuple(name for name in names if find_spec(name) is None)


def require_extras(what: str, extras: Iterable[str]) -> None:
    """Raises ConfigurationError where modules of some of these extras are missing.

    what: who needs them, as the beginning of the message.
    """
    missing = {extra: found for extra in extras if (found := missing_modules(MODULES[extra]))}
    if not missing:
        return
    modules = ", ".join(name for found in missing.values() for name in found)
    # Who installs psycopg chooses between a libpq of its own and that of the system; this one works everywhere.
    driver = " 'psycopg[binary]'" if any(extra in missing for extra in _POSTGRES) else ""
    raise ConfigurationError(
        f"{what} needs what is not installed: {modules}",
        hint=f"run `pip install 'orderdesk-sdk[{','.join(missing)}]'{driver}`",
    )


def extras_to_work(config: Config) -> tuple[str, ...]:
    """The extras that a worker with this configuration needs."""
    from orderdesk_sdk.rules.model import NO_FILTER
    from orderdesk_sdk.runtime.engines.protocol import EngineKind

    queued = config.engine is EngineKind.PROCRASTINATE
    return (
        *(("rules",) if any(rule.when != NO_FILTER for rule in config.rules) else ()),
        *(("postgres",) if config.ledger_file is None or queued else ()),
        *(("procrastinate",) if queued else ()),
    )


def extras_to_serve(config: Config) -> tuple[str, ...]:
    """The extras that a server with this configuration needs."""
    signed_on = ("oidc",) if config.single_sign_on is not None else ()
    return ("web", *signed_on, *extras_to_work(config))
