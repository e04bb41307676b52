"""What holds for every page, those included that somebody adds tomorrow."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts import tenancy
from accounts.models import LoginCode, User
from accounts.services.email import token_of
from accounts.services.login_codes import issue_login_codes
from accounts.services.password import ask_for_reset
from accounts.services.sessions import open_session
from accounts.services.world import pause_world
from casino.models import Game
from casino.services.house import fund, fund_prizes
from casino.services.seeds import rotate
from casino.services.setup import open_casino
from casino.services.stories import give
from ledger.models import Account
from ledger.services import asking, requests, transfers, vouchers
from ledger.services.transfers import Payment
from neobank import views
from neobank.problems import Problem
from tests.casino.floor import FLOAT, SMUGGLER, key, play
from tests.cast import Event, Person, make_event
from tests.pages.reading import sign_in, tags_of, text_of

ROOMS = ("bank", "people", "casino")

#: Pages that are only posted to; what they answer is another page.
POSTED = {
    "people:logout",
    "people:profile",
    "people:own_picture",
    "people:end_session",
    "people:end_others",
    "people:news_seen",
    "bank:seen",
    "bank:cancel",
    "bank:decline",
    "bank:take_back",
    "casino:rotate",
    "casino:client_seed",
}
#: Pictures that stand on pages, and files.
IMAGES = {"bank:account_qr", "casino:rounds_file", "bank:receipt_qr", "bank:request_qr", "people:picture"}
#: A document of its own, which must work without the bank (tests/browser/test_verifier.py).
ALONE = {"casino:verify"}
#: What a page's address needs, and how many queries it may take, whatever there is to list.
GUESTS = {
    "landing": 2,
    "people:register": 3,
    "people:login": 2,
    "people:card": 3,
    "people:forgot": 2,
    "people:reset": 3,
    "people:confirm_email": 3,
}
MEMBERS = {
    "landing": 3,
    "bank:home": 9,
    "bank:send": 7,
    "bank:history": 6,
    "bank:receipt": 7,
    "bank:refund": 7,
    "bank:pay": 3,
    "bank:charge": 5,
    "bank:charging": 5,
    "bank:takings": 8,
    "bank:qr": 4,
    "bank:poster": 4,
    "bank:scan": 3,
    "bank:request": 7,
    "bank:ask": 4,
    "bank:asked": 5,
    "bank:vouchers": 3,
    "bank:voucher": 5,
    "casino:floor": 14,
    "casino:machine": 14,
    "casino:odds": 14,
    "casino:fairness": 9,
    "casino:rounds": 9,
    "casino:round": 12,
    "casino:story": 12,
    "casino:limits": 9,
    "casino:pause": 4,
    "people:me": 6,
    "people:news": 4,
    "people:security": 4,
    "people:email": 4,
    "people:password": 4,
    "people:activity": 5,
}

INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|javascript:", re.IGNORECASE)


def page_names(patterns: Any = None, namespace: str = "") -> Iterator[str]:
    """The names of all pages that are in the URL resolver."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver) and pattern.namespace in ROOMS:
            yield from page_names(pattern.url_patterns, f"{pattern.namespace}:")
        elif isinstance(pattern, URLPattern) and (namespace or pattern.name == "landing"):
            yield f"{namespace}{pattern.name}"


@pytest.fixture
def paid(alice: Person, bob: Person) -> uuid.UUID:
    """A payment that Alice has received."""
    fund = transfers.transfer(actor=alice.actor, payment=Payment(bob.account.number, 50_00)).transfer
    assert fund.pk
    back = Payment(alice.account.number, 1_00, memo='<b>"beer" & </script><script>alert(1)</script>')
    return transfers.transfer(actor=bob.actor, payment=back).transfer.pk


