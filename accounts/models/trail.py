"""What happened that is not a transfer, and what people are told about it."""

from __future__ import annotations

from django.db import models

from accounts.ids import uuid7
from accounts.models.people import User
from accounts.models.tenants import TenantModel


class AuditEvent(TenantModel):
    """One line of the trail. Append-only: the database refuses UPDATE and DELETE."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    actor_user_id = models.UUIDField(null=True)
    actor_key_id = models.UUIDField(null=True)
    # Readable for ever, also when the person is erased later: a name at the time, never a secret.
    actor_label = models.CharField(max_length=80)
    action = models.CharField(max_length=48)
    target = models.CharField(max_length=100, blank=True)
    status = models.CharField(max_length=48, default="ok")
    ip = models.GenericIPAddressField(null=True)
    device_id = models.CharField(max_length=64, blank=True)
    user_agent = models.CharField(max_length=200, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    metadata = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("tenant", "-id"), name="audit_newest"),
            models.Index(fields=("tenant", "target", "-id"), name="audit_of_target"),
            models.Index(fields=("tenant", "actor_user_id", "-id"), name="audit_of_user"),
            models.Index(fields=("tenant", "action", "-id"), name="audit_of_action"),
        )

    def __str__(self) -> str:
        return f"{self.action} {self.target} by {self.actor_label}: {self.status}"


class Notification(TenantModel):
    """A line in a person's inbox, written in the transaction of what it tells about."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="notifications")
    kind = models.CharField(max_length=48)
    text = models.CharField(max_length=280)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("user", "-id"), name="notification_newest"),
            # Few at any time, however much somebody was told in a season: the first page of the bank asks for them.
            models.Index(
                fields=("user", "-id"), condition=models.Q(read_at=None), name="notification_unread"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"
