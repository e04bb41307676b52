"""Clients that are slow or say nothing, on purpose or on a bad line: they are given up, and keep nobody else waiting.

Two threads serve here, and more clients than that hold on; the tests end when the server answers, however long a machine needs.
"""

import http.client
import json
import select
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from tests.servers import WebServer

HEADERS = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
LARGE_FILE = b"drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js"
ANSWER_WAITED_FOR_S = 60

Connect = Callable[[], socket.socket]


@pytest.fixture
def server(serve: Callable[..., WebServer]) -> WebServer:
    """A server of two threads that soon loses patience."""
    return serve(threads=2, WEB_SILENCE_S="1", WEB_REQUEST_S="2", WEB_SEND_S="1")


@pytest.fixture
def connect(server: WebServer) -> Iterator[Connect]:
    """Opens connections that stay open until the end of the test."""
    with ExitStack() as opened:

        def start() -> socket.socket:
            address = ("127.0.0.1", server.port)
            return opened.enter_context(socket.create_connection(address, timeout=ANSWER_WAITED_FOR_S))

        yield start


def still_serves(server: WebServer) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=ANSWER_WAITED_FOR_S)
    with closing(connection):
        connection.request("GET", "/health/live")
        return connection.getresponse().status == 200


def answer_on(client: socket.socket) -> tuple[int, http.client.HTTPMessage, bytes]:
    """The answer, and nothing after it: the server has closed its side."""
    with client.makefile("rb") as file:
        status = int(file.readline().split()[1])
        headers = http.client.parse_headers(file)
        return status, headers, file.read()


@pytest.mark.parametrize(
    "body",
    [b"Content-Length: 1000\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n3e8\r\n{"],
    ids=["with a length", "in chunks"],
)
def test_a_body_that_does_not_come_is_given_up(server: WebServer, connect: Connect, body: bytes) -> None:
    clients = [connect() for _ in range(6)]
    for client in clients:
        client.sendall(HEADERS + body)
    assert still_serves(server)
    for client in clients:
        status, headers, text = answer_on(client)
        assert (status, headers["Connection"]) == (408, "close")
        assert headers["Content-Type"] == "application/problem+json"
        problem = json.loads(text)
        assert (problem["code"], problem["request_id"]) == ("request_timeout", headers["X-Request-Id"])


def test_a_page_is_told_so_as_a_page(connect: Connect) -> None:
    client = connect()
    client.sendall(b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\na")
    status, headers, _text = answer_on(client)
    assert (status, headers["Connection"]) == (408, "close")
    assert headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("half", [b"POST /api/v1/auth/lo", HEADERS, HEADERS + b"X-Half: "])
def test_headers_that_do_not_end_are_given_up(server: WebServer, connect: Connect, half: bytes) -> None:
    clients = [connect() for _ in range(6)]
    for client in clients:
        client.sendall(half)
    assert still_serves(server)
    for client in clients:
        status, headers, _text = answer_on(client)
        assert (status, headers["Connection"]) == (408, "close")


@pytest.mark.parametrize("start", [HEADERS + b"X-Long: ", HEADERS + b"Content-Length: 9999\r\n\r\n"])
def test_one_byte_after_the_other_does_not_go_on_for_ever(connect: Connect, start: bytes) -> None:
    client = connect()
    client.sendall(start)
    for _ in range(500):
        if select.select([client], [], [], 0.2)[0]:
            break
        client.sendall(b"x")
    status, headers, _text = answer_on(client)
    assert (status, headers["Connection"]) == (408, "close")


def test_whoever_says_nothing_takes_no_thread(serve: Callable[..., WebServer]) -> None:
    server = serve(threads=2)
    with ExitStack() as opened:
        for _ in range(40):
            opened.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        assert still_serves(server)


def test_whoever_does_not_hang_up_keeps_nobody_waiting(server: WebServer, connect: Connect) -> None:
    clients = [connect() for _ in range(150)]
    for client in clients:
        client.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert still_serves(server)
    for client in clients:
        assert answer_on(client)[0] == 200
    assert "WORKER TIMEOUT" not in server.log.read_text(), "its main loop stood still"


def test_whoever_does_not_read_is_given_up(server: WebServer, connect: Connect) -> None:
    question = b"GET /static/%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % LARGE_FILE
    for _ in range(6):
        connect().sendall(question * 60)
    for _ in range(20):
        assert still_serves(server)


def test_after_patience_the_line_is_free_for_the_next_request(connect: Connect) -> None:
    client = connect()
    for _ in range(3):
        client.sendall(HEADERS + b"Content-Length: 2\r\n\r\n{")
        client.sendall(b"}")
        answer = http.client.HTTPResponse(client)
        answer.begin()
        assert answer.status in {400, 503}
        answer.read()
