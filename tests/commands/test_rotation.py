"""`rotate_field_keys`: a new key in front of the ring, and afterwards nothing needs the old one."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError
from django.test import override_settings

from accounts import crypto, tenancy
from accounts.models import AuditEvent, TenantModel, User
from accounts.services import sealing
from identity.services.people import create_user
from neobank.management.commands import rotate_field_keys
from tests.cast import PASSWORD, Event, make_event
from tests.commands.conftest import Run

OLD = "1:" + base64.b64encode(b"o" * 32).decode()
PEOPLE = ("Ann", "Bea", "Cid", "Dan", "Eve")
NEW = "2:" + base64.b64encode(b"n" * 32).decode()


@contextmanager
def keys(*ring: str) -> Iterator[None]:
    with override_settings(FIELD_KEYS=",".join(ring)):
        yield


def person_with_mail(event: Event, name: str) -> User:
    email = f"{name.lower()}@example.org"
    return create_user(actor=event.server, character_name=name, password=PASSWORD, email=email)


def mail_of(event: Event, name: str) -> str:
    with tenancy.scope(event.tenant):
        return crypto.open_from(User.objects.get(character_name=name), "email")


@pytest.fixture
def events(event: Event) -> list[Event]:
    """Two events; five people with an address sealed by the old key, and one without."""
    both = [event, make_event("dune")]
    with keys(OLD):
        for number in range(5):
            person_with_mail(both[number % 2], PEOPLE[number])
        both[0].person("Nomail")
    return both


def test_afterwards_the_old_key_is_not_needed(run: Run, events: list[Event]) -> None:
    with keys(NEW, OLD):
        assert mail_of(events[0], "Ann") == "ann@example.org"
        said, _ = run("rotate_field_keys")
    assert "Sealed 5 fields with key 2." in said
    assert "Key 1 is not needed any more" in said
    with keys(NEW):
        for number, name in enumerate(PEOPLE):
            assert mail_of(events[number % 2], name) == f"{name.lower()}@example.org"
        assert mail_of(events[0], "Nomail") == ""
    with keys(OLD), pytest.raises(crypto.CannotOpen):
        mail_of(events[0], "Ann")


def test_a_second_run_has_nothing_to_do_and_says_nothing_in_the_trail(run: Run, events: list[Event]) -> None:
    with keys(NEW, OLD):
        run("rotate_field_keys")
        with tenancy.scope(events[0].tenant):
            lines = AuditEvent.objects.filter(action="fields.reseal").count()
        assert lines == 1
        assert "Sealed 0 fields" in run("rotate_field_keys")[0]
        with tenancy.scope(events[0].tenant):
            assert AuditEvent.objects.filter(action="fields.reseal").count() == lines


def test_what_was_cut_off_goes_on(run: Run, events: list[Event], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotate_field_keys, "_ROWS_AT_ONCE", 1)
    real = rotate_field_keys.reseal_batch
    calls: list[Any] = []

    def cut(**options: Any) -> sealing.Batch:
        calls.append(options)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(**options)

    monkeypatch.setattr(rotate_field_keys, "reseal_batch", cut)
    with keys(NEW, OLD):
        with pytest.raises(KeyboardInterrupt):
            run("rotate_field_keys")
        assert "Sealed 3 fields" in run("rotate_field_keys")[0]
    with keys(NEW):
        assert mail_of(events[1], "Bea")


def test_a_row_written_meanwhile_is_not_overwritten(
    run: Run, events: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its writer still had the old ring; the next pass seals what he wrote."""
    real = crypto.reseal
    written: list[User] = []

    def reseal(row: User, field: str) -> bool:
        changed = real(row, field)
        if row.character_name == "Ann" and not written:
            written.append(row)
            with keys(OLD):
                now = User.objects.get(pk=row.pk)
                crypto.seal_into(now, "email", "moved@example.org")
            User.objects.filter(pk=row.pk).update(email=now.email)
        return changed

    monkeypatch.setattr(crypto, "reseal", reseal)
    with keys(NEW, OLD):
        run("rotate_field_keys")
    with keys(NEW):
        assert mail_of(events[0], "Ann") == "moved@example.org"


def test_a_field_that_no_key_opens_is_named_and_the_others_are_sealed(run: Run, events: list[Event]) -> None:
    with tenancy.scope(events[0].tenant):
        broken = User.objects.get(character_name="Ann")
        User.objects.filter(pk=broken.pk).update(email=bytes(broken.email)[:-1] + b"?")
    with keys(NEW, OLD), pytest.raises(CommandError, match="could not be opened"):
        run("rotate_field_keys")
    with keys(NEW):
        assert mail_of(events[0], "Cid")
        assert mail_of(events[1], "Bea")


def test_one_event_may_be_done_alone_and_the_old_key_is_then_still_needed(
    run: Run, events: list[Event]
) -> None:
    with keys(NEW, OLD):
        said, _ = run("rotate_field_keys", tenant="dune")
    assert "not needed" not in said
    with keys(NEW):
        assert mail_of(events[1], "Bea")
        with pytest.raises(crypto.CannotOpen):
            mail_of(events[0], "Ann")


def test_every_encrypted_field_of_the_project_is_found() -> None:
    everywhere = [
        (model, field.attname)
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, crypto.EncryptedField)
    ]
    assert sorted(sealing.sealed_fields(), key=str) == sorted(everywhere, key=str)
    assert all(issubclass(model, TenantModel) for model, _ in everywhere)
    assert (User, "email") in everywhere
