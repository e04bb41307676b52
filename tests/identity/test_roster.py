"""The roster: what each bad line is told, that good ones come in whole, and that the same file again changes nothing."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import roles, search, tenancy
from accounts.errors import Conflict, Denied, Invalid
from accounts.models import AuditEvent, User
from identity.roster import BYTES_MAX, ROWS_MAX, Row, amount_of, read
from identity.services import roster
from identity.services.roster import Plan, import_roster, plan_roster
from ledger import selectors
from ledger.models import Account, Balance, Transfer
from tests.cast import Event, World
from tests.identity import rosters

GOOD = rosters.SIZE - len(rosters.BAD)


def rows(*lines: str, heading: str = "name;faction;balance;role;email;display name") -> list[Row]:
    return read("\n".join((heading, *lines)).encode())


def numbers(event: Event) -> tuple[int, int, int, int]:
    with tenancy.scope(event.tenant):
        counted = (model.objects.count() for model in (User, Account, Transfer, AuditEvent))
        return tuple(counted)  # type: ignore[return-value]


def faults(plan: Plan) -> dict[int, str]:
    return {fault.line: " ".join(fault.sentences) for fault in plan.faults}


# -- The 500 -----------------------------------------------------------------------------------------------------------


def test_a_dry_run_names_every_bad_line_and_writes_nothing(world: World) -> None:
    content, expected = rosters.with_bad_lines()
    before = numbers(world.arcadia)
    plan = plan_roster(actor=world.gm.actor, rows=read(content))
    found = faults(plan)
    assert found.keys() == expected.keys()
    assert not {line: found[line] for line, word in expected.items() if word not in found[line]}
    assert (len(plan.new), plan.present, plan.total) == (GOOD, [], rosters.total_of(GOOD))
    assert numbers(world.arcadia) == before


def test_all_or_nothing_is_nothing_while_a_line_is_wrong(world: World) -> None:
    content, expected = rosters.with_bad_lines()
    before = numbers(world.arcadia)
    with pytest.raises(Conflict, match=f"{len(expected)} lines are wrong") as refused:
        import_roster(actor=world.gm.actor, rows=read(content), whole=True)
    assert refused.value.code == "roster_has_faults"
    assert numbers(world.arcadia) == before


def test_the_good_lines_come_in_and_the_same_file_again_changes_nothing(world: World) -> None:
    content, _expected = rosters.with_bad_lines()
    heard: list[int] = []
    with CaptureQueriesContext(connection) as queries:
        done = import_roster(actor=world.gm.actor, rows=read(content), whole=False, progress=heard.append)
    assert len(done.new) == GOOD == heard[-1]
    # Not one by one: the bank stands still for whoever waits for a row.
    assert len(queries) < 2 * GOOD
    with tenancy.scope(world.arcadia.tenant):
        people = User.objects.filter(character_name__startswith="Runner ")
        assert people.count() == GOOD
        assert not [user for user in people if user.has_usable_password()]
        assert people.filter(faction=world.arcadia.faction).count() == GOOD // 2
        assert Account.objects.filter(holder__user__in=people, is_primary=True).count() == GOOD
        sums = Balance.objects.filter(account__holder__user__in=people).values_list("amount", flat=True)
        assert sum(sums) == rosters.total_of(GOOD)
        [found] = search.find(search.USER, "runner 007")
        assert User.objects.get(pk=found).character_name == "Runner 007"
        assert AuditEvent.objects.filter(action="roster.import").count() == 1
        assert AuditEvent.objects.filter(action="user.create", metadata__by="roster").count() == GOOD
    after = numbers(world.arcadia)
    again = import_roster(actor=world.gm.actor, rows=read(content), whole=False)
    assert (again.new, len(again.present), again.unpaid) == ([], GOOD, [])
    assert numbers(world.arcadia) == after


def test_a_good_file_comes_in_whole(world: World) -> None:
    text = "\n".join(["name,faction,balance", 'Vex,chrome  syndicate,"12,50"', "Old Nyx,,7"])
    done = import_roster(actor=world.gm.actor, rows=read(text.encode()), whole=True)
    assert [(one.user.character_name, one.balance) for one in done.new] == [("Vex", 12_50), ("Old Nyx", 7_00)]
    with tenancy.scope(world.arcadia.tenant):
        vex = User.objects.select_related("faction").get(character_name="Vex")
        assert (vex.faction, vex.role) == (world.arcadia.faction, roles.PLAYER)
        paid = Transfer.objects.get(to_account__holder__user=vex)
        assert (paid.kind, paid.amount, paid.actor_id) == (Transfer.Kind.ADMIN, 12_50, world.gm.user.pk)
        assert str(paid.reference).startswith("opening:")


# -- Who is there already ----------------------------------------------------------------------------------------------


def test_somebody_who_is_there_is_left_as_he_is(world: World) -> None:
    plan = import_roster(actor=world.gm.actor, rows=rows("ALICE;;999;gm", "Vex;;1"), whole=True)
    assert [row.name for row in plan.present] == ["ALICE"]
    assert [row.name for row in plan.unpaid] == ["ALICE"], "she never had an opening balance of a roster"
    assert world.alice.reload().role == roles.PLAYER
    assert world.alice.balance() == 100_00


def test_a_name_that_only_looks_like_one_that_is_there_is_a_fault(world: World) -> None:
    world.arcadia.person("Mila")
    plan = plan_roster(actor=world.gm.actor, rows=rows("MiIa;;1"))
    assert "“Mila” is there already" in faults(plan)[2]


def test_a_balance_in_a_later_file_is_not_paid_a_second_time(world: World) -> None:
    import_roster(actor=world.gm.actor, rows=rows("Vex;;10"), whole=True)
    done = import_roster(actor=world.gm.actor, rows=rows("Vex;;500", "Nyx;;1"), whole=True)
    assert [one.user.character_name for one in done.new] == ["Nyx"]
    assert done.unpaid == []
    with tenancy.scope(world.arcadia.tenant):
        vex = Account.objects.get(holder__user__character_name="Vex")
        assert selectors.standings([vex])[0].balance.amount == 10_00


def test_what_was_agreed_to_is_what_is_done(world: World) -> None:
    lines = rows("Vex;;10", "Nyx;;1")
    agreed = plan_roster(actor=world.gm.actor, rows=lines).fingerprint
    world.arcadia.person("Nyx")
    before = numbers(world.arcadia)
    with pytest.raises(Conflict) as refused:
        import_roster(actor=world.gm.actor, rows=lines, whole=False, expected=agreed)
    assert refused.value.code == "roster_changed"
    assert numbers(world.arcadia) == before


def test_an_opening_balance_that_is_refused_takes_everybody_back_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise Conflict("balance_limit", "No more.")

    monkeypatch.setattr(roster, "pay_opening_balances", refuse)
    before = numbers(world.arcadia)
    with pytest.raises(Conflict, match="No more"):
        import_roster(actor=world.gm.actor, rows=rows("Vex", "Nyx;;1"), whole=True)
    assert numbers(world.arcadia) == before


# -- Roles, addresses, rights ------------------------------------------------------------------------------------------


def test_roles_addresses_and_display_names_are_taken(world: World) -> None:
    done = import_roster(
        actor=world.gm.actor,
        rows=rows("Vex;;;cashier;vex@example.org;Sam Miller", "Nyx;;;Game Master"),
        whole=True,
    )
    vex, nyx = (one.user for one in done.new)
    assert (vex.role, vex.display_name, nyx.role) == (roles.CASHIER, "Sam Miller", roles.GM)
    assert b"vex@example.org" not in bytes(vex.email)
    plan = plan_roster(
        actor=world.gm.actor,
        rows=rows("A1;;;;VEX@example.org", "A2;;;;b@c.de", "A3;;;;B@c.de", "A4;;;;;=1+1"),
    )
    found = faults(plan)
    assert found.keys() == {2, 4, 5}
    assert "this e-mail address" in found[2]
    assert "this e-mail address" in found[4]
    assert "display name”: what begins" in found[5]


@pytest.mark.parametrize("role", [role for role in roles.ROLES if not roles.allows(role, roster.PERMISSION)])
def test_only_whoever_may_imports(world: World, role: str) -> None:
    actor = world.arcadia.person("Somebody", role=role).actor
    for act in (
        lambda: plan_roster(actor=actor, rows=rows("Vex")),
        lambda: import_roster(actor=actor, rows=rows("Vex"), whole=True),
    ):
        with pytest.raises(Denied):
            act()


def test_names_of_another_event_are_free_here(world: World) -> None:
    done = import_roster(actor=world.charlies_gm.actor, rows=rows("Alice;;5"), whole=True)
    assert len(done.new) == 1
    plan = plan_roster(actor=world.charlies_gm.actor, rows=rows("Vex;Chrome Syndicate"))
    assert "There is: Ice Court" in faults(plan)[2]


def test_the_books_are_right_afterwards(world: World) -> None:
    content, _expected = rosters.with_bad_lines()
    import_roster(actor=world.gm.actor, rows=read(content), whole=False)
    with tenancy.scope(world.arcadia.tenant):
        assert sum(Balance.objects.values_list("amount", flat=True)) == 0


# -- Reading -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "no line"),
        (b"name;faction\n", "no line"),
        (b"Vex;Chrome\n", "one of them is"),
        (b"name;pin\nVex;1\n", "no column"),
        (b"name;Name\nVex;1\n", "twice"),
        ("name\nJosé\n".encode("latin-1"), "CSV UTF-8"),
        ("name\nVex\n".encode("utf-16"), "CSV UTF-8"),
        (b"name\nV\0x\n", "no text file"),
        (b'name;faction\n"Vex;Chrome\n', "quotation mark"),
        (b"name;faction\nVex;Chrome;more\n", "more cells"),
        (b"name\n" + b"x\n" * (ROWS_MAX + 1), "more than 1000"),
        (b"x" * (BYTES_MAX + 1), "too large"),
    ],
)
def test_a_file_that_is_no_roster_is_refused_with_what_to_do(content: bytes, word: str) -> None:
    with pytest.raises(Invalid, match=word) as refused:
        read(content)
    assert refused.value.code == "invalid_roster"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_every_spreadsheets_way_of_saving_is_read(end: str, mark: str) -> None:
    lines = ["Name\tGuthaben\tFraktion", "", '"Vex"\t5\t', "Nyx", "\t\t"]
    found = read((mark + end.join(lines)).encode())
    assert [(row.line, row.name, row.balance) for row in found] == [(3, "Vex", "5"), (4, "Nyx", "")]


def test_a_line_is_counted_as_an_editor_counts_it() -> None:
    found = read(b'name;display name\n"Vex";"Sam\nMiller"\nNyx;\n')
    assert [row.line for row in found] == [2, 4]


@pytest.mark.parametrize(
    ("text", "minor"), [("", 0), ("  ", 0), ("0", 0), ("12", 1200), ("12.5", 1250), ("12,50", 1250)]
)
def test_amounts_are_read_as_people_write_them(text: str, minor: int) -> None:
    assert amount_of(text, exponent=2) == minor


@pytest.mark.parametrize("text", ["-1", "1e3", "0x10", "1_000", "NaN", "١٢", "1.234,50", "1.", ".5", "1 000"])
def test_what_is_no_plain_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\."):
        amount_of(text, exponent=2)
