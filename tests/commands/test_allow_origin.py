"""`allow_origin`: the web apps of other addresses, listed, added and shut out."""

from __future__ import annotations

import pytest
from django.core.management import CommandError

from accounts import tenancy
from accounts.models import AuditEvent, Tenant
from tests.cast import Event, make_event
from tests.commands.conftest import Run

HERE, THERE = "http://localhost:5500", "https://app.example"


def allowed(event: Event) -> list[str]:
    return list(Tenant.objects.get(pk=event.tenant.pk).cors_origins)


def test_origins_are_added_listed_and_shut_out_and_each_change_is_in_the_trail(
    run: Run, event: Event
) -> None:
    assert "No web app" in run("allow_origin")[1]
    run("allow_origin", "HTTP://LocalHost:5500/")
    said, _ = run("allow_origin", THERE, HERE)
    assert said.split() == allowed(event) == [HERE, THERE]
    assert run("allow_origin")[0] == said
    assert run("allow_origin", HERE, remove=True)[0].split() == allowed(event) == [THERE]
    with tenancy.scope(event.tenant):
        lines = AuditEvent.objects.filter(action="tenant.settings")
        assert [line.metadata["cors_origins"]["after"] for line in lines.order_by("id")] == [
            HERE,
            f"{HERE} {THERE}",
            THERE,
        ]


def test_what_is_no_origin_or_was_not_allowed_changes_nothing(run: Run, event: Event) -> None:
    run("allow_origin", HERE)
    for typed, remove, sentence in (
        (["*"], False, "not an origin"),
        (["https://app.example/path"], False, "without a path"),
        ([THERE], True, f"Allowed are: {HERE}"),
        ([], True, "Say which origin"),
    ):
        with pytest.raises(CommandError, match=sentence):
            run("allow_origin", *typed, remove=remove)
    assert allowed(event) == [HERE]


def test_with_several_events_one_says_which(run: Run, event: Event) -> None:
    other = make_event("borea")
    with pytest.raises(CommandError, match="several events"):
        run("allow_origin", HERE)
    run("allow_origin", HERE, tenant="borea")
    assert (allowed(event), allowed(other)) == ([], [HERE])
