"""Players, staff and factions in the console."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import search
from accounts.activity import Wanted
from accounts.console.actions import ActionPage
from accounts.console.lists import ListForm
from accounts.console.pages import ConsoleAdmin
from accounts.console.parts import NOTHING, Cell, Fact, Panel, Table, link, moment
from accounts.console.people_actions import ROLE_LABELS, ChangeRole, NewPassword, SwitchOff, SwitchOn
from accounts.console.trail import ON_A_PAGE, panel_of, read, trail_of
from accounts.models import Faction, LoginSession, User
from accounts.requests import BankRequest
from accounts.services import people

MEMBERS_SHOWN: Final = 200
SIGN_INS_SHOWN: Final = 5


class UserListForm(ListForm):
    """People by name, account number, role, faction."""

    hint = gettext_lazy("The beginning of a name, or an account number.")
    role = forms.ChoiceField(label=gettext_lazy("Role"), required=False)
    faction = forms.ModelChoiceField(
        Faction.objects.none(), label=gettext_lazy("Faction"), required=False, empty_label=gettext_lazy("all")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("all")), *((role, str(label)) for role, label in ROLE_LABELS.items())]
        self.fields["role"].choices = choices  # type: ignore[attr-defined]
        self.fields["faction"].queryset = Faction.objects.all()  # type: ignore[attr-defined]

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        asked = self.cleaned_data
        if asked["role"]:
            rows = rows.filter(role=asked["role"])
        if asked["faction"]:
            rows = rows.filter(faction=asked["faction"])
        return rows


class UserPages(ConsoleAdmin):
    """Logins: who they are, where they are signed in, what was done to them and by them."""

    view_permission = "accounts.view_people"
    singular, plural = gettext_lazy("Person"), gettext_lazy("People")
    place = 10
    list_form = UserListForm
    list_display = ("name", "role_in_words", "faction_or_none", "login", "made")
    empty_list = gettext_lazy("Nobody found. Type only the beginning of the name, or the account number.")
    console_actions: ClassVar[tuple[type[ActionPage], ...]] = (ChangeRole, NewPassword, SwitchOff, SwitchOn)

    def rows(self) -> QuerySet[User]:
        return User.objects.select_related("faction")

    def found(self, text: str) -> Q:
        """Those whose name has words that begin so, and those whom an upper floor knows by ``text``."""
        return Q(pk__in=search.find(search.USER, text)) | self.found_by(text)

    @admin.display(description=gettext_lazy("Name"))
    def name(self, user: User) -> str:
        return user.character_name

    @admin.display(description=gettext_lazy("Role"))
    def role_in_words(self, user: User) -> Any:
        return ROLE_LABELS.get(user.role, user.role)

    @admin.display(description=gettext_lazy("Faction"))
    def faction_or_none(self, user: User) -> str:
        return user.faction.name if user.faction else NOTHING

    @admin.display(description=gettext_lazy("Login"))
    def login(self, user: User) -> Cell:
        return Cell(_("on")) if user.is_active else Cell(_("switched off"), tone="bad")

    @admin.display(description=gettext_lazy("Registered"))
    def made(self, user: User) -> Any:
        return moment(user.created_at)

    def title_of(self, row: User) -> str:
        return row.character_name

    def state_of(self, row: User) -> Fact | None:
        return None if row.is_active else Fact(_("Login"), _("switched off"), "bad")

    def facts(self, request: BankRequest, row: User) -> list[Fact]:
        faction = row.faction
        return [
            Fact(_("Role"), self.role_in_words(row)),
            Fact(
                _("Faction"),
                link(reverse("admin:accounts_faction_change", args=[faction.pk]), faction.name)
                if faction
                else NOTHING,
            ),
            *([Fact(_("Staff name"), row.display_name)] if row.display_name else []),
            Fact(_("Registered"), moment(row.created_at)),
        ]

    def panels(self, request: BankRequest, row: User) -> list[Panel]:
        if not request.user.has_perm("accounts.view_audit"):
            return []
        did = read(request.actor(), Wanted(user_ids=frozenset({row.pk})), limit=ON_A_PAGE)
        done_to_them = trail_of(
            request,
            people.target(row),
            title=_("What was done to them"),
            note=_("What game masters gave, took or froze stands on the page of the account."),
        )
        return [
            panel_of(_("What they did"), did, asked={"actor": str(row.pk)}, with_who=False),
            *([done_to_them] if done_to_them else []),
            _sign_ins(row),
        ]


def _sign_ins(user: User) -> Panel:
    latest = LoginSession.objects.filter(user=user).order_by("-created_at")[:SIGN_INS_SHOWN]
    rows = [
        [
            Cell(moment(session.created_at)),
            Cell(session.device_name or session.user_agent[:60] or NOTHING),
            Cell(session.ip or NOTHING),
            Cell(moment(session.last_used_at)),
            Cell(_("ended"), tone="quiet") if session.revoked_at else Cell(moment(session.expires_at)),
        ]
        for session in latest
    ]
    columns = [_("Signed in"), _("Device"), _("Address"), _("Last used"), _("Open until")]
    return Panel(_("Sign-ins"), table=Table(columns, rows, empty=_("Never signed in.")))


class FactionPages(ConsoleAdmin):
    """Factions and who is in them."""

    view_permission = "accounts.view_people"
    singular, plural = gettext_lazy("Faction"), gettext_lazy("Factions")
    place = 50
    list_display = ("name", "made")
    empty_list = gettext_lazy("There is no faction yet.")

    @admin.display(description=gettext_lazy("Made"))
    def made(self, faction: Faction) -> Any:
        return moment(faction.created_at)

    def panels(self, request: BankRequest, row: Faction) -> list[Panel]:
        members = list(User.objects.filter(faction=row).order_by("character_name")[: MEMBERS_SHOWN + 1])
        rows = [
            [
                Cell(link(reverse("admin:accounts_user_change", args=[member.pk]), member.character_name)),
                Cell(ROLE_LABELS.get(member.role, member.role)),
            ]
            for member in members[:MEMBERS_SHOWN]
        ]
        note = _("Only the first %(count)d are shown here.") % {"count": MEMBERS_SHOWN}
        done_to_it = trail_of(request, search.target_of(search.FACTION, row.pk))
        return [
            Panel(
                _("Members"),
                table=Table([_("Name"), _("Role")], rows, empty=_("Nobody yet.")),
                note=note if len(members) > MEMBERS_SHOWN else "",
            ),
            *([done_to_it] if done_to_it else []),
        ]
