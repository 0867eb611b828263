"""`demo`: five services, every way to cancel, and a resubmission before your eyes, in a few seconds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import Session, common_options

if TYPE_CHECKING:
    from orderdesk_devkit.cli.demo_script import DemoResult

__all__ = ["demo"]


@click.command()
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep ledger, configuration and receipts in this folder; otherwise nothing is left behind.",
)
@click.option("--serve", is_flag=True, help="Open the console on a shop with a history, until Ctrl-C.")
@click.option(
    "--pace",
    type=click.FloatRange(0, 3600),
    default=10.0,
    show_default=True,
    help="With --serve: how many seconds pass in the shop for each second here.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="With --serve; any free one if not given.")
@common_options
@click.pass_obj
def demo(session: Session, keep: Path | None, serve: bool, pace: float, port: int) -> None:
    """Watch orders being canceled at five simulated services.

    With --serve a shop is opened in the console instead.

    A button and then an e-mail at MWW, a lost response at Amazon, CommerceHub's order told last, a rule at BDLinx, and
    an order from Shopify whose cancellation one of three services rejects. Then an Order Desk store whose folder
    Canceled cancels. Takes a few seconds, touches nothing real.
    """
    import tempfile

    from orderdesk_devkit.cli.demo_requirements import require_demo, require_demo_shop
    from orderdesk_devkit.cli.demo_script import DemoScript
    from orderdesk_sdk.errors import ValidationError
    from orderdesk_sdk.plugin.toolkit.private_files import make_private_folder

    if serve:
        from orderdesk_devkit.cli.demo_serve import serve_demo

        if keep is not None:
            raise ValidationError("--serve keeps nothing", location="--keep", hint="leave one of the two out")
        require_demo_shop()
        serve_demo(session, port=port, pace=pace)
        return
    require_demo()
    if keep is not None:
        if keep.exists() and any(keep.iterdir()):
            raise ValidationError("the folder is not empty", location=str(keep), hint="name a new one")
        make_private_folder(keep)
        told = DemoScript(keep, quiet=session.as_json, keep_receipts=True).run()
    else:
        with tempfile.TemporaryDirectory(prefix="orderdesk-demo-") as folder:
            told = DemoScript(Path(folder), quiet=session.as_json, keep_receipts=False).run()
    if session.as_json:
        session.print_result(_document(told, keep), lambda _: None)


def _document(told: DemoResult, keep: Path | None) -> dict[str, object]:
    """What is told as JSON."""
    from orderdesk_sdk.desk.documents import case_document, receipt_document
    from orderdesk_sdk.desk.rule_previews import execution_document

    return {
        "kept": None if keep is None else str(keep.resolve()),
        "receipts": [receipt_document(receipt) for receipt in told.receipts],
        "resubmission": case_document(told.resubmission),
        "rejected_resubmission": told.rejection,
        "executions": [execution_document(at, execution) for at, execution in told.rule_executions],
        "store_orders": [
            {"receipt": receipt_document(receipt), "folder": folder, "history": list(history)}
            for receipt, folder, history in zip(
                told.store.receipts, told.store.folders, told.store.histories, strict=True
            )
        ],
    }
