"""The settings of a service whose calls stand in its customer's configuration, what they lack, and hooks over them.

A plugin whose service documents nothing takes `CustomApiSettings` as it is; one whose service documents some of it
inherits `ApiProfileSettings` and adds that. What is lacking is a person's task and is never filled with a guess. The
hooks become the plugin's own by `from orderdesk_sdk.plugin.profiles.api_settings import orderdesk_cancel,
orderdesk_poll`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.connection_settings import custom, read_header_name, secret, setting, settings, url
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.order_numbers import Identity
from orderdesk_sdk.plugin.profiles.api_flows import cancel_by_profile, confirmation_by_profile, poll_by_profile
from orderdesk_sdk.plugin.profiles.api_profile import ApiProfile, read_api_profile
from orderdesk_sdk.plugin.routes import Button, Route
from orderdesk_sdk.secret import Secret

if TYPE_CHECKING:
    import httpx

    from orderdesk_sdk.plugin.requests import CancelRequest, PollRequest
    from orderdesk_sdk.plugin.service import Flow, Service

__all__ = ["CustomApiSettings", "ApiProfileSettings", "orderdesk_cancel", "orderdesk_poll"]


@settings
class ApiProfileSettings:
    """The base of settings with an API profile."""

    undocumented: ClassVar[str] = "API format"
    """What nobody published, in the words of the plan."""
    hint: ClassVar[str] = "ask the service for its API document and configure what it says"

    api: ApiProfile | None = custom(read_api_profile, help="how it is called: cancel, and maybe read", default=None)

    def required(self) -> Sequence[str]:
        """The settings without which nothing can be called, in the order in which they are told."""
        return ("api",)

    def missing(self) -> str | None:
        """Which of these are lacking, or None: what `Integration.unavailable_reason` asks for."""
        names = [name for name in self.required() if getattr(self, name) in ("", None, Secret(""))]
        return f"{self.undocumented} not configured: {', '.join(names)} missing; {self.hint}" if names else None

    def profile(self) -> ApiProfile:
        """The API profile of a connection that lacks nothing. Raises ConfigurationError for another."""
        why = self.missing()
        if self.api is None or why:
            raise ConfigurationError(why or "no API profile is configured", location="settings", hint=self.hint)
        return self.api

    def identities(self) -> Mapping[str, Identity]:
        """Where the responses state which order they are about: what `Integration.identified_by` asks for."""
        return self.api.identities() if self.api is not None else {}

    def routes(self) -> tuple[Route, ...]:
        """The one button, proved by whatever the profile can prove: what `Integration.routes_for` asks for."""
        return (Button(confirmation_by_profile(self.api)),)


@settings
class CustomApiSettings(ApiProfileSettings):
    """What a connection to a service needs that documents nothing: where it is, who we are, how that is sent.

    Args:
        auth_mode: basic (RFC 7617), headers (user and secret in one header each) or header (the secret alone).
    """

    api_user: str = setting(str, help="the user of the API, where it has one", default="")
    api_secret: Secret = secret(help="the secret, password or key of the API", default=Secret(""))
    base_url: str = url(help="the service's API, from its API document", default="")
    auth_mode: str = setting(str, help="how they are sent", default="", choices=("basic", "headers", "header"))
    user_header: str = custom(read_header_name, help="for auth_mode headers: the header with the user", default="")
    secret_header: str = custom(read_header_name, help="for headers and header: the header with the secret", default="")

    def required(self) -> Sequence[str]:
        credentials = {
            "basic": ("api_user", "api_secret"),
            "headers": ("api_user", "api_secret", "user_header", "secret_header"),
            "header": ("api_secret", "secret_header"),
        }
        return ("base_url", "auth_mode", "api", *credentials.get(self.auth_mode, ()))

    def auth(self) -> httpx.Auth:
        """How requests are signed. Where that is not configured `profile` lets none be made."""
        from orderdesk_sdk.plugin.auth import HeaderAuth, basic_auth  # They need httpx, and a plan does not need them.

        if self.auth_mode == "basic":
            return basic_auth(self.api_user, self.api_secret)
        user = {self.user_header: self.api_user} if self.auth_mode == "headers" else {}
        return HeaderAuth({**user, self.secret_header: self.api_secret})


@hookimpl
def orderdesk_cancel(request: CancelRequest, service: Service[ApiProfileSettings]) -> Flow[Answer]:
    """Cancel as the profile says. Raises ConfigurationError where something is lacking."""
    return (yield from cancel_by_profile(service.settings.profile(), request, service))


@hookimpl
def orderdesk_poll(request: PollRequest, service: Service[ApiProfileSettings]) -> Flow[Answer]:
    """Poll as the profile says. Raises ConfigurationError where something is lacking."""
    return (yield from poll_by_profile(service.settings.profile(), request, service))