@pytest.fixture
def addresses(paid: uuid.UUID, alice: Person, bob: Person, event: Event) -> dict[str, str]:
    """The address of every page that can be looked at; Alice's account is a till."""
    with tenancy.scope(alice.tenant):
        Account.objects.filter(pk=alice.account.pk).update(is_merchant=True)
    code = requests.ask(actor=alice.actor, amount=5_00, memo="<b>stew").request.code
    [issued] = issue_login_codes(
        actor=event.server,
        users=[bob.user],
        kind=LoginCode.Kind.CARD,
        lives=dt.timedelta(days=1),
        request="cards",
    )
    with tenancy.scope(bob.tenant):
        User.objects.filter(pk=bob.user.pk).update(email_confirmed_at=dt.datetime.now(dt.UTC))
    letter = ask_for_reset(actor=event.server, person=bob.user)
    with tenancy.scope(bob.tenant):
        token = token_of(bob.reload(), "<b>bob@example.org")
    rounds = _play_a_little(event, alice)
    asking.ask_people(actor=bob.actor, payers=["Alice"], amount=3_00, memo="<b>rent")
    asking.ask_people(actor=alice.actor, payers=["Bob"], amount=4_00, memo="<b>bread", with_me=True)
    made = vouchers.make_batch(
        actor=event.server, label="<b>loot", worth=5_00, count=1, lives=dt.timedelta(days=1)
    )
    [printed] = vouchers.print_batch(actor=event.server, batch=made.batch.pk)
    known: dict[str, dict[str, Any]] = {
        "bank:receipt": {"transfer_id": paid},
        "bank:refund": {"transfer_id": paid},
        "bank:pay": {"number": bob.account.number},
        "bank:poster": {"number": alice.account.number},
        "bank:charging": {"code": code},
        "bank:request": {"code": code},
        "bank:voucher": {"code": printed.code},
        "casino:machine": {"game": "glitch-grid"},
        "casino:odds": {"game": "starlight-smuggler"},
        "casino:round": {"round_id": rounds},
        "casino:story": {"story_id": _given_a_round(event, alice)},
        "people:card": {"code": issued.code},
        "people:reset": {"code": letter},
        "people:confirm_email": {"token": token},
    }
    found = {name: reverse(name, kwargs=known.get(name)) for name in {*GUESTS, *MEMBERS}}
    return found | {"casino:pause": f"{found['casino:pause']}?hours=24"}


def _play_a_little(event: Event, person: Person) -> uuid.UUID:
    open_casino(actor=event.server)
    fund(actor=event.server, amount=FLOAT, reason="float")
    with tenancy.scope(event.tenant):
        Game.objects.update(pace_ms=0, autoplay=True)
    play(person, SMUGGLER)
    rotate(actor=person.actor)
    return play(person).round.pk


def _given_a_round(event: Event, person: Person) -> uuid.UUID:
    fund_prizes(actor=event.server, amount=1_00, reason="prizes")
    return give(
        actor=event.server,
        player=person.user,
        game=SMUGGLER,
        set_name="98",
        stops=[1, 2, 3, 4, 5],
        prize=1_00,
        reason="<b>omen",
        told=False,
        claim=key(),
    ).pk


def test_every_page_is_in_the_tables_of_this_test() -> None:
    assert set(page_names()) == set(GUESTS) | set(MEMBERS) | POSTED | IMAGES | ALONE


def answers(addresses: dict[str, str], alice: Person) -> Iterator[tuple[str, Any]]:
    """Every page as its visitors see it, those that refuse and the forms with mistakes included."""
    guest, member = Client(), Client()
    sign_in(member, "Alice")
    for name in GUESTS:
        yield f"guest {name}", guest.get(addresses[name], follow=True)
    for name in MEMBERS:
        yield f"member {name}", member.get(addresses[name], follow=True)
    odd = '"><script>alert(1)</script>'
    for path, typed in {
        "/login": {"character_name": odd, "password": "x", "next": odd},
        "/register": {"character_name": odd, "password": "x", "repeat": "y"},
    }.items():
        yield f"mistake {path}", guest.post(path, typed)
    for path, typed in {
        "/bank/send": {"to": odd, "amount": odd, "memo": odd, "key": odd},
        addresses["bank:refund"]: {"amount": odd, "memo": odd},
        "/bank/ask": {"payers": odd, "amount": "1", "memo": odd, "key": odd},
        "/bank/charge": {"amount": odd, "memo": odd, "account": odd, "key": odd},
        addresses["bank:request"]: {"from_account": odd, "key": odd},
        addresses["casino:machine"]: {"bet_amount": odd, "config": odd, "key": odd},
        "/casino/fairness/client-seed": {"client_seed": odd + ":"},
        "/casino/limits": {"stake_max": odd},
        "/me/profile": {"emoji": odd},
        "/me/picture": {"picture": odd},
        "/me/email": {"email": odd, "current_password": "x"},
        "/me/password": {"current_password": odd, "new_password": odd, "repeat": "x"},
    }.items():
        yield f"mistake {path}", member.post(path, typed)
    yield "confirmation", member.post("/bank/send", {"to": "Bob", "amount": "1", "memo": odd}, follow=True)
    yield "search", member.get("/bank/history", {"q": odd})
    yield "prefilled", member.get("/bank/send", {"to": odd, "amount": odd, "memo": odd})
    yield "asking", member.post("/bank/ask", {"payers": "Bob", "amount": "1", "memo": odd})
    yield "voucher", member.get("/vouchers", {"code": odd})
    yield "no voucher", member.get("/vouchers/00000000000")
    yield "mistake /vouchers", member.post(addresses["bank:voucher"], {"to_account": odd, "key": odd})
    yield "scan", member.get("/bank/scan", {"number": odd})
    yield "takings", member.get("/bank/charge/takings", {"day": "2026-01-01"})
    yield "no such day", member.get("/bank/charge/takings", {"day": odd})
    yield "another's card", member.get(addresses["people:card"])
    yield "no card", guest.post("/card/nothing")
    yield "no letter", guest.post("/reset/nothing")
    yield "no address", guest.get("/confirm/nothing")
    yield "forgot", guest.post("/forgot", {"who": odd}, follow=True)
    yield "too short", guest.post(addresses["people:reset"], {"new_password": odd, "repeat": "x"})
    yield "a round", member.get(addresses["casino:machine"], {"bet_amount": odd, "key": odd})
    yield "no such round", member.get("/casino/rounds?after=x")
    yield "no such machine", member.get("/casino/nowhere")
    yield "404", member.get(f"/nowhere/{odd}")
    yield "404 guest", guest.get("/nowhere")
    yield "405", guest.get("/logout")
    yield "400", member.get("/bank/history?after=x")
    yield "403", Client(enforce_csrf_checks=True).post("/bank/send", {"to": odd})
    yield "meaning", guest.get("/errors/insufficient-funds")


