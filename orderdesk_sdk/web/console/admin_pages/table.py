"""The pages on which the desk is looked after, with the role that each needs."""

from __future__ import annotations

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.web.console.admin_pages.audit import export_audit, show_audit, verify_audit
from orderdesk_sdk.web.console.admin_pages.connections import (
    disable_connection,
    enable_connection,
    register_webhook,
    remove_webhook,
    save_connection,
    show_connection,
    show_connections,
    show_new_connection,
    show_webhook,
    test_connection,
)
from orderdesk_sdk.web.console.admin_pages.health import show_health
from orderdesk_sdk.web.console.admin_pages.matrix import show_matrix
from orderdesk_sdk.web.console.admin_pages.rules import (
    delete_rule,
    disable_rule,
    enable_rule,
    save_rule,
    show_new_rule,
    show_rule,
    show_rules,
    try_rule,
)
from orderdesk_sdk.web.console.admin_pages.tokens import create_token, revoke_token, show_tokens
from orderdesk_sdk.web.console.admin_pages.users import (
    add_user,
    disable_user,
    enable_user,
    make_sign_in_link,
    set_role,
    show_users,
)
from orderdesk_sdk.web.console.pages import Page

__all__ = ["ADMIN_PAGES"]

ADMIN_PAGES = (
    Page("/rules", Role.VIEWER, show_rules),
    Page("/rules/new", Role.ADMIN, show_new_rule),
    Page("/rules/rule", Role.ADMIN, show_rule),
    Page("/rules/save", Role.ADMIN, post=save_rule),
    Page("/rules/try", Role.ADMIN, post=try_rule),
    Page("/rules/enable", Role.ADMIN, post=enable_rule),
    Page("/rules/disable", Role.ADMIN, post=disable_rule),
    Page("/rules/delete", Role.ADMIN, post=delete_rule),
    Page("/matrix", Role.VIEWER, show_matrix),
    Page("/health", Role.VIEWER, show_health),
    Page("/audit", Role.ADMIN, show_audit),
    Page("/audit/verify", Role.ADMIN, verify_audit),
    Page("/audit/export", Role.ADMIN, export_audit),
    Page("/users", Role.ADMIN, show_users),
    Page("/users/add", Role.ADMIN, post=add_user),
    Page("/users/role", Role.ADMIN, post=set_role),
    Page("/users/disable", Role.ADMIN, post=disable_user),
    Page("/users/enable", Role.ADMIN, post=enable_user),
    Page("/users/link", Role.ADMIN, post=make_sign_in_link),
    Page("/tokens", Role.ADMIN, show_tokens),
    Page("/tokens/create", Role.ADMIN, post=create_token),
    Page("/tokens/revoke", Role.ADMIN, post=revoke_token),
    Page("/connections", Role.ADMIN, show_connections),
    Page("/connections/new", Role.ADMIN, show_new_connection),
    Page("/connections/save", Role.ADMIN, post=save_connection),
    Page("/connections/{name}", Role.ADMIN, show_connection),
    Page("/connections/{name}/test", Role.ADMIN, post=test_connection),
    Page("/connections/{name}/webhook", Role.ADMIN, post=show_webhook),
    Page("/connections/{name}/webhook/register", Role.ADMIN, post=register_webhook),
    Page("/connections/{name}/webhook/remove", Role.ADMIN, post=remove_webhook),
    Page("/connections/{name}/enable", Role.ADMIN, post=enable_connection),
    Page("/connections/{name}/disable", Role.ADMIN, post=disable_connection),
)
