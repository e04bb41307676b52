"""How the stories of the ledger ask the API, and read what it answers."""

from __future__ import annotations

import itertools
from typing import Any

from tests.cast import Phone

_KEYS = itertools.count(1)


def pay(phone: Phone, path: str = "transfers", *, key: str | None = "", **body: Any) -> Any:
    """Send a payment with an idempotency key of its own, with the ``key`` given, or (None) without one."""
    headers = {} if key is None else {"Idempotency-Key": key or f"test-{next(_KEYS)}"}
    return phone.post(path, body, **headers)


def refusal(answer: Any) -> tuple[int, str]:
    """Status and code of a refusal, which is one JSON object of the promised shape."""
    body = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert body["status"] == answer.status_code
    assert body["error"] == body["detail"]
    assert body["type"] == f"/errors/{body['code'].replace('_', '-')}"
    return answer.status_code, body["code"]


def without_id(answer: Any) -> dict[str, Any]:
    """The body without the one thing that differs between two equal answers."""
    return {name: value for name, value in answer.json().items() if name != "request_id"}
