"""What a program could put around a request to confuse us: names of encodings, and very many parameters."""

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from accounts.models import Tenant
from tests.servers import WebServer

ENCODINGS = ["hex", "undefined", "idna", "utf-16", "no-such", '"hex"', "utf-8; charset=hex"]


@pytest.fixture
def connection(serve: Callable[..., WebServer]) -> Iterator[http.client.HTTPConnection]:
    """One kept-alive connection to a running server."""
    server = serve()
    Tenant.objects.create(slug="arcadia", name="Arcadia")
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as opened:
        yield opened


def ask(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    content_type: str,
    body: bytes | None = None,
) -> tuple[int, str]:
    """Status and text of an answer of ours, not of the web server's own."""
    connection.request(method, path, body=body, headers={"Content-Type": content_type})
    answer = connection.getresponse()
    text = answer.read().decode()
    assert answer.headers["X-Request-Id"], text
    return answer.status, text


def test_the_encoding_of_a_body_that_is_not_there_is_nobodys_business(
    connection: http.client.HTTPConnection,
) -> None:
    for encoding in ENCODINGS:
        for content_type in (f"text/plain; charset={encoding}", f"text/plain; charset*={encoding}''x"):
            assert ask(connection, "GET", "/?x=%41", content_type)[0] == 200, content_type
            assert ask(connection, "GET", "/api/v1/payees?q=%41", content_type)[0] == 401, content_type
        form = f"application/x-www-form-urlencoded; charset={encoding}"
        assert ask(connection, "GET", "/?x=%41", form)[0] == 200, form


def test_json_is_utf_8_whatever_is_said_about_it(connection: http.client.HTTPConnection) -> None:
    body = '{"colour": "grün"}'.encode()
    for encoding in ENCODINGS:
        for path in ("/api/v1/auth/login", "/api/v1/auth/login?x=%41"):
            content_type = f"application/json; charset={encoding}"
            status, text = ask(connection, "POST", path, content_type, body)
            assert (status, json.loads(text)["errors"][0]["field"]) == (400, "colour"), content_type


def test_a_form_in_another_encoding_is_refused(connection: http.client.HTTPConnection) -> None:
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        for encoding in ("hex", "utf-16", "latin-1", "no-such", '"latin-1"'):
            status, text = ask(connection, "POST", "/login?x=%41", f"{kind}; charset={encoding}", b"a=b")
            assert (status, "UTF-8" in text) == (415, True), (kind, encoding)
        for encoding in ("utf-8", "UTF8", '"utf-8"', "us-ascii"):
            # Read, and refused for its missing token.
            assert ask(connection, "POST", "/login", f"{kind}; charset={encoding}", b"a=b")[0] == 403, (
                encoding
            )


def test_a_form_with_a_file_keeps_its_boundary(connection: http.client.HTTPConnection) -> None:
    for boundary in ("x", '"x y"', "----WebKitFormBoundary7MA4YWxkTrZu0gW"):
        mark = boundary.strip('"')
        body = f'--{mark}\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--{mark}--\r\n'.encode()
        content_type = f"multipart/form-data; boundary={boundary}"
        assert ask(connection, "POST", "/login", content_type, body)[0] == 403


@pytest.mark.parametrize("path", ["/", "/login", "/bank", "/nowhere", "/api/v1/payees", "/api/v1/nowhere"])
def test_too_many_parameters_are_refused(connection: http.client.HTTPConnection, path: str) -> None:
    for content_type in ("text/plain", "text/plain; charset=utf-8", "application/json"):
        status, text = ask(connection, "GET", f"{path}?{'a=&' * 1001}", content_type)
        assert status == 400
        assert ("invalid_request" in text) or ("<html" in text)
    assert ask(connection, "POST", path, "application/x-www-form-urlencoded", b"a=&" * 1001)[0] in range(
        400, 500
    )
