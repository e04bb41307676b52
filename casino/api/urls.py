"""The addresses of the casino's API, below ``/api/v1/casino/``."""

from __future__ import annotations

from django.urls import path

from casino.api import limits, machines, rounds, seeds, spins

urlpatterns = [
    path("games", machines.Games.as_view(), name="api-casino-games"),
    path("games/<slug:name>", machines.GameDetail.as_view(), name="api-casino-game"),
    path("games/<slug:name>/spin", spins.Spin.as_view(), name="api-casino-spin"),
    # As the first system had them.
    path("glitch-grid/spin", spins.GlitchGrid.as_view(), name="api-casino-glitch-grid"),
    path("starlight-smuggler/spin", spins.StarlightSmuggler.as_view(), name="api-casino-starlight-smuggler"),
    path("rounds", rounds.Rounds.as_view(), name="api-casino-rounds"),
    path("rounds/file", rounds.RoundsFile.as_view(), name="api-casino-rounds-file"),
    path("rounds/<uuid:round_id>", rounds.RoundDetail.as_view(), name="api-casino-round"),
    path("fairness", seeds.Fairness.as_view(), name="api-casino-fairness"),
    path("fairness/rotate", seeds.Rotate.as_view(), name="api-casino-rotate"),
    path("limits", limits.Limits.as_view(), name="api-casino-limits"),
    path("session", limits.Session.as_view(), name="api-casino-session"),
]
