"""Who does something, and from where: the first argument of every service."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _

from accounts import roles
from accounts.errors import Denied
from accounts.models import ApiKey, LoginSession, Tenant, User

# How the trail names somebody who has not signed in.
VISITOR: Final = "visitor"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, as far as it can be known."""

    ip: str | None = None
    device_id: str = ""
    user_agent: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """A user, a device key, staff at the machine, or a visitor (nobody yet, who may do nothing), in one tenant."""

    tenant: Tenant
    user: User | None = None
    key: ApiKey | None = None
    session: LoginSession | None = None
    label: str = ""
    # Said, not guessed from there being no user: somebody about to sign in has none either.
    is_server: bool = False
    origin: Origin = field(default_factory=Origin)

    @classmethod
    def server(cls, tenant: Tenant, command: str) -> Actor:
        """Staff at the machine, through ``manage.py <command>``."""
        return cls(tenant=tenant, label=f"manage.py {command}", is_server=True)

    @classmethod
    def visitor(cls, tenant: Tenant, origin: Origin) -> Actor:
        """Somebody who has not signed in yet."""
        return cls(tenant=tenant, label=VISITOR, origin=origin)

    @property
    def name(self) -> str:
        """How the trail names it: never a secret."""
        if self.user is not None:
            return self.user.character_name
        if self.key is not None:
            return f"{self.key.name} ({self.key.prefix})"
        return self.label

    @property
    def principal(self) -> str:
        """Whose idempotency keys these are: ``u:<id>``, ``k:<id>`` or ``s:<label>``."""
        if self.user is not None:
            return f"u:{self.user.pk}"
        if self.key is not None:
            return f"k:{self.key.pk}"
        return f"s:{self.label}"[:40]

    @property
    def user_id(self) -> uuid.UUID | None:
        return self.user.pk if self.user else None

    @property
    def key_id(self) -> uuid.UUID | None:
        return self.key.pk if self.key else None

    def may(self, permission: str) -> bool:
        """Whether the actor's role has ``permission``. A key has none: what it may is said by its scopes."""
        if self.key is not None:
            return False
        if self.user is None:
            return self.is_server and roles.allows(roles.SERVER, permission)
        return self.user.has_perm(permission)

    def require(self, permission: str) -> None:
        """Raises ``Denied`` (``not_allowed``) unless the actor has ``permission``."""
        if not self.may(permission):
            raise Denied("not_allowed", _("You are not allowed to do this. Ask a game master."))

    def has_scope(self, scope: str) -> bool:
        """Whether the actor is a key with ``scope``."""
        return self.key is not None and scope in self.key.scopes