def test_every_page_keeps_to_what_a_browser_may_do_here(addresses: dict[str, str], alice: Person) -> None:
    seen = 0
    for name, page in answers(addresses, alice):
        seen += 1
        policy = page["Content-Security-Policy"]
        assert "unsafe" not in policy, name
        for part in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"):
            assert part in policy, name
        assert "form-action 'self'" in policy, name
        assert page["X-Content-Type-Options"] == "nosniff", name
        assert not INLINE.search(page.content.decode()), name
        for tag, attributes in tags_of(page):
            assert "style" not in attributes, (name, tag)
            assert not [attribute for attribute in attributes if attribute.startswith("on")], (name, tag)
            for attribute in ("src", "href", "action"):
                value = attributes.get(attribute) or "/"
                assert re.match(r"#|/(?!/)", value), (name, tag, value)
    assert seen > 25


def test_every_page_can_be_used_without_eyes_or_mouse(addresses: dict[str, str], alice: Person) -> None:
    for name, page in answers(addresses, alice):
        tags = tags_of(page)
        assert [a["lang"] for tag, a in tags if tag == "html"] == ["en"], name
        assert [tag for tag, _ in tags].count("h1") == 1, name
        for landmark in ("main", "header", "nav", "footer"):
            assert landmark in {tag for tag, _ in tags}, (name, landmark)
        assert re.search(r"<title>\s*[^<·\s][^<]*</title>", page.content.decode()), name
        ids = [a["id"] for _, a in tags if a.get("id")]
        assert len(ids) == len(set(ids)), name
        labelled = {a.get("for") for tag, a in tags if tag == "label"}
        for tag, attributes in tags:
            if (
                tag in {"input", "select"}
                and attributes.get("type") != "hidden"
                and "hidden" not in attributes
            ):
                assert attributes.get("id") in labelled, (name, attributes)
            if tag == "img":
                assert "alt" in attributes, name
            for described in (attributes.get("aria-describedby") or "").split():
                assert described in ids, (name, described)
            for labelling in (attributes.get("aria-labelledby") or "").split():
                assert labelling in ids, (name, labelling)


def test_every_post_form_carries_a_token(addresses: dict[str, str], alice: Person) -> None:
    for name, page in answers(addresses, alice):
        forms = re.findall(r'<form method="post".*?</form>', page.content.decode(), re.DOTALL)
        assert all("csrfmiddlewaretoken" in form for form in forms), name


def test_what_people_typed_is_shown_as_text(addresses: dict[str, str], alice: Person) -> None:
    for name, page in answers(addresses, alice):
        assert "<script>alert" not in page.content.decode(), name


