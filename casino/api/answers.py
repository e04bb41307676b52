"""What the casino answers. Beside every amount that a person will read stands a ready string."""

from __future__ import annotations

import threading
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from casino import selectors
from casino.selectors import SeenRound
from casino.services.spins import Spun
from ledger.api.fields import MinorUnits, Moment, Shown

_LETTERS = {"type": "array", "items": {"type": "array", "items": {"type": "string"}}}
_NUMBERS = {"type": "array", "items": {"type": "integer"}}


@extend_schema_field(_LETTERS)
class LettersField(serializers.Field[Any, Any, Any, Any]):
    """Lists of letters, as they are."""

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, **options)

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field(_NUMBERS)
class NumbersField(LettersField):
    """A list of whole numbers."""


@extend_schema_field({"type": "array", "items": _NUMBERS})
class NumberListsField(LettersField):
    """Lists of whole numbers."""


@extend_schema_field({"type": "string", "examples": ["3.7"]})
class ExactField(LettersField):
    """A fraction as an exact decimal text."""

    def to_representation(self, value: Any) -> str:
        return selectors.as_text(value)


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
class TextsField(LettersField):
    """Texts by their names."""


# -- rounds ------------------------------------------------------------------------------------------------------------


class WinningLineAnswer(serializers.Serializer[Any]):
    """A line that has won."""

    line = serializers.IntegerField(help_text="Its place in the game's `lines`, from 0.")
    rows = NumbersField(help_text="Its row on each reel, 0 at the top.")
    symbol = serializers.CharField()
    symbol_name = serializers.CharField(source="name")
    count = serializers.IntegerField(help_text="How many cells from the left.")
    win = MinorUnits()
    win_display = Shown("win")


class WindowAnswer(serializers.Serializer[Any]):
    """What stood in the window, and what it has won. The same letters twice: by rows and by reels."""

    grid = LettersField(help_text="One list for each row, from above.")
    reels = LettersField(help_text="One list for each reel, from the left.")
    winning_lines = WinningLineAnswer(many=True)
    scatter_count = serializers.IntegerField()
    scatter_win = MinorUnits()
    scatter_win_display = Shown("scatter_win")


class FreeSpinAnswer(WindowAnswer):
    """One free spin; its prizes hold the multiplier already."""

    win = MinorUnits()
    win_display = Shown("win")


class FairnessOfRound(serializers.Serializer[SeenRound]):
    """All that is needed to draw the round again. The selector is null while the payout is sealed."""

    server_seed_hash = serializers.CharField(source="round.seed_pair.server_seed_hash")
    client_seed = serializers.CharField(source="round.client_seed")
    nonce = serializers.IntegerField(source="round.nonce")
    configuration = serializers.CharField(source="round.configuration.digest")
    version = serializers.CharField()
    stops = NumbersField(source="round.stops")
    free_stops = NumberListsField(source="round.free_stops")
    selector = serializers.CharField(allow_null=True, help_text="A number, maybe beyond 2^53.")
    out_of = serializers.CharField(allow_null=True, help_text="How many selectors there are.")
    set = serializers.CharField(source="set_name", allow_null=True, help_text="The reels it was played on.")


class FairnessOfOldRound(FairnessOfRound):
    """The same with the seed, once it is told."""

    server_seed = serializers.CharField(
        allow_null=True, help_text="Null until the pair is exchanged, and while a sealed rig keeps it secret."
    )


class FairnessOfNewRound(FairnessOfRound):
    """The same with the seal of what comes next."""

    next_server_seed_hash = serializers.SerializerMethodField()

    def get_next_server_seed_hash(self, seen: SeenRound) -> str:
        """Committed to before this round was drawn."""
        return str(self.context["spun"].coming)


class _RoundFields(serializers.Serializer[Any]):
    """A round; amounts in minor units."""

    round_id = serializers.UUIDField(source="round.id")
    game = serializers.CharField(source="round.game.name")
    played_at = Moment(source="round.played_at")
    grid = LettersField(source="base.grid", help_text="One list of letters for each row, from above.")
    reels = LettersField(source="base.reels", help_text="The same, one list for each reel, from the left.")
    symbols = serializers.SerializerMethodField(help_text="What each letter of this game is called.")
    winning_lines = WinningLineAnswer(source="base.winning_lines", many=True)
    scatter_count = serializers.IntegerField(source="base.scatter_count")
    scatter_win = MinorUnits(source="base.scatter_win")
    scatter_win_display = Shown("base.scatter_win")
    free_spins = FreeSpinAnswer(many=True)
    bet = MinorUnits(source="round.stake")
    bet_display = Shown("round.stake")
    win_amount = MinorUnits(source="round.win", help_text="Of the whole round, free spins included.")
    win_amount_display = Shown("round.win")
    win_multiplier = ExactField(help_text="The win divided by the bet, exactly.")

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
    def get_symbols(self, seen: SeenRound) -> dict[str, str]:
        """Readable names by letter."""
        return selectors.symbols_of(seen.round.game.name)


class RoundAnswer(_RoundFields):
    """A round of the past."""

    fairness = FairnessOfOldRound(source="*")


