"""pgbench scripts that ask ``ledger_post`` for transfers between random accounts, in the form that the application sends.

The request is built in SQL, as text that PostgreSQL parses like the application's, and that little work counts as the engine's.
A colon is followed by a space throughout: pgbench would take it for one of its variables.
"""

from __future__ import annotations

ACCOUNTS = 10_000
"""How many accounts the transfers go between: enough that two clients seldom meet, as in TPC-B's 5,000,000."""

_HEAD = f"""\\set payer random(0, {ACCOUNTS - 1})
\\set step random(1, {ACCOUNTS - 1})
\\set amount random(1, 500)
"""


def number(place: int) -> str:
    """The number of the account at ``place``, as ``_NUMBER`` makes it in SQL."""
    return f"NC-0000-{place:04d}"


_NUMBER = "'NC-0000-' || lpad(({place})::text, 4, '0')"


def posting_script(tenant: str, actor: str, lines: int, payee: str | None = None) -> str:
    """One posting of ``lines`` transfers of random accounts, to ``payee`` when one is given, under a key of its own."""
    frame = (
        f'"tenant": "{tenant}", "day": "2026-01-01", "authority": "player", "actor": "{actor}", "key": null, '
        '"ip": "127.0.0.1", "device": "", "request": "bench"'
    )
    claim = f'"claim": {{"principal": "u:{actor}", "hash": "{"ab" * 32}", "key": "'
    # Payers and payees of a batch lie half of all accounts apart, so that none is on both sides.
    payer_sql = _NUMBER.format(place=f"(:payer::int + n) % {ACCOUNTS}")
    step = ":step::int" if lines == 1 else str(ACCOUNTS // 2)
    payee_sql = f"'{payee}'" if payee else _NUMBER.format(place=f"(:payer::int + n + {step}) % {ACCOUNTS}")
    item = (
        f"""'{{"i": ' || n || ', "id": "' || id || '", "f": "' || {payer_sql} || '", "t": "' || {payee_sql}"""
        """ || '", "a": ' || :amount::int || ', "k": "transfer", "m": "bench"}'"""
    )
    return _HEAD + (
        f"""SELECT ledger_post(('{{{frame}, "items": [' || string_agg({item}, ',' ORDER BY n) || '], "refs": ["'"""
        f""" || string_agg(id, '","' ORDER BY n) || '"], {claim}' || min(id) || '"}}}}')::jsonb)"""
        f" FROM (SELECT n, gen_random_uuid()::text AS id FROM generate_series(0, {lines - 1}) n) drawn;\n"
    )