def test_pages_of_a_person_are_kept_by_no_browser(addresses: dict[str, str], alice: Person) -> None:
    member = Client()
    sign_in(member, "Alice")
    for name in set(MEMBERS) - {"landing", "bank:pay"}:
        assert "no-store" in member.get(addresses[name])["Cache-Control"], name


def test_every_page_says_when_the_bank_is_paused(
    addresses: dict[str, str], alice: Person, event: Event
) -> None:
    pause_world(actor=event.server, reason="Storm warning.")
    for name, page in answers(addresses, alice):
        assert "The bank is paused. Storm warning." in text_of(page), name


# -- Queries -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("many", [1, 30])
def test_no_page_asks_the_database_more_often_when_there_is_more_to_show(
    addresses: dict[str, str], alice: Person, bob: Person, event: Event, many: int
) -> None:
    for _ in range(many):
        transfers.transfer(actor=alice.actor, payment=Payment(bob.account.number, 1))
        play(alice)
        rotate(actor=alice.actor)
    with tenancy.scope(event.tenant):
        for _ in range(many):
            _session_of(alice)
    guest, member = Client(), Client()
    sign_in(member, "Alice")
    member.get("/bank")
    for visitor, table in ((guest, GUESTS), (member, MEMBERS)):
        for name, allowed in table.items():
            with CaptureQueriesContext(connection) as queries:
                visitor.get(addresses[name])
            assert len(queries) <= allowed, (name, [query["sql"][:200] for query in queries.captured_queries])


def _session_of(person: Person) -> None:
    with transaction.atomic():
        open_session(actor=person.actor, user=person.user, lasts=dt.timedelta(hours=1))


# -- Error pages -------------------------------------------------------------------------------------------------------


def test_an_error_page_says_what_to_do_and_which_number_to_tell(browser: Client) -> None:
    page = browser.get("/nowhere")
    assert page.status_code == 404
    assert "Check the address" in text_of(page)
    assert page["X-Request-Id"] in text_of(page)
    assert "Bank" in text_of(page), "the way back is there"


@pytest.mark.parametrize(("method", "path"), [("GET", "/logout"), ("DELETE", "/bank"), ("PUT", "/bank/send")])
def test_the_wrong_method_gets_a_page_too(browser: Client, method: str, path: str) -> None:
    page = browser.generic(method, path)
    assert page.status_code == 405
    assert "POST" in page["Allow"] or "GET" in page["Allow"]
    assert "Go back" in text_of(page)
    assert page["X-Request-Id"] in text_of(page)
    assert browser.head("/logout").content == b""


def test_the_page_for_a_broken_server_needs_nothing_that_could_be_broken(
    event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("neobank.views.render", broken)
    browser = Client(raise_request_exception=False)
    with CaptureQueriesContext(connection) as queries:
        page = browser.get("/")
    assert page.status_code == 500
    assert "Something broke on our side" in text_of(page)
    assert page["X-Request-Id"] in text_of(page)
    assert "RuntimeError" not in page.content.decode()
    assert "style-src 'self'" in page["Content-Security-Policy"]
    assert len(queries) <= 2


def test_refusals_raised_by_a_page_look_like_pages(event: Event, browser: Client) -> None:
    request = RequestFactory().get("/somewhere")
    waiting = views.refusal(request, Problem.of("rate_limited", "Wait.", retry_after=7))
    assert waiting.status_code == 429
    assert waiting["Retry-After"] == "7"
    assert "Try again" in text_of(waiting)
    assert views.forbidden(request, PermissionDenied()).status_code == 403


def test_without_any_event_the_page_says_what_to_run(db: None) -> None:
    page = Client().get("/")
    assert page.status_code == 503
    assert "manage.py bootstrap" in text_of(page)


def test_a_page_of_another_event_is_as_unknown_as_one_that_does_not_exist(
    browser: Client, event: Event
) -> None:
    other = make_event("borea")
    carol = other.person("Carol", money=10_00)
    dave = other.person("Dave")
    theirs = transfers.transfer(actor=carol.actor, payment=Payment(dave.account.number, 1)).transfer
    for address in (f"/bank/transfers/{theirs.pk}", f"/bank/transfers/{theirs.pk}/refund"):
        assert browser.get(address).status_code == 404
    assert "Carol" not in text_of(browser.get(f"/pay/{carol.account.number}", follow=True))
    assert "Carol" not in text_of(browser.post("/bank/send", {"to": "Carol", "amount": "1"})).replace(
        "“Carol”", ""
    )
