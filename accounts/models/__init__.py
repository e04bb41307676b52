"""Who exists, what they may do, what they did."""

from accounts.models.keys import ApiKey
from accounts.models.people import Faction, Invite, LoginCode, LoginSession, Picture, SearchToken, User
from accounts.models.tenants import CredentialTenant, Domain, Logo, Tenant, TenantModel
from accounts.models.trail import AuditEvent, Notification

__all__ = [
    "ApiKey",
    "AuditEvent",
    "CredentialTenant",
    "Domain",
    "Faction",
    "Invite",
    "LoginCode",
    "LoginSession",
    "Logo",
    "Notification",
    "Picture",
    "SearchToken",
    "Tenant",
    "TenantModel",
    "User",
]
