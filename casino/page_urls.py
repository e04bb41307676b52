"""The casino's pages, at the root."""

from __future__ import annotations

from django.urls import path

from casino.pages import floor, machine, own, seals, stories, verify

app_name = "casino"

urlpatterns = [
    path("casino", floor.floor, name="floor"),
    path("casino/fairness", seals.fairness, name="fairness"),
    path("casino/fairness/rotate", seals.rotate, name="rotate"),
    path("casino/fairness/client-seed", seals.client_seed, name="client_seed"),
    path("casino/rounds", own.rounds, name="rounds"),
    path("casino/rounds/file", seals.rounds_file, name="rounds_file"),
    path("casino/rounds/<uuid:round_id>", own.one_round, name="round"),
    path("casino/stories/<uuid:story_id>", stories.story, name="story"),
    path("casino/limits", own.own_limits, name="limits"),
    path("casino/limits/pause", own.pause, name="pause"),
    path("casino/<slug:game>", machine.machine, name="machine"),
    path("casino/<slug:game>/odds", machine.odds, name="odds"),
    path("fairness/verify", verify.verifier, name="verify"),
]
