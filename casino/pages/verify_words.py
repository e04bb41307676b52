"""What the verifier's script says: texts with places in braces, which it fills in. A pair is for one, and for several."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from casino.games import SYMBOL_NAMES, TITLES


def words() -> dict[str, Any]:
    """Everything the script may say, in the language of the page."""
    return {
        **_summary(),
        **_refusals(),
        "faults": _faults(),
        "steps": _steps(),
        "titles": {game: _(title) for game, title in TITLES.items()},
        "symbols": {
            game: {letter: _(name) for letter, name in names.items()} for game, names in SYMBOL_NAMES.items()
        },
    }


def _summary() -> dict[str, Any]:
    return {
        "verified": _both(ngettext("{n} round verified", "{n} rounds verified", n) for n in (1, 2)),
        "waiting": _both(ngettext("{n} waits for its seed", "{n} wait for their seed", n) for n in (1, 2)),
        "sealed": _both(ngettext("{n} is still sealed", "{n} are still sealed", n) for n in (1, 2)),
        "wrong": _both(ngettext("{n} wrong", "{n} wrong", n) for n in (1, 2)),
        "verdicts": {
            "verified": _("Verified"),
            "waiting": _("Waits for its seed"),
            "sealed": _("Still sealed"),
            "wrong": _("Wrong"),
        },
        "checking": _("Checking round {n} of {all} …"),
        "no_rounds": _("The file holds no rounds. Play one, and download your rounds again."),
        "round": _("{game}, round {nonce} of seed {seed}"),
        "round_unread": _("Entry {n} of the file"),
        "round_money": _("Stake {stake}, won {win}"),
        "steps_of": _("Step by step"),
        "more": _both(ngettext("Show {n} more", "Show {n} more", n) for n in (1, 2)),
        "missing": _("Not in the file are these rounds of seed {seed}: {nonces}"),
        "seed_shown": _("Seed {hash}"),
        "seed_is_shown": _("revealed"),
        "seed_is_hidden": _("not revealed yet"),
        "configuration_shown": _("{game}, setting {seq}: {payout}"),
        "minor": _("Amounts are counted in the smallest coin."),
    }


def _refusals() -> dict[str, Any]:
    return {
        "refusals": {
            "not_json": _("This is not a whole file of rounds: a part is missing, or it is something else."),
            "not_rounds": _("This is not a file of rounds. Download your rounds from the fairness page."),
            "other_form": _("This file is of a newer or older kind than this page. Save the page again."),
            "not_whole": _("A part of the file is missing. Download your rounds again."),
            "unreadable": _("The file could not be read. Choose it once more."),
            "empty": _("There is nothing to check yet. Paste the whole text of the file first."),
        }
    }


def _faults() -> dict[str, str]:
    return {
        "round_form": _(
            "The entry is not whole: “{field}” is missing, or is not what it should be. It cannot be checked."
        ),
        "seed_hash": _(
            "The server’s seed is not the one it was bound to before the bet. Shown before: {hash}. "
            "The SHA-256 of this seed: {found}."
        ),
        "nonce_twice": _("Number {nonce} of this seed was used {uses} times. A number may be used once."),
        "configuration_missing": _("The setting {hash} that this round was played with is not in the file."),
        "configuration_hash": _(
            "The setting was changed: its text has the SHA-256 {found}, and {hash} was shown before the bet."
        ),
        "configuration_form": _("The setting {hash} is not written as settings are. It cannot be checked."),
        "chain_twice": _("There are two settings number {seq} of this game. There may be one."),
        "chain_broken": _(
            "Setting number {seq} of this game does not follow the one before it: the chain is broken."
        ),
        "version_missing": _("The rules {hash} that the setting names are not in the file."),
        "version_hash": _(
            "The rules were changed (symbols, prizes or lines): their text has the SHA-256 {found}, and the setting names {hash}."
        ),
        "version_form": _("The rules {hash} are not written as rules are. They cannot be checked."),
        "other_game": _("The round says it is of {game}; its setting or its rules are of another game."),
        "reveal_form": _("The revealed schedule is not written as schedules are, or not in order of time."),
        "reveal_hash": _(
            "The revealed schedule is not the one that was sealed: it has the SHA-256 {found}, and {hash} was shown before."
        ),
        "reveal_range": _(
            "The revealed schedule holds {payout} %. Promised was something from {from} % to {to} %."
        ),
        "off_reels": _("The round has stops that are not on the reels. A reel has {stops}, counted from 0."),
        "stops": _("The reels should have stopped at {ours}. The round says {theirs}."),
        "no_sets": _("The rules have no strips that could pay {payout} %."),
        "hidden": _("The choice of the strips is left out, though nothing is sealed any more."),
        "off_selector": _("The selector {theirs} cannot be: it is a number from 0 to {most}."),
        "selector": _("The seed gives the selector {ours}. The round says {theirs}."),
        "out_of": _("The selector is one of {ours} numbers. The round says {theirs}."),
        "set": _("It should have been played on strips {ours}. The round says {theirs}."),
        "free_count": _("The reels give {ours} free spins. The round has {theirs}."),
        "free_stops": _("Free spin {number} should have stopped at {ours}. The round says {theirs}."),
        "prize": _("The reels win {ours} line bets. The round says {theirs}."),
        "prize_of_no_set": _("With these stops nothing of this game wins {theirs} line bets."),
        "stake": _("The stake should be {ours}. The round says {theirs}."),
        "win": _("The win should be {ours}. The round says {theirs}."),
    }


def _steps() -> dict[str, Any]:
    return {
        "seed": _("1. The seeds"),
        "seed_good": _(
            "The server’s seed has the SHA-256 that was shown before the bet, so it was not changed since."
        ),
        "seed_bad": _("The server’s seed has another SHA-256 than was shown before the bet."),
        "seed_hidden": _(
            "The server’s seed is not revealed yet. Its SHA-256 was shown before the bet; "
            "change your seeds on the fairness page, and it is revealed."
        ),
        "seed_text": _("The server’s seed"),
        "seed_digest": _("Its SHA-256, shown before"),
        "client_seed": _("Your seed"),
        "nonce": _("Number of the round"),
        "rules": _("2. The setting and the rules"),
        "configuration": _("Setting, number {seq}"),
        "version": _("Rules"),
        "payout": _("Expected payout"),
        "percent": _("{payout} %"),
        "payout_sealed": _("secret for now, from {from} % to {to} %"),
        "payout_scheduled": _("by a schedule that is now revealed, from {from} % to {to} %"),
        "payout_revealed": _("{payout} %, as the schedule said that was sealed and is now revealed"),
        "commitment": _("Seal of the schedule"),
        "played_at": _("Played at"),
        "draws": _("3. The numbers drawn"),
        "stream": _(
            "HMAC-SHA256 with the server’s seed as key gives 32 bytes for each of the messages “{first}” "
            "and so on. Cut into pieces, each piece is a number u; "
            "the draw is u × n, divided by 2 to the power of its bits, rounded down."
        ),
        "bytes": _("Bytes"),
        "draw": _("Draw"),
        "of": _("n"),
        "result": _("Result"),
        "stop": _("Reel {reel}"),
        "selector": _("Selector"),
        "free_below": _(
            "After them the stops of the free spins were drawn, which stand with each free spin below."
        ),
        "again": _("{draw}, drawn again"),
        "passed": _("passed over"),
        "no_draws": _("They can be drawn again as soon as the server’s seed is revealed."),
        "strips": _("4. The strips"),
        "mix": _(
            "Selectors below {chosen} play on strips {high}, the others up to {most} on strips {low}: "
            "together that is expected to pay exactly {payout} %."
        ),
        "mix_one": _("Strips {low} alone pay exactly {payout} %; the selector is drawn all the same."),
        "mixed": _("The selector is {selector}, so the round was played on strips {set}."),
        "strips_sealed": _("Which strips it was is secret until the schedule is revealed."),
        "window": _("5. The reels"),
        "window_of": _("Free spin {number}: stops {stops}"),
        "stopped": _("Stops {stops}, counted from 0; the symbol of the stop is the upper one."),
        "line": _("Line {line}: {count} × {symbol}"),
        "scatters": _("{count} × {symbol} anywhere"),
        "prize": _both(ngettext("{n} line bet", "{n} line bets", n) for n in (1, 2)),
        "nothing": _("Nothing on any line."),
        "gives": _both(ngettext("It gives {n} free spin.", "It gives {n} free spins.", n) for n in (1, 2)),
        "money": _("6. The money"),
        "stake": _("{lines} lines × {bet} = {stake}"),
        "win": _("{bets} line bets × {bet} = {win}"),
        "stake_name": _("Stake"),
        "win_name": _("Win"),
    }


def _both(said: Any) -> list[str]:
    return list(said)
