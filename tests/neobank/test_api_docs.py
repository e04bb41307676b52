"""The schema, and the pages that show it."""

import re
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.validation import validate_schema

from accounts.models import Tenant


@pytest.fixture
def schema(client: Client, db: None) -> dict[str, Any]:
    Tenant.objects.create(slug="arcadia", name="Arcadia")
    answer = client.get("/api/schema/")
    assert answer.status_code == 200
    return answer.json()


def operations(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    ]


def test_the_schema_is_valid_openapi_and_knows_the_bank(schema: dict[str, Any]) -> None:
    validate_schema(schema)
    assert "/api/v1/transfers" in schema["paths"]


def test_every_operation_says_how_it_refuses(schema: dict[str, Any]) -> None:
    for name, operation in operations(schema):
        answers = operation["responses"]
        for status in ("400", "401", "403", "404", "429", "503"):
            content = answers[status]["content"]
            assert list(content) == ["application/problem+json"], f"{name} {status}"
            assert content["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}
        if name.startswith("POST"):
            assert {"409", "413", "415", "422"} <= answers.keys(), name


def test_every_operation_has_a_summary_and_an_id_of_its_own(schema: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _name, operation in operations(schema)]
    assert len(ids) == len(set(ids))


def test_credentials_are_asked_for_as_the_permissions_say(schema: dict[str, Any]) -> None:
    schemes = schema["components"]["securitySchemes"]
    assert schemes["deviceKey"]["name"] == "X-API-Key"
    assert (schemes["bearer"]["type"], schemes["bearer"]["scheme"]) == ("http", "bearer")
    assert schemes["cookie"]["in"] == "cookie"
    assert schema["paths"]["/api/v1/transfers"]["post"]["security"] == [{"bearer": []}, {"cookie": []}]
    terminal = schema["paths"]["/api/v1/external/transactions"]["post"]
    assert terminal["security"] == [{"deviceKey": []}]


def test_the_page_loads_nothing_from_elsewhere_and_only_it_may_have_inline_styles(
    client: Client, schema: dict[str, Any]
) -> None:
    page = client.get("/api/docs/", headers={"Accept": "text/html"})
    text = page.content.decode()
    assert page.status_code == 200
    links = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert links
    assert all(link.startswith("/") for link in links), links
    assert not re.search(r"<script(?![^>]*src=)[^>]*>\s*\S", text), "an inline script would be blocked"
    assert "style-src 'self' 'unsafe-inline'" in page["Content-Security-Policy"]
    assert "unsafe" not in client.get("/api/schema/")["Content-Security-Policy"]
    script = client.get("/api/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert "/api/schema/" in script.content.decode()


def test_a_wrong_method_is_a_problem_in_json(client: Client, db: None) -> None:
    for address in ("/api/schema/", "/api/docs/"):
        answer = client.post(address, headers={"Accept": "text/html, */*;q=0.8"})
        assert (answer.status_code, answer["Content-Type"]) == (405, "application/problem+json")
        assert answer.json()["code"] == "method_not_allowed"
        assert "GET" in answer["Allow"]


@pytest.mark.parametrize(
    "query", ["lang=%0a", "version=%0d%0aX: y", "lang='><script>alert(1)</script>", "format=x"]
)
def test_nothing_of_the_address_comes_back(client: Client, schema: dict[str, Any], query: str) -> None:
    for address in ("/api/schema/", "/api/docs/"):
        answer = client.get(f"{address}?{query}")
        assert answer.status_code in {200, 404}
        assert "alert(1)" not in answer.content.decode()
