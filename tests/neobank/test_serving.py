"""The real server: health, bodies of every size, headers, and how it stops."""

import http.client
import json
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from accounts.models import Tenant
from tests.databases import manage
from tests.servers import WebServer
from tests.sessions import Database

BIG = 2_000_000


@pytest.fixture
def connection(server: WebServer) -> Iterator[http.client.HTTPConnection]:
    """One kept-alive connection to a running server."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as opened:
        yield opened


def lose(database: Database) -> None:
    """Take the database away under everybody's feet."""
    if database.url.startswith("sqlite"):
        Path(database.url.removeprefix("sqlite:///")).unlink()
        return
    with psycopg.connect(database.url.replace(f"/{database.name}?", "/postgres?"), autocommit=True) as server:
        server.execute(f"drop database {database.name} with (force)".encode())


def ask(
    connection: http.client.HTTPConnection, method: str, path: str, **more: object
) -> tuple[int, dict[str, object], http.client.HTTPMessage]:
    connection.request(method, path, **more)  # type: ignore[arg-type]
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read()), answer.headers


@pytest.mark.parametrize("path", ["/health", "/api/v1/health", "/health/live", "/health/ready", "/health/"])
def test_health_is_told_to_anybody_under_any_name(serve: Callable[..., WebServer], path: str) -> None:
    server = serve(ALLOWED_HOSTS="bank.example", HTTPS="1")
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        status, body, _headers = ask(connection, "GET", path, headers={"Host": "10.0.0.7"})
    assert (status, body["status"], body["service"]) == (200, "healthy", "neobank")


def test_health_says_when_the_database_is_gone(
    connection: http.client.HTTPConnection, fresh_database: Database
) -> None:
    checks = ask(connection, "GET", "/health/ready")[1]["checks"]
    assert checks == {"database": "ok", "migrations": "ok"}
    lose(fresh_database)
    for path in ("/health", "/api/v1/health", "/health/ready"):
        status, body, _headers = ask(connection, "GET", path)
        assert (status, body["status"]) == (503, "unhealthy"), path
    assert ask(connection, "GET", "/health/live")[0] == 200


@pytest.mark.postgresql_only
def test_a_pool_of_connections_belongs_to_each_worker(serve: Callable[..., WebServer]) -> None:
    server = serve(workers=2, threads=4, DB_POOL_MAX="2", RATE_LIMITS="0")
    for _ in range(12):
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
            assert ask(connection, "GET", "/health/ready")[0] == 200


def test_signing_in_goes_on_when_the_counters_stand_still(serve: Callable[..., WebServer]) -> None:
    Tenant.objects.create(slug="arcadia", name="Arcadia")
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        # The kernel accepts for it; nobody ever answers.
        server = serve(REDIS_URL=f"redis://127.0.0.1:{frozen.getsockname()[1]}/0")
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
            body = json.dumps({"character_name": "Nobody", "password": "correct horse 42"})
            headers = {"Content-Type": "application/json"}
            status, answer, _headers = ask(
                connection, "POST", "/api/v1/auth/login", body=body, headers=headers
            )
    assert (status, answer["code"]) == (401, "bad_login")
    assert "limits.cache_unreachable" in server.log.read_text()


def test_an_unknown_host_name_is_refused_with_a_page(serve: Callable[..., WebServer]) -> None:
    server = serve(ALLOWED_HOSTS="bank.example")
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        for path in ("/", "/api/v1/account"):
            connection.request("GET", path, headers={"Host": "evil.example"})
            answer = connection.getresponse()
            body = answer.read().decode()
            assert answer.status == 400
            assert answer.headers["X-Request-Id"] in body
            assert "evil.example" not in body


def test_only_a_trusted_proxy_may_say_that_it_was_https(serve: Callable[..., WebServer]) -> None:
    for proxies, status in (("127.0.0.1", 404), ("10.0.0.0/8", 301)):
        server = serve(HTTPS="1", TRUSTED_PROXIES=proxies)
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
            connection.request("GET", "/nowhere", headers={"X-Forwarded-Proto": "https"})
            assert connection.getresponse().status == status


def test_the_server_does_not_say_what_it_is(connection: http.client.HTTPConnection) -> None:
    _status, _body, headers = ask(connection, "GET", "/api/v1/nowhere")
    assert "Server" not in headers
    assert headers["X-Request-Id"]


@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "in chunks"])
@pytest.mark.parametrize("path", ["/api/v1/auth/login", "/api/v1/nowhere", "/api/v1/transfers"])
def test_a_client_that_sends_too_much_hears_so_and_may_go_on(
    connection: http.client.HTTPConnection, path: str, chunked: bool
) -> None:
    Tenant.objects.create(slug="arcadia", name="Arcadia")
    body = iter([b"x" * 100_000] * (BIG // 100_000)) if chunked else b"x" * BIG
    headers = {"Content-Type": "application/json"}
    status, answer, _headers = ask(
        connection, "POST", path, body=body, headers=headers, encode_chunked=chunked
    )
    assert (status, answer["code"]) in {(413, "too_large"), (404, "not_found")}
    assert status == 413 or path == "/api/v1/nowhere"
    assert ask(connection, "GET", "/health")[0] == 200, "the connection must still be usable"


@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "in chunks"])
def test_a_body_is_read_however_it_is_sent(connection: http.client.HTTPConnection, chunked: bool) -> None:
    Tenant.objects.create(slug="arcadia", name="Arcadia")
    body = iter([b'{"colour": ', b"5}"]) if chunked else b'{"colour": 5}'
    headers = {"Content-Type": "application/json"}
    status, answer, _headers = ask(
        connection, "POST", "/api/v1/auth/login", body=body, headers=headers, encode_chunked=chunked
    )
    assert status == 400
    assert "colour" in str(answer["errors"])


def test_a_stopping_server_finishes_what_it_has_begun(server: WebServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.sendall(
            b"POST /api/v1/nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
            b"Content-Type: application/json\r\nExpect: 100-continue\r\n\r\n"
        )
        assert client.recv(1000).startswith(b"HTTP/1.1 100 Continue")
        assert server.process is not None
        server.process.send_signal(signal.SIGTERM)
        client.sendall(b"{}")
        assert client.recv(1000).startswith(b"HTTP/1.1 404 ")
    assert server.process.wait(30) == 0


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 100 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 9000 + b"\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    ],
    ids=["long line", "many headers", "long header", "nonsense", "negative length"],
)
def test_what_is_not_http_gets_a_4xx(server: WebServer, request_line: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.sendall(request_line)
        assert client.recv(1000).startswith(b"HTTP/1.1 4")


def test_an_address_in_use_is_said_plainly(server: WebServer, fresh_database: Database) -> None:
    done = manage("run", environment=fresh_database.environment | {"PORT": str(server.port)})
    assert done.returncode == 1
    assert f"Something answers on port {server.port} already" in done.stderr
