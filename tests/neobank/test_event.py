"""``manage.py event``: one laptop in a field, from nothing to phones that pay, and the same event after every fall."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import re
import socket
import ssl
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from django.conf import settings
from django.core.management import CommandError, call_command

from neobank.laptop import authority, place
from neobank.management.commands import local
from tests import environment
from tests.databases import eventually
from tests.laptops import GM, PASSWORD, Laptop
from tests.paper import codes_in, page_count, words_in
from tests.sessions import Database

# Most of it has a database of its own, a SQLite file in the event's folder, whatever the suite runs on.
own_database = pytest.mark.sqlite_only
MakeLaptop = Callable[..., Laptop]


@pytest.fixture
def make_laptop(tmp_path: Path) -> Iterator[MakeLaptop]:
    """``make_laptop("one", SETTING="…")``: a laptop with nothing on it."""
    made: list[Laptop] = []
    around = environment.process_environment("sqlite://", tmp_path)

    def make(name: str = "one", **more: str) -> Laptop:
        made.append(Laptop.new(tmp_path / name, around, **more))
        return made[-1]

    yield make
    for laptop in made:
        laptop.kill()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """One event for all the tests that leave it as it is: a start costs four processes."""
    folder = tmp_path_factory.mktemp("shared")
    made = Laptop.new(folder / "one", environment.process_environment("sqlite://", folder))
    yield made
    made.kill()


@pytest.fixture
def laptop(shared: Laptop) -> Laptop:
    """The shared laptop with its event open."""
    is_open = shared.process is not None and shared.process.poll() is None
    return shared if is_open else shared.start()


@own_database
def test_one_command_without_questions_makes_a_bank_that_phones_believe(laptop: Laptop) -> None:
    assert laptop.ask("/health/ready").json["status"] == "healthy"
    assert laptop.ask("/health", host="localhost").status == 200
    with pytest.raises(ssl.SSLCertVerificationError):
        laptop.trusting().wrap_socket(
            socket.create_connection(("127.0.0.1", laptop.port)), server_hostname="bank.example"
        )
    with pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(
            socket.create_connection(("127.0.0.1", laptop.port)), server_hostname="127.0.0.1"
        )
    said = laptop.said()
    assert f"https://127.0.0.1:{laptop.port}/" in said
    assert "No network: only this laptop reaches it." in said
    assert PASSWORD not in said
    for path in (laptop.folder_of_event, *laptop.folder_of_event.iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    signing_in(laptop)
    plain_http(laptop)
    posters(laptop)


def signing_in(laptop: Laptop) -> None:
    """Login by form over https: cookies that never travel in clear, and no form without its origin."""
    page = laptop.ask("/login")
    assert page.headers["Strict-Transport-Security"].startswith("max-age=3600")
    assert "insecure" not in page.text
    [cookie] = [cookie for cookie in page.cookies if cookie.startswith("neobank_csrf=")]
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token is not None
    origin = f"https://127.0.0.1:{laptop.port}"
    form = {"csrfmiddlewaretoken": token[1], "character_name": GM, "password": PASSWORD}
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": cookie.partition(";")[0],
        "Origin": origin,
    }
    entered = laptop.post("/login", form, headers)
    assert entered.status == 302, entered.text
    [session] = [cookie for cookie in entered.cookies if cookie.startswith("neobank_session=")]
    for set_cookie in (cookie, session):
        assert "Secure" in set_cookie
        assert "HttpOnly" in set_cookie
    assert laptop.post("/login", form, {**headers, "Origin": "https://bank.example"}).status == 403
    for demo in ("Razor", "Kestrel", "Moth", "Overseer"):
        answer = laptop.ask("/api/v1/auth/login", {"character_name": demo, "password": PASSWORD})
        assert answer.status == 401, "no demo users"


def plain_http(laptop: Laptop) -> None:
    """The plain port has the authority's certificate, and nothing else that is not a redirect."""
    fingerprint = authority.fingerprint(authority.certificate_in(laptop.folder_of_event / "authority.pem"))
    page = laptop.ask_plainly("/", port=laptop.http_port)
    assert page.status == 200
    assert fingerprint in page.text
    assert fingerprint.replace(":", "")[:32] in laptop.said().replace(":", "")
    [link] = re.findall(r'href="(/[^"]+\.crt)"', page.text)
    handed_out = laptop.ask_plainly(link, port=laptop.http_port)
    assert handed_out.headers["Content-Type"] == "application/x-x509-ca-cert"
    x509.load_der_x509_certificate(handed_out.body)
    assert hashlib.sha256(handed_out.body).digest().hex(":").upper() == fingerprint
    assert laptop.ask_plainly("/style.css", port=laptop.http_port).status == 200
    for port in (laptop.http_port, laptop.port):
        sent_on = laptop.ask_plainly("/send?to=Vex", port=port)
        assert sent_on.status == 302
        assert sent_on.headers["Location"] == f"https://127.0.0.1:{laptop.port}/send?to=Vex"
        astray = laptop.ask_plainly("//bank.example/", port=port, host="bank.example")
        assert astray.headers["Location"] == f"https://127.0.0.1:{laptop.port}/"
    assert laptop.ask_plainly("/login", port=laptop.http_port, method="POST").status == 405


