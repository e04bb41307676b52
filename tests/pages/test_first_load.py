"""What a phone with one bar of signal has to fetch before it shows the bank, measured at the server."""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from types import SimpleNamespace
from urllib.parse import urljoin

from django.test import Client

from accounts.services.brand import change_brand
from casino.services.setup import open_casino
from ledger.services.transfers import Payment, transfer
from tests import databases
from tests.cast import make_event
from tests.pages.reading import sign_in, tags_of
from tests.pages.test_look import picture
from tests.servers import WebServer
from tests.sessions import Database

BYTES_MAX = 100_000
# Fetched when the page stands already, or when somebody puts it on the home screen.
FOR_INSTALLING = {"manifest", "apple-touch-icon"}
GATHERED = {"DJANGO_SETTINGS_MODULE": "tests.gathered", "COLLECTED_STATIC": "1"}
NAMES = {
    "text/css": re.compile(rb"url\(\"?([^)\"]+)\"?\)"),
    "text/javascript": re.compile(rb"(?:from|import)\s*\(?[\"']([^\"']+)[\"']"),
}


def test_the_first_load_of_the_bank_is_under_100_kb_with_a_logo_and_every_letter(
    fresh_database: Database, serve: Callable[..., WebServer]
) -> None:
    event = make_event("arcadia", registration="open")
    open_casino(actor=event.server)
    alice, bob = event.person("Alice", money=100_00), event.person("Łucja Şirin")
    for number in range(30):
        transfer(actor=alice.actor, payment=Payment(bob.number, 1, memo=f"beer number {number}"))
    change_brand(actor=event.server, colours={"accent_dark": "#00ff88"}, logo=picture())
    browser = Client()
    sign_in(browser, "Alice")
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in browser.cookies.items())
    # What the pages never name is most of the work.
    others = [f"--ignore={name}" for name in ("drf_spectacular_sidecar", "rest_framework", "admin")]
    gather = ("collectstatic", "--noinput", "--verbosity=0", *others)
    done = databases.manage(*gather, environment=fresh_database.environment | GATHERED)
    assert done.returncode == 0, done.stderr

    server = serve(**GATHERED)
    fetched = dict(first_load(server, "/bank", cookies))
    listed = "\n".join(f"{size:7} {path}" for path, size in fetched.items())
    assert len([path for path in fetched if path.endswith(".woff2")]) == 5, listed
    assert [path for path in fetched if "/brand/logo" in path], listed
    assert sum(fetched.values()) < BYTES_MAX, listed

    machine = dict(first_load(server, "/casino/starlight-smuggler", cookies))
    # No name of anybody stands there, so these letters are fetched by nobody.
    machine = {path: size for path, size in machine.items() if "latin-ext" not in path}
    listed = "\n".join(f"{size:7} {path}" for path, size in machine.items())
    assert {"starlight_smuggler", "machine", "asking", "reels"} <= {stem(path) for path in machine}, listed
    assert sum(machine.values()) < BYTES_MAX, listed


def stem(path: str) -> str:
    """The name of a file without its version."""
    return path.rpartition("/")[2].partition(".")[0]


def first_load(server: WebServer, path: str, cookies: str) -> Iterator[tuple[str, int]]:
    """Every address that a page needs, directly or through what it needs, with its size on the wire, headers included."""
    waiting, seen = [path], {path}
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as phone:
        while waiting:
            address = waiting.pop(0)
            phone.request("GET", address, headers={"Accept-Encoding": "br, gzip", "Cookie": cookies})
            answer = phone.getresponse()
            body = answer.read()
            assert answer.status == 200, (address, answer.status)
            yield address, len(body) + len(str(answer.headers))
            for named in named_in(server, address, answer.headers.get_content_type(), cookies):
                if named not in seen:
                    seen.add(named)
                    waiting.append(named)


def named_in(server: WebServer, address: str, kind: str, cookies: str) -> list[str]:
    """The addresses that stand in a page, a style sheet or a module (read once more, as it was before it was compressed)."""
    if kind != "text/html" and kind not in NAMES:
        return []
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as phone:
        phone.request("GET", address, headers={"Cookie": cookies})
        body = phone.getresponse().read()
    if kind == "text/html":
        page = SimpleNamespace(content=body)
        kinds = {"img": "src", "script": "src", "link": "href", "use": "href"}
        tags = [(tag, a) for tag, a in tags_of(page) if a.get("rel") not in FOR_INSTALLING]
        found = [
            str(a[kinds[tag]]).partition("#")[0] for tag, a in tags if tag in kinds and a.get(kinds[tag])
        ]
    else:
        found = [name.decode() for name in NAMES[kind].findall(body)]
    return [urljoin(address, name) for name in found if not name.startswith("data:")]