class SpunAnswer(_RoundFields):
    """The round that was just played, and the balance after it."""

    balance = serializers.SerializerMethodField()
    balance_display = serializers.SerializerMethodField()
    fairness = FairnessOfNewRound(source="*")

    def get_balance(self, seen: SeenRound) -> int:
        """Of the account that was played from, after this round."""
        return int(self.context["spun"].balance)

    @extend_schema_field({"type": "string", "examples": ["₵100.50"]})
    def get_balance_display(self, seen: SeenRound) -> str:
        """The same as a person reads it."""
        return Shown("balance").to_representation(self.context["spun"])


_kept = threading.local()


def spun_answer(seen: SeenRound, spun: Spun) -> dict[str, Any]:
    """What ``SpunAnswer`` says, by one that each thread keeps: a new one copies every field, which took a tenth of a spin."""
    if not hasattr(_kept, "answer"):
        _kept.answer = SpunAnswer(context={})
    _kept.answer.context["spun"] = spun
    said: dict[str, Any] = _kept.answer.to_representation(seen)
    return said


class FileRoundAnswer(serializers.Serializer[Any]):
    """One round of the file."""

    id = serializers.UUIDField()
    game = serializers.CharField()
    played_at = Moment()
    configuration = serializers.CharField()
    server_seed_hash = serializers.CharField()
    server_seed = serializers.CharField(allow_null=True)
    client_seed = serializers.CharField()
    nonce = serializers.IntegerField()
    stops = NumbersField()
    selector = serializers.CharField(allow_null=True)
    out_of = serializers.CharField(allow_null=True)
    set = serializers.CharField(allow_null=True)
    free_stops = NumberListsField()
    stake = MinorUnits()
    line_bet = MinorUnits()
    line_bets = serializers.IntegerField()
    win = MinorUnits()


class RevealAnswer(serializers.Serializer[Any]):
    """A schedule that was sealed, told."""

    salt = serializers.CharField()
    schedule = serializers.CharField()


class FileAnswer(serializers.Serializer[Any]):
    """Rounds in the form that the verifiers read, newest first."""

    format = serializers.ChoiceField(choices=["neobank-rounds-1"])
    exponent = serializers.IntegerField(help_text="Decimals of the amounts.")
    versions = TextsField(help_text="The canonical text of each game version by its hash.")
    configurations = TextsField(help_text="The canonical text of each configuration by its hash.")
    reveals = serializers.DictField(child=RevealAnswer(), help_text="By the commitment.")
    rounds = FileRoundAnswer(many=True)


class RoundDetailAnswer(RoundAnswer):
    """A round with its proof."""

    proof = serializers.SerializerMethodField()

    @extend_schema_field(FileAnswer)
    def get_proof(self, seen: SeenRound) -> dict[str, Any]:
        """A file of this round alone, as the verifiers read it."""
        return selectors.rounds_file([seen.round])


# -- seeds -------------------------------------------------------------------------------------------------------------


class ActivePairAnswer(serializers.Serializer[Any]):
    """The pair that the next spin is drawn from."""

    server_seed_hash = serializers.CharField()
    client_seed = serializers.CharField(help_text="For spins that bring none.")
    nonce = serializers.IntegerField(
        help_text="Of the last spin; 0 before the first. The next one has one more."
    )


class NextPairAnswer(serializers.Serializer[Any]):
    """The pair that follows it."""

    server_seed_hash = serializers.CharField()
    client_seed = serializers.CharField()


class RetiredPairAnswer(serializers.Serializer[Any]):
    """A pair that is over."""

    server_seed_hash = serializers.CharField()
    server_seed = serializers.CharField(
        allow_null=True, help_text="Null while it must not be told: it drew rounds of a rig that is sealed."
    )
    client_seed = serializers.CharField()
    retired_at = Moment()


class FairnessAnswer(serializers.Serializer[Any]):
    """The caller's seeds: what is committed to, and what was told."""

    active = ActivePairAnswer()
    next = NextPairAnswer()
    retired = RetiredPairAnswer(many=True, help_text="The last ten, newest first.")


# -- the player --------------------------------------------------------------------------------------------------------


class LimitsOfPlay(serializers.Serializer[Any]):
    """Limits in minor units; null is none."""

    stake_max = serializers.IntegerField(allow_null=True)
    loss_per_day = serializers.IntegerField(allow_null=True)
    loss_per_session = serializers.IntegerField(allow_null=True)


class LimitsAnswer(serializers.Serializer[Any]):
    """What the caller has set against themselves."""

    now = LimitsOfPlay()
    later = LimitsOfPlay(
        help_text="What will hold from `later_at` on; the same as `now` while nothing waits."
    )
    later_at = Moment(allow_null=True)
    paused_until = Moment(
        allow_null=True, help_text="Until then no spin is taken; null when none is under way."
    )


class SittingAnswer(serializers.Serializer[Any]):
    """The sitting that the caller is in; it ends half an hour after its last round. Zeros and nulls when there is none."""

    started_at = Moment(allow_null=True)
    last_at = Moment(allow_null=True)
    elapsed_seconds = serializers.IntegerField(help_text="From its first round until now.")
    rounds = serializers.IntegerField()
    staked = MinorUnits()
    staked_display = Shown("staked")
    won = MinorUnits()
    won_display = Shown("won")
    net = MinorUnits(help_text="What it has brought; negative for a loss.")
    net_display = Shown("net")