def posters(laptop: Laptop) -> None:
    """One page, and both of its codes lead where it says."""
    page = (laptop.folder_of_event / "poster.pdf").read_bytes()
    assert page_count(page) == 1
    codes, text = set(codes_in(page)), words_in(page)
    [code] = set(re.findall(r"^Event code +(\S+)$", laptop.said(), re.MULTILINE))
    join = f"https://127.0.0.1:{laptop.port}/register?event_code={code}"
    assert codes == {f"http://127.0.0.1:{laptop.http_port}/", join}
    assert join in laptop.said()
    assert code in text
    assert "Neon Night" in text
    fingerprint = authority.fingerprint(authority.certificate_in(laptop.folder_of_event / "authority.pem"))
    assert fingerprint.replace(":", "") in text.replace(" ", "")
    form = laptop.ask(join.partition(str(laptop.port))[2])
    assert f'value="{code}"' in form.text


@own_database
def test_a_laptop_that_falls_again_and_again_comes_back_as_it_was_and_asks_nothing(
    make_laptop: MakeLaptop, tmp_path: Path
) -> None:
    laptop = make_laptop().start()
    token = laptop.register("Vex")
    before = files(laptop)
    key = laptop.secrets()["BACKUP_KEY"]
    assert laptop.said().count(key) == 1
    answers = ("EVENT_NAME", "EVENT_GM_NAME", "EVENT_GM_PASSWORD")
    laptop.environment = {name: text for name, text in laptop.environment.items() if name not in answers}

    only_the_parent_dies(laptop)
    laptop.environment = {
        **laptop.environment,
        "WEB_THREADS": "2",
        "WEB_SILENCE_S": "1",
        "WEB_REQUEST_S": "2",
        "WEB_SEND_S": "2",
        "EVENT_BACKUP_DIR": str(tmp_path / "unplugged" / "stick"),
    }
    laptop.start()
    assert files(laptop) == before
    account = laptop.ask("/api/v1/account", Authorization=f"Bearer {token}")
    assert account.status == 200, (
        "Vex stays signed in, so the account, the secrets and the certificate are the same"
    )
    laptop.sign_in()
    assert laptop.said().count(key) == 1, "it is shown once"
    no_backup_is_cried_out(laptop)
    phones_that_stop_half_way(laptop)

    laptop.kill()
    laptop.environment = {
        name: text for name, text in laptop.environment.items() if name != "EVENT_BACKUP_DIR"
    }
    told_to_stop(laptop.start())


def only_the_parent_dies(laptop: Laptop) -> None:
    """Its servers go along, and the next start finds the ports."""
    assert laptop.process is not None
    os.kill(laptop.process.pid, 9)
    laptop.process.wait()


def no_backup_is_cried_out(laptop: Laptop) -> None:
    """The bank goes on."""
    gone = Path(laptop.environment["EVENT_BACKUP_DIR"])
    assert eventually(lambda: "NO BACKUP" in laptop.said())
    assert f"There is no folder {gone}" in laptop.said()
    assert not gone.exists(), "or the backups would lie on the laptop, under the name of the stick"


