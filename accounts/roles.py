"""Who may do what: one literal table.

A role is a column of the user, never a row somebody can edit by accident, so a change takes effect with the next request
and costs no query. A permission that is not listed is refused. Keys (tills, props) have scopes instead of a role.
"""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext_lazy

SUPER_ADMIN: Final = "super_admin"
OPERATOR: Final = "operator"
GM: Final = "gm"
AGENT: Final = "agent"
SUB_AGENT: Final = "sub_agent"
CASHIER: Final = "cashier"
GATE_STAFF: Final = "gate_staff"
SUPPORT: Final = "support"
PLAYER: Final = "player"

# Staff at the machine itself (manage.py). Not a role that a login can have.
SERVER: Final = "server"

_PLAYER: Final = frozenset({"ledger.pay", "ledger.refund_own", "casino.play"})
_SUPPORT: Final = _PLAYER | {"accounts.console", "accounts.view_people", "ledger.view_all", "casino.view"}
_GM: Final = _SUPPORT | {
    "accounts.view_audit",
    "accounts.login_codes",
    "accounts.manage_keys",
    "accounts.manage_people",
    "accounts.manage_roles",
    "accounts.manage_tenant",
    "ledger.adjust",
    "ledger.freeze",
    "ledger.limits",
    "ledger.merchants",
    "ledger.pause",
    "ledger.payroll",
    "ledger.refund_any",
    "ledger.reverse",
    "ledger.vouchers",
    "ledger.export",
    "identity.import_roster",
    "casino.manage",
}

PERMISSIONS: Final[dict[str, frozenset[str]]] = {
    PLAYER: _PLAYER,
    GATE_STAFF: _PLAYER,
    CASHIER: _PLAYER,
    SUB_AGENT: _PLAYER,
    AGENT: _PLAYER,
    SUPPORT: _SUPPORT,
    GM: _GM,
    OPERATOR: _GM,
    SUPER_ADMIN: _GM,
    SERVER: _GM,
}

ROLES: Final = tuple(role for role in PERMISSIONS if role != SERVER)

# How people call them.
LABELS: Final[dict[str, Any]] = {
    PLAYER: gettext_lazy("player"),
    SUPPORT: gettext_lazy("support"),
    GM: gettext_lazy("game master"),
    CASHIER: gettext_lazy("cashier"),
    GATE_STAFF: gettext_lazy("gate staff"),
    AGENT: gettext_lazy("agent"),
    SUB_AGENT: gettext_lazy("sub-agent"),
    OPERATOR: gettext_lazy("operator"),
    SUPER_ADMIN: gettext_lazy("super admin"),
}

# What a device key may be allowed; everything else is refused to it. `credit` is what every key is born with.
SCOPES: Final[dict[str, str]] = {
    "credit": "take payments into its own account, when the payer has approved them",
    "debit:any": "take money from any player's account by its number alone",
    "balance:read": "read the balance of its own account",
    "balance:any": "read the balance of any account",
}


def allows(role: str, permission: str) -> bool:
    """Whether ``role`` has ``permission``; an unknown role has none."""
    return permission in PERMISSIONS.get(role, frozenset())
