"""People, factions and the trail in the console."""

from __future__ import annotations

from django.contrib import admin

from accounts.console.events import AuditPages
from accounts.console.people import FactionPages, UserPages
from accounts.models import AuditEvent, Faction, User

admin.site.register(User, UserPages)
admin.site.register(Faction, FactionPages)
admin.site.register(AuditEvent, AuditPages)
