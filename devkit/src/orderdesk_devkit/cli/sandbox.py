"""`sandbox`: the simulators of all installed plugins on this machine, and a configuration that leads to them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orderdesk_devkit.cli.sandbox_store import ORDER_DESK, orders_table, served_store, taking_messages
from orderdesk_sdk.cli.session import Session, common_options
from orderdesk_sdk.errors import ConfigurationError, OrderDeskError
from orderdesk_sdk.plugin.toolkit.private_files import write_private

if TYPE_CHECKING:
    from orderdesk_devkit.simulators.simulator import Simulator
    from orderdesk_sdk.cli.output.screen import Screen
    from orderdesk_sdk.clock import Clock
    from orderdesk_sdk.plugin.registry import PluginRegistry

__all__ = ["load_simulators", "running", "sandbox", "settings_table"]

_MARK = "# Written by `orderdesk sandbox`, and overwritten by it."
_LEDGER = "orderdesk-sandbox.db"
"""A ledger of its own, so that no simulated case ever gets among real ones."""
_ORDERS = "orders.json"


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="The port of the first simulator; the others follow. Free ports if not given.",
)
@click.option(
    "--virtual-time",
    is_flag=True,
    help="Waits take no time: all simulators share one clock, which moves only by waits.",
)
@click.option(
    "--order-desk",
    is_flag=True,
    help="Serve an Order Desk store as well. It has the sample orders, and [orders] leads to it.",
)
@click.option(
    "--messages",
    is_flag=True,
    help="Take messages as well, and let the folder Canceled of --order-desk post its orders there.",
)
@click.option("--force", is_flag=True, help="Overwrite a configuration that a sandbox did not write.")
@click.option("--fresh", is_flag=True, help=f"Remove the ledger of an earlier sandbox, {_LEDGER}.")
@click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Written when all is up, removed at the end.",
)
@common_options
@click.pass_obj
# Many parameters: one for each option of the command.
def sandbox(
    session: Session,
    port: int,
    virtual_time: bool,
    order_desk: bool,
    messages: bool,
    force: bool,
    fresh: bool,
    ready_file: Path | None,
) -> None:
    """Serve the simulators of all installed integrations.

    Runs until Ctrl-C or SIGTERM. Writes a configuration (orderdesk.toml, or --config FILE) with a connection to each,
    beside it orders to try it with (orders.json, where there is none), and says on stdout when all is up: with --json
    as one line. Nothing leaves this machine and no secret in the file is real.
    """
    from orderdesk_sdk.cli.signals import stop_event

    path = session.config_file or Path("orderdesk.toml")
    clock = _clock(virtual_time=virtual_time)
    with (
        stop_event() as stop,
        running(path, clock, port=port, force=force, order_desk=order_desk) as simulators,
        ExitStack() as more,
    ):
        earlier = _prepare_folder(path.parent, fresh=fresh)
        taken_at = more.enter_context(taking_messages(path, clock, simulators)) if messages else None
        urls = {slug: url for slug, (_, url) in simulators.items()}
        store = urls.pop(ORDER_DESK, None)
        shape = _ready_document(path, urls, store, taken_at, virtual_time=virtual_time)
        if ready_file is not None:
            _write(ready_file, json.dumps(shape) + "\n")
        if session.as_json:
            click.echo(json.dumps(shape))
        else:
            others = {"(Order Desk store)": store, "(messages are taken)": taken_at}
            shown = {**urls, **{name: url for name, url in others.items() if url is not None}}
            told = {"configuration": str(path), "ledger": _ledger_line(path.parent, earlier=earlier)}
            told |= _what_to_try(path.parent, store)
            told["time"] = "virtual: waits take none" if virtual_time else "real"
            session.print_result({}, lambda screen: _print_summary(screen, shown, told))
        try:
            stop.wait()
        finally:
            if ready_file is not None:
                ready_file.unlink(missing_ok=True)


def _ready_document(
    path: Path, urls: Mapping[str, str], store: str | None, taken_at: str | None, *, virtual_time: bool
) -> dict[str, object]:
    """What is told as JSON when all is up."""
    return {
        "config": str(path.resolve()),
        "ledger": str((path.parent / _LEDGER).resolve()),
        "virtual_time": virtual_time,
        "connections": [{"connection": slug, "integration": slug, "url": url} for slug, url in urls.items()],
        "order_desk": store,
        "messages": taken_at,
    }


def _prepare_folder(folder: Path, *, fresh: bool) -> bool:
    """Remove the ledger of an earlier sandbox where that is wanted, and write the orders where there are none.

    Gives back whether there is such a ledger still.
    """
    from orderdesk_devkit.sample_orders import SAMPLE_ORDERS

    if fresh:
        for suffix in ("", "-wal", "-shm"):
            (folder / (_LEDGER + suffix)).unlink(missing_ok=True)
    if not (folder / _ORDERS).exists():
        _write(folder / _ORDERS, SAMPLE_ORDERS)
    return (folder / _LEDGER).exists()


def _ledger_line(folder: Path, *, earlier: bool) -> str:
    return f"{folder / _LEDGER}{' (an earlier one; --fresh removes it)' if earlier else ''}"


def _what_to_try(folder: Path, store: str | None) -> dict[str, str]:
    """Where the orders are, and how one is moved in the simulated store as a person does it in Order Desk."""
    if store is None:
        return {"orders to try": str(folder / _ORDERS)}
    body = json.dumps({"order": "1042", "folder": "Canceled"})
    return {
        "orders to try": "1042 to 1045; the store has them, so there is nothing to import",
        "to move one": f"curl {store}/_simulator/move -d '{body}'",
        "its history": f"curl {store}/_simulator/history/1042",
    }


def _print_summary(screen: Screen, urls: Mapping[str, str], told: Mapping[str, str]) -> None:
    screen.table(("connection", "simulator"), list(urls.items()))
    for name, text in told.items():
        screen.line(f"{name + ':':14} {text}")
    screen.line("ready; Ctrl-C ends", "bold green")


@contextmanager
def running(
    path: Path, clock: Clock, *, port: int = 0, force: bool = False, order_desk: bool = False
) -> Iterator[dict[str, tuple[Simulator, str]]]:
    """Every installed simulator with its URL, served within the block; the configuration in `path` leads to them.

    On a VirtualClock the configuration tells the command line to go by it. Raises ConfigurationError for a file that
    no sandbox wrote (unless `force`), and where no simulator can be served.

    Args:
        order_desk: a simulated Order Desk store owns the sample orders; it is there under ORDER_DESK.
    """
    from orderdesk_sdk.clock import VirtualClock
    from orderdesk_sdk.plugin.registry import PluginRegistry

    _require_overwritable(path, force=force)
    loaded = load_simulators(clock)
    with ExitStack() as stack:
        simulators = stack.enter_context(_served(loaded, port))
        registry = PluginRegistry()
        urls = {slug: url for slug, (_, url) in simulators.items()}
        tables = {
            slug: settings_table(registry, slug, simulator.settings(url))
            for slug, (simulator, url) in simulators.items()
        }
        orders: Mapping[str, object] = {}
        if order_desk:
            store, url = stack.enter_context(served_store(clock, loaded, port and port + len(loaded)))
            orders = orders_table(store.settings(url), loaded)
            simulators[ORDER_DESK] = store, url
        _write(path, _document(tables, urls, orders, virtual_time=isinstance(clock, VirtualClock)))
        yield simulators


def _clock(*, virtual_time: bool) -> Clock:
    from orderdesk_sdk.clock import SystemClock, VirtualClock

    return VirtualClock(SystemClock().now().replace(microsecond=0)) if virtual_time else SystemClock()


def load_simulators(clock: Clock) -> dict[str, Simulator]:
    """The simulators of all installed plugins, by slug, on one clock.

    Raises ConfigurationError where there is none, or where what they need is not installed.
    """
    try:
        from orderdesk_devkit.simulators.simulator import simulators
    except ModuleNotFoundError as error:
        raise _missing(error) from error
    found: dict[str, Simulator] = {}
    incomplete: set[str] = set()
    for slug, point in sorted(simulators().items()):
        name = point.dist.name if point.dist is not None else point.value
        try:
            found[slug] = point.load()(clock)
        except Exception as error:  # noqa: BLE001 - a simulator may fail in any way, and only it shall be missing
            click.echo(f"The simulator of {slug} ({name}) is left out: {type(error).__name__}: {error}", err=True)
            if isinstance(error, ModuleNotFoundError):
                incomplete.add(f"'{name}[sandbox]'")
    if incomplete and found:
        click.echo(f"To have them all, run `pip install {' '.join(sorted(incomplete))}`.", err=True)
    if not found:
        wanted = " ".join(sorted(incomplete)) or "'orderdesk-amazon-mcf[sandbox]'"
        raise ConfigurationError(
            "no installed integration brings a simulator that can be served",
            hint=f"run `pip install {wanted}`, or for all of them `pip install 'orderdesk-devkit[demo]'`",
        )
    return found


def _missing(error: ModuleNotFoundError) -> ConfigurationError:
    return ConfigurationError(
        f"simulators need {error.name}", location="this Python", hint="pip install 'orderdesk-devkit'"
    )


@contextmanager
def _served(loaded: Mapping[str, Simulator], port: int) -> Iterator[dict[str, tuple[Simulator, str]]]:
    try:
        from orderdesk_devkit.simulators.server import serve
    except ModuleNotFoundError as error:
        raise _missing(error) from error
    with ExitStack() as stack:
        yield {
            slug: (simulator, stack.enter_context(serve(simulator.app, port=port and port + number)).url)
            for number, (slug, simulator) in enumerate(loaded.items())
        }


def settings_table(registry: PluginRegistry, slug: str, settings: Mapping[str, object]) -> dict[str, object]:
    """A simulator's settings as a configuration holds them: secrets as `{"text": ...}`. Raises PluginError."""
    from orderdesk_sdk.plugin.connection_settings import SettingKind, settings_fields

    fields = settings_fields(registry.load(slug).integration.settings)
    secrets = {field.name for field in fields if field.kind is SettingKind.SECRET}
    return {name: {"text": value} if name in secrets else value for name, value in settings.items()}


