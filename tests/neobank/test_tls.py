"""Our own TLS: who keeps silent is let go, plain http is sent on, and sessions are resumed."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from neobank import serving, tls
from neobank.laptop import authority


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """The server's context, with a certificate for localhost."""
    now = dt.datetime.now(dt.UTC)
    root, leaf = tmp_path / "authority.pem", tmp_path / "bank.pem"
    authority.authority(root, laptop="x", names=[], now=now)
    authority.certify(leaf, authority=root, names=["localhost"], now=now)
    monkeypatch.setattr(tls, "_context", None)
    with override_settings(
        TLS_CERT=str(leaf), TLS_KEY="", ALLOWED_HOSTS=["camp.local", "localhost"], PORT=8443
    ):
        yield tls.context()


@pytest.fixture
def phone() -> ssl.SSLContext:
    """A client that believes anybody: this is not about whom to believe."""
    trusting = ssl.create_default_context()
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    return trusting


def both_ends(server: Callable[[socket.socket], Any]) -> tuple[socket.socket, threading.Thread, list[Any]]:
    """The phone's end of a connection, the thread that serves the other one, and what came of that."""
    here, there = socket.socketpair()
    outcome: list[Any] = []

    def serve() -> None:
        try:
            outcome.append(server(here))
        except OSError as error:
            outcome.append(error)
        finally:
            here.close()

    thread = threading.Thread(target=serve)
    thread.start()
    return there, thread, outcome


def test_who_never_begins_or_stops_half_way_is_let_go_as_if_the_connection_had_been_reset(
    context: ssl.SSLContext,
) -> None:
    for said in (b"", b"\x16", b"\x16\x03\x01\x02\x00"):
        with override_settings(WEB_SILENCE_S=0.05):
            there, thread, outcome = both_ends(lambda here: context.wrap_socket(here, server_side=True))
            with there:
                there.sendall(said)
                thread.join()
        [error] = outcome
        assert isinstance(error, ConnectionResetError), said
        assert error.errno is not None, "or gunicorn would write a traceback"


def test_a_phone_that_does_not_believe_the_certificate_is_no_noise(context: ssl.SSLContext) -> None:
    def serve(here: socket.socket) -> bytes:
        # From version 1.3 on it says so after the handshake.
        with context.wrap_socket(here, server_side=True) as accepted:
            return accepted.recv(100)

    for highest in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        doubting = ssl.create_default_context()
        doubting.maximum_version = highest
        there, thread, outcome = both_ends(serve)
        with there, pytest.raises(ssl.SSLCertVerificationError):
            doubting.wrap_socket(there, server_hostname="localhost")
        thread.join()
        assert isinstance(outcome[0], ConnectionResetError), highest


def test_a_phone_resumes_its_session(context: ssl.SSLContext, phone: ssl.SSLContext) -> None:
    phone.maximum_version = ssl.TLSVersion.TLSv1_2
    session = None
    for resumed in (False, True):

        def serve(here: socket.socket) -> None:
            with tls.context().wrap_socket(here, server_side=True) as accepted:
                accepted.recv(1)

        there, thread, _outcome = both_ends(serve)
        with phone.wrap_socket(there, server_hostname="localhost", session=session) as connection:
            assert connection.session_reused is resumed
            session = connection.session
            connection.sendall(b"x")
            thread.join()


@pytest.mark.parametrize(
    ("request_head", "location"),
    [
        ("GET /bank?x=1 HTTP/1.1\r\nHost: localhost:8443", "https://localhost:8443/bank?x=1"),
        ("GET /bank HTTP/1.1\r\nhost:  camp.local", "https://camp.local:8443/bank"),
        ("GET /bank HTTP/1.1\r\nHost: bank.example", "https://camp.local:8443/bank"),
        ("HEAD //bank.example HTTP/1.1", "https://camp.local:8443/"),
        ("GET http://bank.example/ HTTP/1.1\r\nHost: bank.example", "https://camp.local:8443/"),
        ("POST /login HTTP/1.1\r\nHost: localhost:8443", None),
        ("coffee", None),
    ],
)
def test_plain_http_on_the_port_of_https_is_sent_on_and_nowhere_else(
    context: ssl.SSLContext, request_head: str, location: str | None
) -> None:
    there, thread, outcome = both_ends(lambda here: context.wrap_socket(here, server_side=True))
    with there:
        there.sendall(f"{request_head}\r\n\r\n".encode())
        thread.join()
        answer = there.recv(4096).decode()
    assert isinstance(outcome[0], ConnectionResetError)
    status, *headers = answer.strip().split("\r\n")
    found = dict(header.split(": ", 1) for header in headers).get("Location")
    assert found == location
    assert status == ("HTTP/1.1 302 Found" if location else "HTTP/1.1 400 Bad Request")


def test_old_protocols_are_refused(context: ssl.SSLContext) -> None:
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_without_a_certificate_the_server_speaks_http_and_the_door_always_does(
    context: ssl.SSLContext,
) -> None:
    assert {"certfile", "ssl_context"} <= serving.options().keys()
    assert not {"certfile", "keyfile", "ssl_context"} & serving.Door().options().keys()
    with override_settings(TLS_CERT=""):
        assert not {"certfile", "keyfile", "ssl_context"} & serving.options().keys()
