"""Errors as programs and people see them."""

import io
import json
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from accounts import directory
from neobank.catalogue import CODES
from tests.neobank.problem_views import ERRORS, SECRET_IN_AN_ERROR

pytestmark = [pytest.mark.urls("tests.neobank.problem_views"), pytest.mark.usefixtures("arcadia")]

EXPECTED = {
    "invalid": (400, "invalid_amount"),
    "unauthenticated": (401, "bad_key"),
    "denied": (403, "not_allowed"),
    "not-found": (404, "unknown_account"),
    "conflict": (409, "insufficient_funds"),
    "reused": (422, "key_reused"),
    "too-many": (429, "rate_limited"),
    "unavailable": (503, "busy"),
    "http404": (404, "not_found"),
    "permission": (403, "not_allowed"),
    "suspicious": (400, "invalid_request"),
    "ratelimited": (429, "rate_limited"),
    "drf-throttled": (429, "rate_limited"),
    "drf-not-found": (404, "not_found"),
    "drf-denied": (403, "not_allowed"),
    "drf-parse": (400, "malformed_json"),
    "drf-invalid": (400, "invalid_request"),
    "drf-invalid-code": (400, "invalid_amount"),
    "locked": (503, "busy"),
    "deadlock": (503, "busy"),
    "serialization": (503, "busy"),
    "lost": (503, "busy"),
    "shut-down": (503, "busy"),
    "sql": (500, "internal_error"),
    "bug": (500, "internal_error"),
}
MEMBERS = {"type", "title", "status", "code", "detail", "errors", "request_id", "error"}


@pytest.fixture
def visitor() -> Client:
    """A client that gets an answer also when the server broke."""
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("kind", EXPECTED)
def test_every_refusal_has_the_one_shape(visitor: Client, kind: str) -> None:
    answer = visitor.get(f"/api/v1/break/{kind}", headers={"X-Request-Id": "request-0001"})
    body = answer.json()
    status, code = EXPECTED[kind]
    assert answer["Content-Type"] == "application/problem+json"
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
    assert body["type"] == "/errors/" + code.replace("_", "-")
    assert body["title"] == CODES[code].title
    assert body["detail"] == body["error"] != ""
    assert body["request_id"] == answer["X-Request-Id"] == "request-0001"
    assert body.keys() >= MEMBERS
    assert body.keys() - MEMBERS <= {"index", "facts"}
    assert "secret reason" not in answer.content.decode()


@pytest.mark.parametrize("kind", EXPECTED)
def test_every_refusal_of_a_page_is_a_page(visitor: Client, kind: str) -> None:
    answer = visitor.get(f"/break/{kind}", headers={"X-Request-Id": "request-0001"})
    status, code = EXPECTED[kind]
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    assert answer.status_code == status
    assert "request-0001" in answer.content.decode()
    assert CODES[code].title in answer.content.decode()


def test_a_service_may_name_the_offender_and_its_figures(visitor: Client) -> None:
    answer = visitor.get("/api/v1/break/conflict")
    assert answer.json()["index"] == 499
    assert answer.json()["facts"] == {"available": 1200, "needed": 2000}
    assert answer["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    ("kind", "seconds"),
    [("too-many", "17"), ("unavailable", "2"), ("drf-throttled", "4"), ("locked", "2"), ("lost", "2")],
)
def test_what_may_be_tried_again_says_when(visitor: Client, kind: str, seconds: str) -> None:
    assert visitor.get(f"/api/v1/break/{kind}")["Retry-After"] == seconds
    assert visitor.get(f"/break/{kind}")["Retry-After"] == seconds


def test_a_401_says_how_to_come_in(visitor: Client) -> None:
    assert visitor.get("/api/v1/break/unauthenticated")["WWW-Authenticate"] == 'Bearer realm="neobank"'


def test_what_broke_stays_inside_and_is_logged_once_with_its_traceback(
    visitor: Client, log: io.StringIO
) -> None:
    for address in ("/api/v1/break/bug", "/break/bug"):
        answer = visitor.get(address, headers={"X-Request-Id": "request-0002"})
        assert SECRET_IN_AN_ERROR not in answer.content.decode()
        lines = [json.loads(line) for line in log.getvalue().splitlines()]
        log.seek(0)
        log.truncate()
        assert [line["event"] for line in lines] == ["request_failed"]
        assert lines[0]["request_id"] == "request-0002"
        assert (lines[0]["level"], lines[0]["status"]) == ("error", 500)
        assert "Traceback" in lines[0]["exception"]
        assert SECRET_IN_AN_ERROR in lines[0]["exception"]


@pytest.mark.parametrize(
    ("kind", "event", "level"),
    [("locked", "database.busy", "warning"), ("shut-down", "database.gone", "error")],
)
def test_a_database_that_does_not_answer_is_logged(
    visitor: Client, log: io.StringIO, kind: str, event: str, level: str
) -> None:
    for address in (f"/api/v1/break/{kind}", f"/break/{kind}"):
        visitor.get(address)
        lines = [json.loads(line) for line in log.getvalue().splitlines()]
        log.seek(0)
        log.truncate()
        assert [(line["event"], line["level"]) for line in lines if "database" in line["event"]] == [
            (event, level)
        ]


