"""`demo`: five services, every way to cancel, and a resubmission before your eyes, in a few seconds."""

from __future__ import annotations

from pathlib import Path

import click

from orderdesk_sdk.cli.session import Session, shared

__all__ = ["demo"]


@click.command()
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep ledger, configuration and receipts there; else nothing is left behind.",
)
@shared
@click.pass_obj
def demo(session: Session, keep: Path | None) -> None:
    """Watch orders being canceled at five simulated services.

    A button and then an e-mail at MWW, a lost reply at Amazon, CommerceHub's order told last, a rule at BDLinx, and an
    order from Shopify that one of three services refuses to cancel. Takes a few seconds, touches nothing real.
    """
    import tempfile

    from orderdesk_devkit.cli.demo_script import Story
    from orderdesk_sdk.cli.output.rules import firing_shape
    from orderdesk_sdk.desk.documents import receipt_shape, resubmission_shape
    from orderdesk_sdk.errors import InputError
    from orderdesk_sdk.plugin.toolkit.private_files import make_private_folder

    if keep is not None:
        if keep.exists() and any(keep.iterdir()):
            raise InputError("the folder is not empty", place=str(keep), remedy="name a new one")
        make_private_folder(keep)
        told = Story(keep, quiet=session.as_json, kept=True).tell()
    else:
        with tempfile.TemporaryDirectory(prefix="orderdesk-demo-") as folder:
            told = Story(Path(folder), quiet=session.as_json, kept=False).tell()
    shape: dict[str, object] = {
        "kept": None if keep is None else str(keep.resolve()),
        "receipts": [receipt_shape(receipt) for receipt in told.receipts],
        "resubmission": resubmission_shape(told.resubmission),
        "refused_resubmission": told.refusal,
        "firings": [firing_shape(at, firing) for at, firing in told.firings],
    }
    if session.as_json:
        session.give(shape, lambda _: None)
