"""`check-plugin`: what is wrong with a plugin, or with every plugin that is installed from its folder."""

from __future__ import annotations

import click

from orderdesk_sdk.cli.session import Session, common_options

__all__ = ["check_plugin"]


@click.command("check-plugin")
@click.argument("plugin", required=False)
@click.option("--all", "all_plugins", is_flag=True, help="Every plugin that is installed from its folder.")
@click.option("--fix", is_flag=True, help="Mend what is mechanical, then report the rest.")
@click.option("--strict", is_flag=True, help="Count what is only a warning as an error.")
@click.option("--tests/--no-tests", default=True, help="Whether its conformance tests are run.", show_default=True)
@click.option("--mutants", is_flag=True, help="Try the suite on copies of the plugin with one mistake each.")
@click.option("--jobs", type=click.IntRange(1, 64), default=2, show_default=True, help="Mutants at a time.")
@click.option(
    "--budget",
    type=click.FloatRange(min=1),
    metavar="SECONDS",
    help="Start no mutant after this time; the suite runs once before it and once after.",
)
@click.option("--every", type=click.IntRange(min=1), default=1, help="Try only every N-th mutant.")
@click.option(
    "--only", multiple=True, metavar="TEXT", help="The mutants of a module, or whose names hold this text; repeatable."
)
@click.option("--quick", is_flag=True, help="Without the slowest tests; they may find mutants that survive then.")
@common_options
@click.pass_obj
# Many parameters: one for each option of the command.
def check_plugin(
    session: Session,
    plugin: str | None,
    all_plugins: bool,
    fix: bool,
    strict: bool,
    tests: bool,
    mutants: bool,
    jobs: int,
    budget: float | None,
    every: int,
    only: tuple[str, ...],
    quick: bool,
) -> None:
    """Report what is wrong with a plugin.

    PLUGIN is the slug of an installed integration, or the folder of a plugin. Exit code 1: it does not keep the level
    that it claims, or with --mutants: the conformance suite finds fewer than 95 of 100 mistakes.

    The plugin's conformance tests are run, which takes a few minutes. Without them no level is reached.
    """
    if all_plugins == (plugin is not None):
        raise click.UsageError("name a plugin, or give --all")
    if mutants or tests:
        _require_testing("" if mutants else ", or leave the tests out with --no-tests")
    if mutants:
        from orderdesk_devkit.cli.mutant_report import check_mutants
        from orderdesk_devkit.mutation.campaign import Campaign

        check_mutants(session, plugin, Campaign(jobs, budget, every, only, quick))
        return
    from orderdesk_devkit.cli.check_report import check_plugins

    check_plugins(session, plugin, fix=fix, strict=strict, tests=tests)


def _require_testing(otherwise: str) -> None:
    """Raises ConfigurationError where what runs the conformance suite is not installed.

    otherwise: what can be done in place of installing it, for the end of the hint.
    """
    from orderdesk_sdk.cli.extras import missing_modules
    from orderdesk_sdk.errors import ConfigurationError

    missing = missing_modules(("pytest", "coverage", "vcr", "yaml", "pytest_socket", "jsonschema"))
    if missing:
        raise ConfigurationError(
            f"the conformance suite needs what is not installed: {', '.join(missing)}",
            hint=f"run `pip install 'orderdesk-devkit[testing]'`{otherwise}",
        )
