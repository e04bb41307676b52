"""Origins of web apps, as a browser names them in the header ``Origin`` (RFC 6454 sections 4 and 6.2). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from accounts.errors import Invalid

MANY: Final = 20
_PORTS: Final = {"http": 80, "https": 443}
_NAME: Final = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*", re.ASCII)
_IPV6: Final = re.compile(r"[0-9a-f:.]{2,45}", re.ASCII)


def clean(typed: Iterable[str]) -> list[str]:
    """``typed`` as browsers write them, each once, in the order they came.

    Raises ``Invalid`` (``invalid_tenant``) for what no browser sends: a path, a wildcard, another scheme, letters that
    are not ASCII (a browser sends ``xn--…``).
    """
    found = list(dict.fromkeys(_one(text) for text in typed))
    if len(found) > MANY:
        raise _refused(_("At most %(many)d origins can be listed.") % {"many": MANY})
    return found


def _one(text: str) -> str:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _not_one(text) from None
    is_name = (_IPV6 if ":" in host else _NAME).fullmatch(host)
    is_bare = parts.path in {"", "/"} and not {"?", "#", "@"} & set(text)
    if parts.scheme not in _PORTS or not is_name or not is_bare:
        raise _not_one(text)
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port not in {None, _PORTS[parts.scheme]} else "")


def _not_one(text: str) -> Invalid:
    return _refused(
        _("%(text)s is not an origin. Write it like https://app.example, without a path.")
        % {"text": text[:100]}
    )


def _refused(sentence: str) -> Invalid:
    return Invalid("invalid_tenant", sentence, field="cors_origins")
