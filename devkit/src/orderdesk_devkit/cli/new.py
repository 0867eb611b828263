"""`new`: a plugin to begin from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from orderdesk_devkit.scaffold.plugin_template import Api, Auth, Cancel, PluginTemplate
from orderdesk_sdk.cli.session import Session, common_options

if TYPE_CHECKING:
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["new"]


@click.command()
@click.argument("slug")
@click.option(
    "--cancel",
    type=click.Choice([kind.value for kind in Cancel]),
    default=Cancel.BUTTON.value,
    show_default=True,
    help="How the service cancels.",
)
@click.option(
    "--auth",
    type=click.Choice([kind.value for kind in Auth]),
    help="How requests are signed; a bearer token if not given.",
)
@click.option(
    "--api",
    type=click.Choice([kind.value for kind in Api]),
    help="What the service speaks; REST if not given.",
)
@click.option("--webhook", is_flag=True, help="The service sends messages about its orders.")
@click.option("--title", metavar="TEXT", help="The service's name for people; made of SLUG if not given.")
@click.option(
    "--at",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="The folder to make; orderdesk-SLUG in this one if not given.",
)
@common_options
@click.pass_obj
# Many parameters: one for each option of the command.
def new(
    session: Session,
    slug: str,
    cancel: str,
    auth: str | None,
    api: str | None,
    webhook: bool,
    title: str | None,
    at: Path | None,
) -> None:
    """Write a new plugin to begin from.

    SLUG names the integration: my-3pl. What is written passes its tests and `orderdesk check-plugin` as it is, and
    invents all it says of the service: declaration, flows, simulator, tests with one cassette, and README. The kinds go
    together, but --cancel email, which makes no call, with none, and --cancel two-step with REST only. Nothing is ever
    overwritten.
    """
    from orderdesk_devkit.scaffold.writer import scaffold

    blueprint = PluginTemplate(
        slug,
        Cancel(cancel),
        Auth(auth) if auth is not None else None,
        title,
        api=Api(api) if api is not None else None,
        webhook=webhook,
    )
    folder = at if at is not None else Path(blueprint.distribution)
    paths = scaffold(blueprint, folder, _taken())
    steps = _next(folder)
    session.print_result(
        {
            "slug": blueprint.slug,
            "title": blueprint.title,
            "cancel": blueprint.cancel.value,
            "auth": blueprint.auth.value if blueprint.auth is not None else None,
            "api": blueprint.api.value if blueprint.api is not None else None,
            "webhook": blueprint.webhook,
            "folder": str(folder),
            "files": [path.as_posix() for path in paths],
            "next": list(steps),
            "change_first": list(_change_first(blueprint)),
        },
        lambda screen: _page(screen, blueprint, folder, paths, steps),
    )


def _taken() -> dict[str, str]:
    """The distributions of the slugs that are taken."""
    from orderdesk_sdk.plugin.registry import PluginRegistry

    registry = PluginRegistry()
    return {known: registry.distribution(known) for known in registry.slugs()}


def _next(folder: Path) -> tuple[str, ...]:
    """The commands that install and test it."""
    from shlex import quote

    going = () if folder.resolve() == Path.cwd() else (f"cd {quote(str(folder))}",)
    return (*going, 'python -m pip install -e ".[test]"', "python -m pytest", "orderdesk check-plugin .")


def _change_first(template: PluginTemplate) -> tuple[str, ...]:
    """What is invented, in the order in which it is best replaced."""
    source = f"src/{template.package}"
    if template.cancel is Cancel.EMAIL:
        return (f"{source}/settings.py: what the mail says", "README.md: the paragraph Verification")
    return (
        f"{source}/settings.py: what an account needs",
        f"{source}/api.py: the paths, the status words, and what each HTTP status means",
        f"{source}/simulator.py: the same as the service has them; then record the cassette again",
        "README.md: the paragraph Verification",
    )


def _page(
    screen: Screen, template: PluginTemplate, folder: Path, paths: tuple[Path, ...], steps: tuple[str, ...]
) -> None:
    signed = f", signed by {template.auth.value}" if template.auth is not None else ""
    spoken = f" over {template.api.value}" if template.api not in (None, Api.REST) else ""
    told = ", with webhooks" if template.webhook else ""
    kinds = f"canceled by {template.cancel.value}{spoken}{signed}{told}"
    screen.line(f"Wrote {folder}: {template.title}, {kinds}.", "bold green")
    for path in paths:
        screen.indented(path.as_posix(), style="dim")
    screen.line("Next:", "bold")
    for step in steps:
        screen.indented(step)
    screen.line("Then change what is invented:", "bold")
    for what in _change_first(template):
        screen.indented(what)
