"""Logs: one line a request, everything needed to find it, and nothing that opens a door."""

import io
import json
import logging
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import structlog
from django.test import Client

from neobank.logging import REMOVED, redact
from tests.servers import WebServer

KEY = "nbk_abcdefgh_" + "S3cretOfADevice" * 2
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLW9mLWEtdG9rZW4"
REFRESH = "nbr_" + "0" * 32 + "_" + "r" * 43
PASSWORD = "correct horse 42"
PHONE = "+49 170 1234567"
SECRETS = (KEY[13:], JWT.split(".")[2], "r" * 43, PASSWORD, "170 1234567", "0170 7654321", "hunter2hunter2")


def logged(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_a_request_leaves_one_line_with_everything_to_find_it_by(
    arcadia: object, client: Client, log: io.StringIO
) -> None:
    client.get(
        "/api/v1/transfers/01a1fd02-1e25-7389-a1e8-5176bb984452?q=x", headers={"X-Request-Id": "request-0001"}
    )
    (line,) = logged(log)
    assert line.keys() >= {
        "time", "level", "event", "request_id", "tenant", "user", "method", "route", "status", "latency_ms",
    }  # fmt: skip
    assert line["request_id"] == "request-0001"
    assert (line["method"], line["status"], line["tenant"], line["user"]) == ("GET", 401, "arcadia", None)
    assert line["route"] == "api/v1/transfers/<uuid:transfer_id>"
    assert line["latency_ms"] > 0
    assert line["time"].endswith("Z")


def test_no_secret_reaches_the_log_whatever_a_client_sends(serve: Callable[..., WebServer]) -> None:
    server = serve(LOG_LEVEL="DEBUG")
    body = json.dumps(
        {"character_name": "Alice", "password": PASSWORD, "phone": PHONE, "otp": "hunter2hunter2"}
    )
    for path in ("/api/v1/auth/login", f"/?token={JWT}&password=hunter2hunter2", f"/api/v1/transfers/{KEY}"):
        for headers in (
            {"X-API-Key": KEY},
            {"Authorization": f"Bearer {JWT}"},
            {"Cookie": f"neobank_session={JWT}; x={PASSWORD}", "User-Agent": PHONE},
            {"X-Request-Id": KEY, "Idempotency-Key": REFRESH, "X-Device-Id": JWT},
        ):
            address = server.base_url + path
            sent = {"Content-Type": "application/json", **headers}
            request = Request(address, body.encode(), sent)  # noqa: S310  our own server
            try:
                urlopen(request).close()  # noqa: S310  our own server
            except HTTPError as error:
                error.close()
    server.stop()
    log = server.log.read_text()
    assert log.count('"request_finished"') == 12
    for secret in SECRETS:
        assert secret not in log, f"{secret} stands in the log"


def test_a_form_without_its_token_does_not_write_the_code_in_its_path(
    arcadia: object, log: io.StringIO
) -> None:
    for path in ("/reset/opens-something", "/card/opens-something", "/confirm/opens-something"):
        assert Client(enforce_csrf_checks=True).post(path).status_code == 403
    assert [line["status"] for line in logged(log)] == [403] * 3
    assert "opens-something" not in log.getvalue()


def test_secrets_are_taken_out_of_messages_values_and_tracebacks(log: io.StringIO) -> None:
    logger = structlog.get_logger("test")
    logger.info(
        f"tried {KEY} and {JWT}",
        password=PASSWORD,
        user_phone=PHONE,
        nested={"api_key": KEY, "list": [f"Bearer {JWT}", {"refresh_token": REFRESH}]},
        note="call 0170 7654321 or +49 (0) 170-1234567",
        digest=b"raw bytes",
        request=Client,
    )
    logging.getLogger("plain").warning("login with password=%s and %s", "hunter2hunter2", REFRESH)
    try:
        raise ValueError(f'{{"password": "{PASSWORD}", "otp": "hunter2hunter2"}} with {KEY}')
    except ValueError:
        logger.exception("broke")
    for secret in SECRETS:
        assert secret not in log.getvalue(), f"{secret} stands in the log"
    first, second, third = logged(log)
    assert first["event"] == f"tried nbk_abcdefgh_{REMOVED} and {REMOVED}"
    assert first["digest"] == "<9 bytes>"
    assert second["event"] == f"login with password={REMOVED} and nbr_{'0' * 32}_{REMOVED}"
    assert "Traceback" in third["exception"]


def test_what_is_no_secret_stays() -> None:
    line = {
        "request_id": "01993456-1234-7123-8123-123456789012",
        "time": "2026-11-21T07:00:00.123456Z",
        "ip": "198.51.100.107",
        "amount": 10050,
        "account": "NC-7F3K-Q2MX",
        "note": "batch of 1000 took 0.1234567 s",
        "level": "info",
        "missing": None,
    }
    assert redact(None, "", dict(line)) == line
