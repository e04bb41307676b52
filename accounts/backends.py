"""How Django finds a login again; checking a password is identity's, because it is more than a password."""

from __future__ import annotations

from django.contrib.auth.backends import BaseBackend

from accounts.models import User


class CharacterBackend(BaseBackend):
    def get_user(self, user_id: str) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True).first()
