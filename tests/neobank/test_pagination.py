"""Keyset pages: whole, in order, cheap, and safe against what a client makes of a cursor."""

import base64
import datetime as dt
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts import tenancy
from accounts.errors import Invalid
from accounts.models import AuditEvent, Tenant
from neobank.pagination import Cursor, KeysetPagination, decode, encode, paginate

BEGIN = dt.datetime(2026, 11, 21, 6, tzinfo=dt.UTC)


def request_to(url: str) -> Request:
    return APIView().initialize_request(RequestFactory().get(url))


def page_of(url: str, ordering: Sequence[str] = ("-id",)) -> tuple[list[str], str | None]:
    pages = KeysetPagination()
    view = APIView()
    view.ordering = ordering  # type: ignore[attr-defined]
    rows = pages.paginate_queryset(AuditEvent.objects.all(), request_to(url), view)
    answer = pages.get_paginated_response([row.action for row in rows]).data
    assert set(answer) == {"results", "next"}
    return answer["results"], answer["next"]


@pytest.fixture
def lines(arcadia: Tenant) -> Any:
    """Ten lines of a trail, two at each moment."""
    with tenancy.scope(arcadia):
        AuditEvent.objects.bulk_create(
            AuditEvent(actor_label="x", action=f"a{n}", created_at=BEGIN + dt.timedelta(microseconds=n // 2))
            for n in range(10)
        )
        yield


def walk(url: str, ordering: Sequence[str]) -> list[list[str]]:
    pages: list[list[str]] = []
    address: str | None = url
    while address:
        results, address = page_of(address, ordering)
        pages.append(results)
    return pages


@pytest.mark.parametrize(
    "ordering",
    [
        ("id",),
        ("-id",),
        ("created_at", "id"),
        ("-created_at", "-id"),
        ("-created_at", "id"),
        ("created_at", "-id"),
    ],
)
@pytest.mark.parametrize("limit", [1, 3, 5, 10, 100])
@pytest.mark.usefixtures("lines")
def test_pages_together_are_the_list_in_order(ordering: Sequence[str], limit: int) -> None:
    pages = walk(f"/api/v1/things?limit={limit}", ordering)
    expected = list(AuditEvent.objects.order_by(*ordering).values_list("action", flat=True))
    assert [name for page in pages for name in page] == expected
    assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    assert pages[-1], "no page is empty when the one before it says that there is more"


@pytest.mark.usefixtures("lines")
def test_the_next_page_keeps_the_filters_and_names_no_host() -> None:
    _results, address = page_of("/api/v1/things?type=a%26b&limit=2&type=c")
    parts = urlsplit(str(address))
    assert (parts.netloc, parts.path) == ("", "/api/v1/things")
    query = parse_qs(parts.query)
    assert (query["type"], query["limit"], len(query["cursor"])) == (["a&b", "c"], ["2"], 1)


@pytest.mark.usefixtures("lines")
def test_a_row_that_arrives_between_two_pages_neither_repeats_nor_hides_another() -> None:
    before = list(AuditEvent.objects.order_by("-id").values_list("action", flat=True))
    first, address = page_of("/api/v1/things?limit=4")
    AuditEvent.objects.create(actor_label="x", action="new", created_at=BEGIN)
    second, _address = page_of(str(address))
    assert first + second == before[:8]


@pytest.mark.usefixtures("lines")
def test_a_page_costs_one_query_that_can_use_an_index() -> None:
    _first, address = page_of("/api/v1/things?limit=4", ("-created_at", "-id"))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page_of(str(address), ("-created_at", "-id"))
    assert len(queries) == 1
    assert "OFFSET" not in queries[0]["sql"].upper()
    assert '"created_at" <=' in queries[0]["sql"]


@pytest.mark.parametrize(
    "limit", ["0", "101", "-1", "1.5", "", "x", "1e2", "٣", "99999999999999999999", " 5"]
)
@pytest.mark.usefixtures("lines")
def test_a_limit_is_1_to_100(limit: str) -> None:
    with pytest.raises(Invalid) as refusal:
        page_of(f"/api/v1/things?limit={limit}")
    assert (refusal.value.code, refusal.value.field) == ("invalid_request", "limit")


def raw(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "é",
        "====",
        "a" * 1001,
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        raw([]),
        raw("id"),
        raw({}),
        raw({"id": None}),
        raw({"id": True}),
        raw({"id": 1.5}),
        raw({"id": 10**40}),
        raw({"id": "not-a-uuid"}),
        raw({"id": "\0"}),
        raw({"id": {"$gt": ""}}),
        raw({"created_at": "2026-11-21T06:00:00Z"}),
        raw({"id": "01a1fd02-1e25-7389-a1e8-5176bb984452", "tenant_id": "x"}),
        raw({"pk__gt": "01a1fd02-1e25-7389-a1e8-5176bb984452"}),
    ],
)
@pytest.mark.usefixtures("lines")
def test_a_cursor_that_no_list_gave_out_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid) as refusal:
        page_of(f"/api/v1/things?cursor={cursor}")
    assert refusal.value.code == "bad_cursor"


@pytest.mark.parametrize("moment", ["x", "2026-13-01T00:00:00Z", 5, "9999999-01-01", ""])
@pytest.mark.usefixtures("lines")
def test_each_value_of_a_cursor_is_of_its_columns_type(moment: Any) -> None:
    cursor = encode({"created_at": moment, "id": "01a1fd02-1e25-7389-a1e8-5176bb984452"})
    with pytest.raises(Invalid, match="not valid"):
        paginate(request_to(f"/x?cursor={cursor}"), AuditEvent.objects.all(), ordering=("created_at", "id"))


@pytest.mark.usefixtures("lines")
def test_an_empty_list_is_a_page_without_a_next() -> None:
    rows = AuditEvent.objects.filter(action="none")
    assert paginate(request_to("/x"), rows, ordering=("-id",)) == ([], None)


def test_a_selector_may_make_its_own_pages() -> None:
    class Numbers:
        def page(self, *, cursor: Cursor | None, limit: int) -> tuple[list[int], Cursor | None]:
            begin = cursor["after"] + 1 if cursor else 0
            numbers = list(range(begin, 7))[:limit]
            return numbers, {"after": numbers[-1]} if numbers[-1] < 6 else None

    seen, address = [], "/api/v1/numbers?limit=3"
    while address:
        pages = KeysetPagination()
        seen += pages.paginate_queryset(Numbers(), request_to(address))
        address = pages.get_paginated_response([]).data["next"]
    assert seen == list(range(7))


def test_a_cursor_survives_its_journey() -> None:
    cursor = {"id": 2**63 - 1, "name": "₵ &?=/+"}
    assert decode(encode(cursor)) == cursor
    assert encode(cursor).isascii()
