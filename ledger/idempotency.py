"""What makes two requests the same request. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from ledger.posting.orders import Claim

KEY = re.compile(r"[!-~]{1,200}")


def claim_for(key: str, *, method: str, path: str, body: Any) -> Claim:
    """The claim of an ``Idempotency-Key`` (1-200 visible ASCII characters) by a request with a JSON ``body``.

    Raises ``ValueError`` for another key.
    """
    if not KEY.fullmatch(key):
        raise ValueError("an idempotency key has 1 to 200 visible ASCII characters")
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return Claim(key, hashlib.sha256(f"{method.upper()}\n{path}\n{canonical}".encode()).digest())
