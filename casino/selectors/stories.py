"""Rounds that the plot gave away: public by their number, and to their player as what they are, never as a draw."""

from __future__ import annotations

import uuid
from typing import cast

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.errors import NotFound
from casino import reels
from casino.models import Game, StoryRound
from casino.selectors.games import certified_version
from casino.selectors.players import player_of


def story_count(game: Game) -> int:
    """How many rounds of ``game`` the plot has given away; everybody may know at once."""
    return int(StoryRound.objects.filter(game=game).count())


def stories() -> QuerySet[StoryRound]:
    """Every story round of the event, newest first."""
    return cast(
        "QuerySet[StoryRound]",
        StoryRound.objects.select_related("game", "version", "user", "created_by").order_by("-id"),
    )


def stories_of(actor: Actor) -> QuerySet[StoryRound]:
    """The player's own story rounds, newest first."""
    return stories().filter(user=player_of(actor))


def story_for(actor: Actor, story: uuid.UUID) -> StoryRound:
    """A story round of the player's own. Raises ``NotFound`` (``unknown_round``)."""
    row = stories_of(actor).filter(pk=story).first()
    if row is None:
        raise NotFound("unknown_round", _("There is no such round."))
    return row


def shown_to_be(row: StoryRound) -> reels.Spin:
    """What the machine shows: the window of the chosen stops. What its lines would pay is not what was paid."""
    version = certified_version(row.version).version
    return reels.evaluate(version.rules, version.set_named(row.set_name).strips, row.stops)


def what_it_was(row: StoryRound) -> str:
    """What the player reads beside a story round."""
    if row.told:
        return _(
            "A story round: the game masters gave it to you. Nothing was drawn, and it counts in no figure."
        )
    return _("A round on the house, which is explained at the event's end.")
