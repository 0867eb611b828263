"""A shop that demands a reply of its own to its messages, a toy that declares it, and two that do not."""

from __future__ import annotations

from attrs import evolve

from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.webhooks import WebhookReply
from tests.support.liar_shops import SigningShop
from tests.support.toy_liars import Signed

__all__ = ["DemandingShop", "RepliesAsDemanded", "RepliesInItsOwnWords", "SilentOnReplies"]


class DemandingShop(SigningShop):
    """Sends a message again unless it is answered 202 [accepted]."""

    def takes_reply(self, status: int, body: str) -> bool | None:
        return (status, body) == (202, "[accepted]")


class RepliesAsDemanded(Signed):
    """Declares what the shop demands."""

    reply = WebhookReply(202, "[accepted]")

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return evolve(super().orderdesk_integration(), webhook_reply=self.reply)


class RepliesInItsOwnWords(RepliesAsDemanded):
    """Declares another body."""

    reply = WebhookReply(202, "accepted")


class SilentOnReplies(Signed):
    """Declares nothing."""
