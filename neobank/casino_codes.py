"""The codes of the casino's refusals: ``code: (status, title, meaning)``, part of the table in ``neobank.catalogue``."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_noop as _

CASINO: Final[dict[str, tuple[int, str, str]]] = {
    "invalid_client_seed": (
        400,
        _("Invalid client seed"),
        "A client seed has 1 to 64 printable characters, and no colon.",
    ),
    "invalid_limit": (
        400,
        _("Invalid limit"),
        "A player's own limit is a whole number of minor units, or null for none.",
    ),
    "invalid_pause": (400, _("Invalid pause"), "A player pauses for 1 hour to 365 days."),
    "invalid_payout": (400, _("Invalid payout"), "A game pays from 50.00 to 150.00 per cent."),
    "invalid_schedule": (
        400,
        _("Invalid schedule"),
        "The schedule of a rig has 1 to 100 steps in order of time, each within the range that players are told.",
    ),
    "invalid_stake": (
        400,
        _("Stake does not divide"),
        "A stake is the same whole amount on each line; `facts.nearest` has the nearest ones that fit.",
    ),
    "invalid_stops": (
        400,
        _("Invalid stops"),
        "A story round shows one stop for each reel of one of the game's strip sets.",
    ),
    "stake_too_large": (400, _("Stake too large"), "The stake is above the largest one of this game."),
    "stake_too_small": (400, _("Stake too small"), "The stake is below the smallest one of this game."),
    "unknown_game": (404, _("Unknown game"), "There is no game of this name, or no casino here."),
    "unknown_round": (404, _("Unknown round"), "There is no round with this id, or it is not yours."),
    "config_changed": (
        409,
        _("Payout changed"),
        "What the game pays has changed since `config`, and nothing was drawn; `facts.configuration` has the new hash.",
    ),
    "game_closed": (409, _("Game closed"), "The game is switched off, or outside of its opening hours."),
    "game_frozen": (409, _("Game stands still"), "The plot has stopped the machine; the sentence says why."),
    "house_limit": (
        409,
        _("House too small"),
        "The house could not pay the largest prize of this stake; `facts.largest` is the most that it takes, 0 for nothing.",
    ),
    "loss_limit_reached": (
        409,
        _("Loss limit reached"),
        "With this stake the player could lose more than they allow themselves.",
    ),
    "no_rig": (409, _("No rig"), "No sealed rig runs on this game."),
    "own_stake_limit": (
        409,
        _("Own stake limit"),
        "The stake is above the largest one that the player allows themselves.",
    ),
    "pause_longer": (409, _("Paused longer"), "The pause is longer already; it is never shortened."),
    "playing_paused": (409, _("Pausing"), "The player has asked to be kept from playing until later."),
    "prizes_short": (
        409,
        _("Prizes too small"),
        "The account for prizes holds less than this prize; `facts.available` is what it has.",
    ),
    "rig_sealed": (409, _("Rig sealed"), "A sealed rig decides what the game pays, until it is revealed."),
    "seeds_not_shown": (
        409,
        _("Seal not shown"),
        "A client seed came before the player had seeds, so nothing was drawn; `facts.server_seed_hash` is their seal now.",
    ),
    "too_fast": (
        429,
        _("Too fast"),
        "The reels still turn: the game has a least time between two spins of a player.",
    ),
}
