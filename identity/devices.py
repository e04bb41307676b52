"""A phone that is known again: a signed text it keeps, naming who has signed in on it before.

It opens nothing. It only proves an earlier sign-in, so that wrong passwords somebody else tries in that name, from wherever,
do not make this phone wait. Browsers keep it in a cookie; an app keeps ``device_proof`` of the answer and sends it back in the
header ``X-Device-Proof``.
"""

from __future__ import annotations

import re
import secrets
import uuid
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase

COOKIE: Final = "neobank_device"
HEADER: Final = "X-Device-Proof"
KEPT_S: Final = 400 * 86400
USERS_MAX: Final = 8
_SALT: Final = "neobank.identity.device"
_TEXT_MAX: Final = 1_000
_ID: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Device:
    """A device of ours: ``id`` is random ("" for one we have never seen), ``users`` have signed in on it, latest first."""

    id: str = ""
    users: tuple[str, ...] = ()

    @classmethod
    def new(cls) -> Device:
        """One that has just been seen for the first time."""
        return cls(secrets.token_hex(16))

    @classmethod
    def parse(cls, proof: str) -> Device:
        """The device that holds ``proof``; an unknown one when it is not ours, or was tampered with."""
        if not proof or len(proof) > _TEXT_MAX:
            return cls()
        try:
            told: Any = signing.loads(proof, salt=_SALT, max_age=KEPT_S)
        except signing.BadSignature:
            return cls()
        return (
            cls(str(told["d"]), tuple(map(str, told["u"])))
            if _ID.fullmatch(str(told.get("d", "")))
            else cls()
        )

    def proof(self) -> str:
        """What the device keeps."""
        return signing.dumps({"d": self.id, "u": list(self.users)}, salt=_SALT, compress=True)

    def knows(self, user_id: uuid.UUID) -> bool:
        """Whether that user has signed in on it before."""
        return user_id.hex in self.users

    def after_sign_in(self, user_id: uuid.UUID) -> Device:
        """The same device, once that user has signed in on it."""
        others = [user for user in self.users if user != user_id.hex]
        return Device(self.id or secrets.token_hex(16), (user_id.hex, *others)[:USERS_MAX])


def device_of(request: HttpRequest) -> Device:
    """The device that sends ``request``, from the cookie, else from the header."""
    return Device.parse(request.COOKIES.get(COOKIE) or request.headers.get(HEADER, ""))


def remember(response: HttpResponseBase, device: Device) -> None:
    """Let the browser keep ``device``'s proof: after each sign-in, and on the page where somebody registers."""
    response.set_cookie(
        COOKIE,
        device.proof(),
        max_age=KEPT_S,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