@pytest.mark.parametrize(
    ("path", "kind"), [("/", "text/html"), ("/api/v1/account", "application/problem+json")]
)
def test_it_is_said_also_where_no_view_was_reached(
    visitor: Client, monkeypatch: pytest.MonkeyPatch, path: str, kind: str
) -> None:
    def gone(*_arguments: object) -> None:
        raise ERRORS["lost"]

    monkeypatch.setattr(directory, "by_host", gone)
    answer = visitor.get(path)
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert answer["Content-Type"].startswith(kind)


def test_the_broken_page_needs_neither_event_nor_database(visitor: Client, db: None) -> None:
    from django.template.loader import render_to_string

    from neobank.problems import Problem

    problem = Problem.of("internal_error", "Something broke.")
    assert "Something broke." in render_to_string(
        "errors/broken.html", {"problem": problem, "request_id": "x"}
    )


def test_wrong_fields_are_named_each(visitor: Client) -> None:
    body = visitor.get("/api/v1/break/drf-invalid").json()
    assert body["errors"] == [{"field": "a", "message": "wrong"}, {"field": "b.1.c", "message": "worse"}]
    assert body["detail"] == "a: wrong"
    assert body["index"] == 1


def post(client: Client, body: Any, address: str = "/api/v1/read") -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body)
    return client.post(address, raw, content_type="application/json")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"lines": [{"name": "a", "amount": 1}, {"name": "a", "amount": 1, "tip": 2}]}, "lines.1.tip"),
        ({"lines": [{"name": 5, "amount": 1}]}, "lines.0.name"),
        ({"lines": [{"name": True, "amount": 1}]}, "lines.0.name"),
        ({"lines": [{"name": None, "amount": 1}]}, "lines.0.name"),
        ({"lines": [{"name": "a", "amount": []}]}, "lines.0.amount"),
        ({"lines": [{"name": "a"}]}, "lines.0.amount"),
        ({"lines": [7]}, "lines.0"),
        ({"lines": "x"}, "lines"),
        ({"note": {"a": 1}}, "note"),
        ([], ""),
        ("text", ""),
        (5, ""),
        (None, ""),
    ],
)
def test_a_body_of_the_wrong_shape_is_refused_by_name(visitor: Client, body: Any, field: str) -> None:
    answer = post(visitor, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request"), answer.content
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_old_firmware_may_send_more_than_is_read(visitor: Client) -> None:
    assert post(visitor, {"note": "x", "colour": "red"}, "/api/v1/read-old").json() == {"note": "x"}


def test_the_wrong_method_type_and_address_are_told_apart(visitor: Client) -> None:
    answers = {
        "method_not_allowed": visitor.delete("/api/v1/read"),
        "unsupported_media_type": visitor.post("/api/v1/read", "a=1", content_type="text/plain"),
        "not_acceptable": visitor.post(
            "/api/v1/read", "{}", content_type="application/json", headers={"Accept": "image/png"}
        ),
        "not_found": visitor.get("/api/v1/nowhere"),
    }
    for code, answer in answers.items():
        assert (answer.status_code, answer.json()["code"]) == (CODES[code].status, code)
    assert "POST" in answers["method_not_allowed"]["Allow"]


def test_a_wrong_method_outside_of_the_framework_is_a_problem_or_a_page(visitor: Client) -> None:
    answer, page = visitor.get("/api/v1/form-only"), visitor.get("/form-only")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert (page.status_code, page["Content-Type"]) == (405, "text/html; charset=utf-8")
    assert CODES["method_not_allowed"].title in page.content.decode()
    assert answer["Allow"] == page["Allow"] == "POST"


def test_a_nul_in_the_address_is_refused(visitor: Client) -> None:
    for address in ("/api/v1/break/%00", "/api/v1/break/denied?q=a%00b", "/break/denied?q=%00"):
        assert visitor.get(address).status_code == 400


def test_a_body_over_a_million_bytes_is_refused(visitor: Client) -> None:
    answer = post(visitor, b'{"note": "' + b"x" * 2_000_000 + b'"}')
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    page = visitor.post("/form", {"note": "x" * 1_100_000})
    assert page.status_code == 413


def test_a_form_without_its_token_is_told_to_come_again(visitor: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    page = strict.post("/form", {"note": "x"})
    assert page.status_code == 403
    assert CODES["csrf_failed"].title in page.content.decode() or "Nothing was done" in page.content.decode()


def test_the_type_of_a_problem_leads_to_its_meaning(visitor: Client) -> None:
    kind = visitor.get("/api/v1/break/conflict").json()["type"]
    assert escape(CODES["insufficient_funds"].meaning) in visitor.get(kind).content.decode()
    assert visitor.get("/errors/no-such-thing").status_code == 404


@pytest.mark.parametrize(
    "sent", ["", "short", "x" * 65, "has space inside", "new\nline-inside", "<script>alert"]
)
def test_a_strange_request_id_is_replaced(visitor: Client, sent: str) -> None:
    answer = visitor.get("/api/v1/nowhere", headers={"X-Request-Id": sent})
    assert answer["X-Request-Id"] == answer.json()["request_id"] != sent
    assert len(answer["X-Request-Id"]) == 24


def test_no_cache_keeps_what_the_api_said(visitor: Client) -> None:
    assert visitor.get("/api/v1/nowhere")["Cache-Control"] == "no-store"
