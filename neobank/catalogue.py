"""Every code that an error answer can carry: one literal table, and the generator of ``docs/errors.md``.

``code: (status, title, meaning)``. The title stands in the answer, translated; the meaning is for the readers of the docs.
A code that is raised somewhere and missing here, or listed with another status, fails a test.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from django.utils.translation import gettext_noop as _

from accounts import errors
from neobank.casino_codes import CASINO

APPS: Final = ("accounts", "ledger", "casino", "passes", "identity", "neobank")


class Row(NamedTuple):
    """What one code means."""

    status: int
    title: str
    meaning: str


CODES: Final[dict[str, Row]] = {
    # -- The request itself
    "bad_cursor": Row(
        400, _("Bad cursor"), "The `cursor` is not one that a list gave out. Start the list again."
    ),
    "invalid_request": Row(
        400, _("Invalid request"), "Fields are missing, unknown or wrong; `errors` names them."
    ),
    "malformed_json": Row(
        400, _("Malformed JSON"), "The body is not JSON as RFC 8259 and our limits want it."
    ),
    "invalid_amount": Row(
        400, _("Invalid amount"), "An amount is an integer of minor units from 1 to 2^53-1."
    ),
    "invalid_expiry": Row(400, _("Invalid time"), "A payment request can be paid for 30 seconds to 7 days."),
    "invalid_picture": Row(
        400,
        _("Invalid picture"),
        "The file is no JPEG, PNG, WebP or GIF, or has more than 5 MB or 20 million pixels.",
    ),
    "invalid_reference": Row(
        400,
        _("Bad reference"),
        "The reference begins like those that the bank writes itself; choose another.",
    ),
    "invalid_name": Row(400, _("Invalid name"), "The name is too short, too long, or not usable here."),
    "invalid_email": Row(400, _("Invalid e-mail address"), "The e-mail address is not one."),
    "invalid_emoji": Row(400, _("Invalid emoji"), "One emoji is wanted, and nothing else."),
    "invalid_freeze": Row(
        400, _("Invalid freeze"), "A freeze stops debits, credits or both; this names none of them."
    ),
    "invalid_invite": Row(
        400, _("Invalid invitation"), "The invitation asked for cannot be made: see the sentence."
    ),
    "invalid_key": Row(
        400, _("Invalid device key"), "The device key asked for cannot be made: see the sentence."
    ),
    "invalid_password": Row(
        400, _("Password too weak"), "The new password is too short, too common or too like the name."
    ),
    "invalid_address": Row(
        400,
        _("Invalid address"),
        "The address of the event that is to be printed is not one that a phone can open.",
    ),
    "invalid_login_code": Row(
        400, _("Invalid sign-in code"), "The login cards or codes asked for cannot be made: see the sentence."
    ),
    "invalid_pay_list": Row(
        400, _("Invalid pay list"), "The file is no list of people and amounts as CSV: see the sentence."
    ),
    "invalid_payer": Row(400, _("Invalid payer"), "The bank's own accounts do not pay people by a list."),
    "invalid_roster": Row(
        400, _("Invalid roster"), "The file is no roster of characters as CSV: see the sentence."
    ),
    "invalid_run": Row(
        400, _("Invalid run"), "A run has a name and 1 to 10,000 payments, each to another account."
    ),
    "invalid_game": Row(
        400, _("Invalid game"), "What a game master wants of a game does not fit; `errors` names the field."
    ),
    "invalid_stakes": Row(
        400,
        _("Invalid stakes"),
        "A game offers 1 to 12 stakes in rising order, each the same whole amount on every line.",
    ),
    "invalid_tenant": Row(400, _("Invalid event"), "The event asked for cannot be made: see the sentence."),
    "reason_required": Row(
        400, _("Reason needed"), "A game master's movement carries a reason, for the trail."
    ),
    "unknown_faction": Row(400, _("Unknown faction"), "The field names a faction that does not exist."),
    "unknown_role": Row(400, _("Unknown role"), "The field names a role that does not exist."),
    "idempotency_key_required": Row(
        400, _("Idempotency key missing"), "This moves money and needs the header `Idempotency-Key`."
    ),
    "invalid_idempotency_key": Row(
        400, _("Bad idempotency key"), "An `Idempotency-Key` has 1 to 200 visible ASCII characters."
    ),
    "invalid_batch": Row(400, _("Bad batch"), "A batch has 1 to 1000 transfers."),
    "invalid_memo": Row(400, _("Bad memo"), "A memo is one line of at most 140 characters."),
    "bad_voucher_code": Row(
        400,
        _("Typing mistake"),
        "The check character of the voucher's code does not fit; nobody looked for it.",
    ),
    "invalid_payers": Row(
        400, _("Invalid payers"), "1 to 30 different people are asked, and oneself is none of them."
    ),
    "invalid_vouchers": Row(
        400, _("Invalid vouchers"), "The batch of vouchers asked for cannot be made: see the sentence."
    ),
    # -- Who is asking
    "not_signed_in": Row(401, _("Sign in first"), "No credential was sent, and this needs one."),
    "bad_key": Row(
        401, _("Unknown device key"), "The `X-API-Key` is malformed, unknown, or has a wrong secret."
    ),
    "key_revoked": Row(401, _("Device key revoked"), "A game master has revoked this device key."),
    "key_expired": Row(401, _("Device key expired"), "The device key is past its end date."),
    "bad_token": Row(
        401, _("Bad access token"), "The bearer token is malformed, forged, or not of this bank."
    ),
    "token_expired": Row(
        401, _("Access token expired"), "The token's time is over. Refresh it or sign in again."
    ),
    "session_ended": Row(
        401, _("Signed out"), "The sign-in behind the token or cookie was ended or has run out."
    ),
    "account_disabled": Row(401, _("Login switched off"), "A game master has switched this login off."),
    "bad_login": Row(
        401, _("Wrong name or password"), "Name and password do not match; it is not said which is wrong."
    ),
    "bad_refresh_token": Row(
        401, _("Bad refresh token"), "The refresh token is unknown or over. Sign in again."
    ),
    "refresh_reused": Row(
        401, _("Refresh token reused"), "An old refresh token came back; its sign-in was ended for safety."
    ),
    "wrong_tenant": Row(
        401, _("Another event"), "The credential belongs to another event than this host name."
    ),
    # -- What may be done
    "csrf_failed": Row(403, _("Page too old"), "A request with a cookie came without a good CSRF token."),
    "needs_key": Row(403, _("For devices"), "This endpoint wants a device key, not a person."),
    "not_allowed": Row(403, _("Not allowed"), "The role of the person does not allow this."),
    "not_for_keys": Row(403, _("Not for devices"), "Device keys may not do this; a person may."),
    "bad_invite": Row(403, _("Bad invitation"), "The invitation is unknown, used or over."),
    "event_code_needed": Row(
        403, _("Event code needed"), "Registering here needs the `event_code` on the poster."
    ),
    "faction_fixed": Row(
        403, _("Faction fixed"), "Players do not choose their faction here; a game master does."
    ),
    "invite_needed": Row(403, _("Invitation needed"), "Registering here needs an `invite`."),
    "own_role": Row(403, _("Your own role"), "Nobody changes his own role."),
    "platform_role": Row(
        403, _("Platform role"), "This role stands above events and is not given within one."
    ),
    "registration_closed": Row(403, _("Registration closed"), "Game masters make the players here."),
    "wrong_event_code": Row(403, _("Wrong event code"), "The `event_code` is not the one on the poster."),
    "wrong_password": Row(403, _("Wrong password"), "The password given to confirm this is wrong."),
    "old_password_needed": Row(
        403,
        _("Old password needed"),
        "A password is replaced with the one until now, or after a one-time code.",
    ),
    "not_for_devices": Row(
        403, _("Not for devices"), "A device has no account of its own here; a person has."
    ),
    "not_a_merchant": Row(
        403, _("No till"), "The account takes no payments by code; a game master makes it a merchant."
    ),
    "not_its_account": Row(
        403, _("Not its account"), "A device key takes payments into the account that it is bound to only."
    ),
    "scope_missing": Row(403, _("Scope missing"), "The device key lacks the scope that this needs."),
    # -- What is not there, or not in this form
    "no_account": Row(
        404,
        _("No account"),
        "The login was made for staff (`create_gm`) and has no bank account; characters have one.",
    ),
    "no_currency": Row(404, _("No currency yet"), "The event's bank is not set up yet."),
    "not_found": Row(404, _("Not found"), "There is nothing at this address, or it is not yours."),
    "unknown_host": Row(404, _("Unknown address"), "No event is served under this host name."),
    "unknown_link": Row(
        404, _("Link over"), "The link of a letter is unknown, too old, or was used already."
    ),
    "unknown_picture": Row(
        404, _("Unknown picture"), "There is no picture with this id, or it was taken away."
    ),
    "unknown_login_code": Row(
        404, _("Unknown code"), "There is no login card or code like this, or it belongs to another event."
    ),
    "unknown_account": Row(
        404, _("Unknown account"), "There is no account with this number, or it is not yours."
    ),
    "unknown_transfer": Row(
        404, _("Unknown transfer"), "There is no transfer with this id, or it is not yours."
    ),
    "unknown_key": Row(404, _("Unknown device key"), "There is no device key with this id."),
    "unknown_person": Row(404, _("Unknown person"), "There is nobody of this name."),
    "unknown_request": Row(404, _("Unknown request"), "There is no payment request with this id or code."),
    "unknown_session": Row(404, _("Unknown sign-in"), "There is no such sign-in among yours."),
    "unknown_voucher": Row(404, _("Unknown voucher"), "There is no voucher with this code at this event."),
    "unknown_voucher_batch": Row(404, _("Unknown vouchers"), "There is no such batch of vouchers."),
    "method_not_allowed": Row(
        405, _("Method not allowed"), "The address exists, but not with this HTTP method."
    ),
    "not_acceptable": Row(406, _("Not acceptable"), "Answers are JSON; the `Accept` header excludes that."),
    "request_timeout": Row(
        408, _("Too slow"), "The body did not arrive in time. Nothing was done; it may be sent again."
    ),
    "too_large": Row(
        413, _("Too large"), "The body has more than a million bytes, or a picture more than five million."
    ),
    "unsupported_media_type": Row(
        415,
        _("Unsupported media type"),
        "Bodies are sent as `application/json`, pictures as what they are; forms of pages in UTF-8.",
    ),
    # -- What the world does not allow now
    "account_closed": Row(409, _("Account closed"), "The account is closed."),
    "account_frozen": Row(409, _("Account frozen"), "The account is frozen in this direction."),
    "balance_limit": Row(409, _("Balance limit"), "The balance would leave the range of 2^53-1 minor units."),
    "demo_here": Row(409, _("The demo is here"), "`make event` was led to the demo's database."),
    "email_taken": Row(
        409, _("E-mail address taken"), "Another login of this event has this e-mail address."
    ),
    "host_missing": Row(
        409, _("Host name missing"), "With several events each needs a host name, or nobody would find it."
    ),
    "host_used": Row(409, _("Host name used"), "Another event is served under this host name."),
    "in_flight": Row(409, _("Still working"), "The same idempotency key is being worked on right now."),
    "insufficient_funds": Row(
        409, _("Not enough money"), "The payer's available balance is smaller than the amount."
    ),
    "key_issued_already": Row(
        409, _("Sent before"), "The form that issues a device key was sent twice; the first one made the key."
    ),
    "key_revoked_already": Row(409, _("Already revoked"), "The device key was revoked before."),
    "limit_exceeded": Row(
        409, _("Limit exceeded"), "A limit of the account or key, per payment or per day, is passed."
    ),
    "mail_off": Row(409, _("No e-mail here"), "This server sends no e-mail, so it takes no addresses."),
    "name_taken": Row(
        409, _("Name taken"), "Somebody of this event has this name, or one that looks like it."
    ),
    "not_paused": Row(409, _("Not paused"), "The bank is running; there is no pause to end."),
    "paused_already": Row(409, _("Already paused"), "The bank is paused already."),
    "own_account": Row(409, _("Own account"), "The person holds the account that they should work with."),
    "system_account": Row(
        409, _("The bank's own account"), "Nobody works with an account of the bank itself."
    ),
    "not_refundable": Row(
        409, _("Not refundable"), "The transfer is a refund itself; refunds are not refunded."
    ),
    "preview_changed": Row(
        409,
        _("Preview out of date"),
        "Something has moved since the preview that was confirmed; nothing was done.",
    ),
    "nothing_to_reverse": Row(
        409, _("Nothing to take back"), "Nothing of what was sent since then can be taken back."
    ),
    "bank_account": Row(
        409, _("The bank's own account"), "What an account of the bank itself paid is given back one by one."
    ),
    "reference_used": Row(409, _("Reference used"), "The reference stands on another transfer, for ever."),
    "refund_exceeds": Row(
        409, _("Refund too large"), "More would be given back than the transfer still allows."
    ),
    "request_cancelled": Row(409, _("Request cancelled"), "The payee has taken the payment request back."),
    "asked_enough": Row(
        409, _("Asked often enough"), "The person has not answered five requests of the caller's yet."
    ),
    "request_declined": Row(409, _("Request declined"), "The person who was asked has declined to pay."),
    "request_expired": Row(409, _("Request expired"), "The payment request was not paid in time."),
    "request_paid": Row(409, _("Request paid"), "The payment request was paid before; it is paid only once."),
    "no_vouchers_left": Row(
        409, _("None left"), "No voucher of the batch can be redeemed any more, so there is none to print."
    ),
    "voucher_expired": Row(409, _("Voucher expired"), "The voucher is past its end."),
    "voucher_used": Row(409, _("Voucher used"), "The voucher was redeemed before; each pays once."),
    "voucher_voided": Row(409, _("Voucher taken back"), "The game masters have taken the voucher back."),
    "login_code_expired": Row(
        409, _("Code expired"), "The login card or code is past its end. A game master makes a new one."
    ),
    "login_code_replaced": Row(
        409,
        _("Code replaced"),
        "A newer login card or code was made for the person, or this one was taken back.",
    ),
    "login_code_used": Row(409, _("Code used"), "Login cards and codes work once, and this one was used."),
    "login_off": Row(409, _("Login switched off"), "The login of the person is switched off."),
    "nobody_to_print": Row(
        409, _("Nobody to print for"), "Everybody who was asked for has signed in already."
    ),
    "pay_list_changed": Row(
        409,
        _("Changed meanwhile"),
        "What the pay run would do is not what was agreed to any more; nobody was paid.",
    ),
    "roster_changed": Row(
        409,
        _("Changed meanwhile"),
        "What the import would do is not what was agreed to any more; nothing was done.",
    ),
    "roster_has_faults": Row(
        409, _("Lines are wrong"), "The roster was to be imported whole, and some of its lines are wrong."
    ),
    "run_differs": Row(
        409,
        _("Run differs"),
        "A GM run with this name has paid some of these accounts other amounts, or from another payer.",
    ),
    "same_account": Row(409, _("Same account"), "Payer and payee are the same account."),
    "sharded_account": Row(
        409, _("The bank's own account"), "An account of several shards has neither a floor nor limits."
    ),
    "slug_used": Row(409, _("Short name used"), "Another event has this short name."),
    "world_paused": Row(409, _("Bank paused"), "The game masters have paused all movements."),
    "wrong_currency": Row(409, _("Wrong currency"), "The two accounts hold different currencies."),
    "future_moment": Row(
        422, _("Moment to come"), "A balance can be asked for now or as of a moment in the past."
    ),
    "too_many_lines": Row(
        422, _("Too many movements"), "More than 1000 movements; narrow the time and go piece by piece."
    ),
    "key_reused": Row(
        422, _("Key used before"), "The idempotency key was used for another request; take a new one."
    ),
    # -- Not now
    "rate_limited": Row(
        429, _("Too many requests"), "A rate limit was reached; `Retry-After` says how long to wait."
    ),
    "internal_error": Row(
        500, _("Our mistake"), "Something unexpected broke; the request id finds it in the logs."
    ),
    "busy": Row(
        503,
        _("Busy"),
        "The same request may be sent again, with the same idempotency key, after `Retry-After` seconds. Nothing was done, "
        "but where `detail` says otherwise: the connection to the database was lost, and nobody knows.",
    ),
    "not_set_up": Row(
        503, _("No event yet"), "The server runs, but no event was made; see `manage.py bootstrap`."
    ),
    **{code: Row(*row) for code, row in CASINO.items()},
}
# The status of codes that come from the framework instead of a DomainError.
_FAMILY: Final = {
    name: kind.status
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.DomainError) and kind is not errors.DomainError
}


@dataclass(frozen=True, slots=True)
class Use:
    """One place in the source that raises or returns a refusal; ``status`` is None where the table decides."""

    code: str
    status: int | None
    place: str


def uses(root: Path) -> Iterator[Use]:
    """Every literal code in the source under ``root``: the first argument of a DomainError or of ``Problem.of``."""
    for app in APPS:
        for path in sorted((root / app).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and (name := _callee(node)) is not None and node.args:
                    first = node.args[0]
                    if isinstance(first, ast.Constant) and isinstance(first.value, str):
                        yield Use(first.value, _FAMILY.get(name), f"{path.relative_to(root)}:{node.lineno}")


def _callee(call: ast.Call) -> str | None:
    if isinstance(call.func, ast.Name) and call.func.id in _FAMILY:
        return call.func.id
    if isinstance(call.func, ast.Attribute) and call.func.attr in _FAMILY:
        return call.func.attr
    if isinstance(call.func, ast.Attribute) and ast.unparse(call.func) == "Problem.of":
        return "Problem.of"
    return None


def page() -> str:
    """``docs/errors.md``."""
    lines = [
        "# Errors",
        "",
        "<!-- Written by `make docs` from neobank/catalogue.py. -->",
        "",
        "Every error of the API is one JSON object (RFC 9457, `application/problem+json`):",
        "",
        "```json",
        "{",
        '  "type": "/errors/insufficient-funds",',
        '  "title": "Not enough money",',
        '  "status": 409,',
        '  "code": "insufficient_funds",',
        '  "detail": "You have ₵12.00; this needs ₵20.00.",',
        '  "errors": [],',
        '  "request_id": "0199f1c2d3e4",',
        '  "error": "You have ₵12.00; this needs ₵20.00."',
        "}",
        "```",
        "",
        "Programs look at `code`, people read `detail`: it says what to do next, in the language of the event. `errors` names",
        'up to 50 fields (`{"field": "amount", "message": "…"}`). `error` repeats `detail` for simple clients. In an answer',
        "about a batch `index` is the position of the offending line, counted from 0; `facts` holds the figures behind the",
        "sentence. A 401 comes with `WWW-Authenticate`, and whatever may be tried again with `Retry-After` in seconds.",
        "",
        "| Code | Status | Title | Meaning |",
        "|---|---|---|---|",
    ]
    rows = sorted(CODES.items(), key=lambda item: (item[1].status, item[0]))
    lines += [f"| `{code}` | {row.status} | {row.title} | {row.meaning} |" for code, row in rows]
    return "\n".join(lines) + "\n"