def _document(
    tables: Mapping[str, Mapping[str, object]],
    urls: Mapping[str, str],
    orders: Mapping[str, object],
    *,
    virtual_time: bool,
) -> str:
    lines = [
        _MARK,
        "# It leads to simulators on this machine; no secret in it is real.",
        "",
        "[ledger]",
        f'url = "sqlite:///{_LEDGER}"',
        "",
        *(["[orders]", *(f"{name} = {_toml(value)}" for name, value in orders.items()), ""] if orders else []),
        # Some carts take no cancel without a reason, and who moves an order into a folder gives none.
        *(["[messages]", 'cancel_reason = "customer asked"', ""] if orders else []),
        "[sandbox]",
        *([f"clock = {_toml(next(iter(urls.values())))}"] if virtual_time else []),
        "",
        "[sandbox.simulators]",
        *(f"{slug} = {_toml(url)}" for slug, url in urls.items()),
    ]
    for slug, table in tables.items():
        lines += ["", f"[connections.{slug}]", f"integration = {_toml(slug)}", "", f"[connections.{slug}.settings]"]
        lines += [f"{name} = {_toml(value)}" for name, value in table.items()]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_toml_key(name)} = {_toml(inner)}" for name, inner in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(inner) for inner in value) + "]"
    return json.dumps(value)  # What JSON writes for texts, numbers, true and false is TOML as well.


def _toml_key(name: str) -> str:
    return name if re.fullmatch("[A-Za-z0-9_-]+", name) else json.dumps(name)


def _require_overwritable(path: Path, *, force: bool) -> None:
    try:
        foreign = path.exists() and not path.read_text(encoding="utf-8", errors="replace").startswith(_MARK)
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", location=str(path)) from error
    if foreign and not force:
        raise ConfigurationError(
            "there is a configuration already, and no sandbox wrote it",
            location=str(path),
            hint="name another file with --config, or overwrite it with --force",
        )


def _write(path: Path, text: str) -> None:
    """Write a file so that nobody ever reads half of it, and only its owner reads it: credentials stand in it."""
    try:
        half = path.with_name(f".{path.name}.new")
        half.unlink(missing_ok=True)
        write_private(half, text.encode())
        half.replace(path)
    except OSError as error:
        raise OrderDeskError(f"cannot be written: {error.strerror}", location=str(path)) from error
