"""Logins, factions and the sessions that prove them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import roles
from accounts.crypto import EncryptedField
from accounts.ids import uuid7
from accounts.models.tenants import TenantModel


class Faction(TenantModel):
    """A side in the game: a gang, a house, a corporation."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=64)
    name_key = models.CharField(max_length=128, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=("tenant", "name_key"), name="faction_name_unique"),)

    def __str__(self) -> str:
        return self.name


class Picture(TenantModel):
    """A person's picture as it is shown, re-encoded by us. Another picture is another row, so its address never changes what it
    shows; a row, not a file, so that it stands behind the wall between tenants and travels with every backup.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    content = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.id)


class User(TenantModel, AbstractBaseUser):
    """A login. A player is a user with a character name; staff may have a display name of their own."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    character_name = models.CharField(_("character name"), max_length=64)
    name_key = models.CharField(max_length=128, editable=False)
    display_name = models.CharField(max_length=64, blank=True)
    role = models.CharField(max_length=16, choices=[(r, r) for r in roles.ROLES], default=roles.PLAYER)
    faction = models.ForeignKey(
        Faction, on_delete=models.PROTECT, null=True, blank=True, related_name="members"
    )
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    emoji = models.CharField(max_length=16, blank=True)
    picture = models.ForeignKey(
        Picture, on_delete=models.PROTECT, null=True, editable=False, db_index=False, related_name="+"
    )
    email = EncryptedField(blank=True)
    email_index = models.BinaryField(null=True, editable=False, max_length=32)
    # When a letter to it was answered, or a game master vouched for it; before, nothing is sent there but the question.
    email_confirmed_at = models.DateTimeField(null=True, editable=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    password_changed_at = models.DateTimeField(null=True, editable=False)

    USERNAME_FIELD = "character_name"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ("character_name",)
        constraints = (
            models.UniqueConstraint(fields=("tenant", "name_key"), name="user_name_unique"),
            models.UniqueConstraint(
                fields=("tenant", "email_index"),
                condition=Q(email_index__isnull=False),
                name="user_email_unique",
            ),
            models.UniqueConstraint(
                fields=("tenant", "picture"),
                condition=Q(picture__isnull=False),
                name="user_picture_unique",
            ),
            models.CheckConstraint(condition=Q(role__in=roles.ROLES), name="user_role_known"),
        )

    def __str__(self) -> str:
        return self.display_name or self.character_name

    @property
    def is_staff(self) -> bool:
        """Whether this login may open the console (Django admin)."""
        return self.is_active and roles.allows(self.role, "accounts.console")

    @property
    def is_superuser(self) -> bool:
        """Nobody: what a role may do stands in ``accounts.roles``, without a back door."""
        return False

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return self.is_active and roles.allows(self.role, perm)

    def has_perms(self, perms: list[str], obj: Any = None) -> bool:
        return all(self.has_perm(perm, obj) for perm in perms)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff


class LoginSession(TenantModel):
    """One sign-in on one device. Its id is the ``sid`` of every token and cookie made from it, so ending it ends them all."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="sessions")
    device_name = models.CharField(max_length=80, blank=True)
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    # The refresh family: digest of the living token, and of its parent, which may come again for ten seconds.
    refresh_digest = models.BinaryField(null=True, max_length=32)
    parent_digest = models.BinaryField(null=True, max_length=32)
    rotated_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = (models.Index(fields=("user", "-created_at"), name="login_session_of_user"),)

    def __str__(self) -> str:
        return self.device_name or str(self.id)


class Invite(TenantModel):
    """A personal invitation to register; only a digest of its code is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    digest = models.BinaryField(max_length=32)
    faction = models.ForeignKey(Faction, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    used_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("tenant", "digest"), name="invite_digest_unique"),)

    def __str__(self) -> str:
        return str(self.id)


class LoginCode(TenantModel):
    """Signs one person in, once, until it expires: printed on a card, or shown at the desk. Sent by mail it only lets that
    person choose a new password. Only a digest of it is kept.
    """

    class Kind(models.TextChoices):
        CARD = "card", _("login card")
        DESK = "desk", _("code shown at the desk")
        # Opens no sign-in: only a new password is chosen with it.
        RESET = "reset", _("password reset by mail")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="login_codes")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    digest = models.BinaryField(max_length=32)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    # Taken back, or replaced by a newer one.
    voided_at = models.DateTimeField(null=True)
    # What came of it, so that the same phone may ask again when the answer got lost on the way. Not a relation: sign-ins stay
    # behind when an event moves to another server, and cards travel.
    session_id = models.UUIDField(null=True)
    device_id = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("tenant", "digest"), name="login_code_digest_unique"),)

    def __str__(self) -> str:
        return str(self.id)


class SearchToken(TenantModel):
    """A folded word of a name, found by range (``>=``, ``<``): LIKE ignores its index under row-level security."""

    id = models.BigAutoField(primary_key=True)
    target = models.CharField(
        max_length=100, help_text=_("What the word belongs to, as text: accounts.user:<id>")
    )
    kind = models.CharField(max_length=24)
    token = models.CharField(max_length=64)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("tenant", "kind", "token", "target"), name="search_token_unique"),
        )
        indexes = (models.Index(fields=("target",), name="search_token_target"),)

    def __str__(self) -> str:
        return f"{self.token} -> {self.target}"