def phones_that_stop_half_way(laptop: Laptop) -> None:
    """They keep nobody else from the bank, which has two threads here."""
    with contextlib.ExitStack() as phones:
        for said in (b"", b"\x16", b"\x16\x03\x01\x02\x00\x01", b"GET / HT") * 4:
            phone = phones.enter_context(socket.create_connection(("127.0.0.1", laptop.port)))
            phone.sendall(said)
            plain = socket.create_connection(("127.0.0.1", laptop.port))
            half = phones.enter_context(laptop.trusting().wrap_socket(plain, server_hostname="127.0.0.1"))
            half.sendall(b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Len")
            assert laptop.ask("/health").status == 200
        laptop.sign_in()


def told_to_stop(laptop: Laptop) -> None:
    """It finishes, and takes a last backup."""
    laptop.wait_for_backups(laptop.said().count("  backup: ") + 1)
    before = len(laptop.backups())
    laptop.stop()
    assert laptop.ended() == 0
    assert len(laptop.backups()) == before + 1
    assert laptop.said().rstrip().endswith(f"Everything is kept in {laptop.folder_of_event}.")
    assert "Traceback" not in laptop.said()


def files(laptop: Laptop) -> dict[str, bytes]:
    """What has to outlive a fall, besides the database."""
    names = ("secrets.env", "authority.pem", "bank.pem")
    return {name: (laptop.folder_of_event / name).read_bytes() for name in names}


@own_database
def test_a_backup_of_the_schedule_and_the_key_on_paper_are_the_event_on_another_laptop(
    make_laptop: MakeLaptop, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    lost = make_laptop("lost", EVENT_BACKUP_DIR=str(stick), EVENT_BACKUP_EVERY_S="1", EVENT_BACKUP_KEEP="2")
    lost.start()
    lost.register("Vex")
    # One that runs may have begun before Vex was there; the second after it has not.
    lost.wait_for_backups(lost.said().count("  backup: ") + 2)
    lost.kill()
    backups = lost.backups()
    assert 2 <= len(backups) <= 3, "older ones are deleted"
    assert "SAME DISK" in lost.said()
    key = lost.secrets()["BACKUP_KEY"]
    assert all(
        secret not in path.read_text() for path in stick.glob("*.json") for secret in lost.secrets().values()
    )

    typed = key.upper().replace("-", " ")
    found = make_laptop("found", BACKUP_KEY=typed, EVENT_GM_NAME="", EVENT_GM_PASSWORD="")
    found.arguments = ("--restore", str(backups[-1]))
    found.start()
    assert "neon-night: clean." in found.said()
    found.sign_in()
    found.sign_in("Vex")
    kept, drawn = lost.secrets(), found.secrets()
    assert {name for name in kept if kept[name] != drawn[name]} == {"SECRET_KEY", "JWT_SECRET"}
    assert files(found)["authority.pem"] == files(lost)["authority.pem"], (
        "phones trust the new laptop as it is"
    )
    assert key not in found.said()

    found.kill()
    found.run()
    assert found.ended() == 1
    assert "There is an event on this laptop already" in found.said()


@own_database
def test_what_cannot_be_restored_is_refused_and_leaves_no_event_behind(
    make_laptop: MakeLaptop, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.nbk"
    damaged.write_bytes(b"NBBK")
    for more, file, sentence in (
        ({"BACKUP_KEY": "k" * 40}, tmp_path / "nothing.nbk", "There is no file"),
        ({"BACKUP_KEY": "k" * 40}, damaged, "This is not a backup of NeoBank"),
        ({}, damaged, "Set BACKUP_KEY"),
    ):
        laptop = make_laptop(f"laptop-{len(sentence)}", **more)
        laptop.arguments = ("--restore", str(file))
        laptop.run()
        assert laptop.ended() == 1
        assert sentence in laptop.said()
        assert "Traceback" not in laptop.said()
        assert not laptop.folder_of_event.exists()


@own_database
def test_what_stands_in_the_way_is_said_in_a_sentence(make_laptop: MakeLaptop, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        laptop = make_laptop()
        laptop.port = taken.getsockname()[1]
        laptop.run()
        assert laptop.ended() == 1
        assert f"Port {laptop.port} cannot be used" in laptop.said()
        assert "choose another port: PORT=" in laptop.said()
    for missing, more, sentence in (
        ("alone", {"EVENT_GM_PASSWORD": ""}, "Set EVENT_GM_NAME and EVENT_GM_PASSWORD"),
        ("public", {"TLS_CERT": str(tmp_path / "no.pem")}, "no.pem"),
    ):
        laptop = make_laptop(missing, **more)
        laptop.run()
        assert laptop.ended() == 1
        assert sentence in laptop.said()
        assert "Traceback" not in laptop.said()


@own_database
def test_commands_beside_it_find_its_database_its_secrets_and_its_address(
    laptop: Laptop, tmp_path: Path
) -> None:
    assert "neon-night: clean" in laptop.beside("--event", "check_books")
    cards = tmp_path / "cards.pdf"
    assert "1 cards are in" in laptop.beside("login_cards", "--out", str(cards), "--everybody", "--yes")
    [link] = codes_in(cards.read_bytes())
    assert link.startswith(f"https://127.0.0.1:{laptop.port}/card/")
    assert f"First open 127.0.0.1:{laptop.http_port}." in words_in(cards.read_bytes())
    copy = tmp_path / "poster.pdf"
    laptop.beside("join_poster", "--out", str(copy))
    assert copy.read_bytes() == (laptop.folder_of_event / "poster.pdf").read_bytes()


def test_a_command_is_for_what_there_is_and_asks_which_where_there_are_both(
    tmp_path: Path, settings: Any
) -> None:
    settings.VAR_DIR = tmp_path
    demo, event = tmp_path / "dev.env", tmp_path / "event" / "secrets.env"
    refused(["--event", "check_books"], "Run `make event` first.")
    refused(["check_books"], "Run `make run` first.")
    event.parent.mkdir()
    event.touch()
    assert local._is_for_the_event(demo=False, event=False)
    refused(["--demo", "check_books"], "Run `make run` first.")
    demo.touch()
    refused(["check_books"], "Say which one")
    assert local._is_for_the_event(demo=False, event=True)
    assert not local._is_for_the_event(demo=True, event=False)


def refused(line: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=re.escape(sentence)):
        call_command("local", *line)


@own_database
def test_a_second_start_beside_a_running_one_is_refused(laptop: Laptop, make_laptop: MakeLaptop) -> None:
    second = make_laptop("second", VAR_DIR=laptop.environment["VAR_DIR"])
    second.run()
    assert second.ended() == 1
    assert "This event runs already" in second.said()
    laptop.sign_in()


@own_database
def test_a_given_certificate_is_used_and_nothing_is_handed_out(
    make_laptop: MakeLaptop, tmp_path: Path
) -> None:
    now = dt.datetime.now(dt.UTC)
    root, leaf = tmp_path / "authority.pem", tmp_path / "given.pem"
    authority.authority(root, laptop="x", names=[], now=now)
    authority.certify(leaf, authority=root, names=["127.0.0.1", "localhost"], now=now)
    laptop = make_laptop(TLS_CERT=str(leaf)).start()
    assert not (laptop.folder_of_event / "authority.pem").exists()
    served = ssl.get_server_certificate(("127.0.0.1", laptop.port))
    assert x509.load_pem_x509_certificate(served.encode()) == authority.certificate_in(leaf)
    assert laptop.ask_plainly("/", port=laptop.http_port).status == 302
    assert "Fingerprint" not in laptop.said()
    [code] = codes_in((laptop.folder_of_event / "poster.pdf").read_bytes())
    assert code.startswith(f"https://127.0.0.1:{laptop.port}/register?")


@pytest.mark.postgresql_only
def test_it_serves_and_backs_up_the_database_that_it_is_given(
    fresh_database: Database, make_laptop: MakeLaptop
) -> None:
    given = {
        name: value
        for name, value in fresh_database.environment.items()
        if name.startswith(("DATABASE_", "PG"))
    }
    laptop = make_laptop(**given).start()
    laptop.register("Vex")
    laptop.wait_for_backups(1)
    assert not (laptop.folder_of_event / "bank.sqlite3").exists()


def test_a_key_for_paper_survives_being_typed() -> None:
    drawn = place.DRAW["BACKUP_KEY"]()
    assert len(drawn) >= 32
    assert place.tidy_key(drawn) == drawn
    assert place.tidy_key(f"  {drawn.upper().replace('-', ' ')} ") == drawn
    assert place.tidy_key(drawn.replace("-", "")) == drawn
    for other in (settings.BACKUP_KEY, "Ab3/==", ""):
        assert place.tidy_key(other) == other
