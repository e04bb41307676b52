"""What the casino says of a machine."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from casino import refusals, selectors
from casino.api.answers import ExactField, NumberListsField, NumbersField
from casino.configuration import text_of
from casino.mixing import Mix
from casino.reels import Rules, StripSet
from casino.selectors import Machine
from ledger.api.fields import MinorUnits, Shown
from ledger.money import display

STATES = ("open", "closed", "frozen")


class PrizeAnswer(serializers.Serializer[Any]):
    """What so many of a symbol pay."""

    count = serializers.IntegerField()
    pays = serializers.IntegerField()


class SymbolAnswer(serializers.Serializer[Any]):
    """A symbol, and what it pays for so many from the left on a line, in line bets."""

    symbol = serializers.CharField(help_text="Its letter on the strips.")
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=["plain", "wild", "scatter", "blank"])
    line_pays = PrizeAnswer(many=True, help_text="In line bets: the stake divided by the number of lines.")


class FreeSpinsAnswer(serializers.Serializer[Any]):
    """How many free spins so many scatters give."""

    count = serializers.IntegerField()
    spins = serializers.IntegerField()


class SetAnswer(serializers.Serializer[Any]):
    """A set of reels, and what it returns of each bet."""

    name = serializers.CharField()
    rtp = serializers.SerializerMethodField(help_text="An exact fraction.")

    def get_rtp(self, strips: StripSet) -> str:
        """``numerator/denominator``."""
        return f"{strips.rtp.numerator}/{strips.rtp.denominator}"


class MixAnswer(serializers.Serializer[Mix]):
    """Each round is played on `high` with the chance `chosen` / `out_of`, else on `low`: that pays exactly the percentage."""

    low = SetAnswer()
    high = SetAnswer()
    chosen = serializers.CharField(help_text="A number, maybe beyond 2^53.")
    out_of = serializers.CharField(help_text="A number, maybe beyond 2^53.")


class SealedAnswer(serializers.Serializer[Any]):
    """What stands in the payout's place while a rig is sealed."""

    commitment = serializers.CharField(help_text="SHA-256 of 32 random bytes and the schedule.")
    payout_from = serializers.CharField()
    payout_to = serializers.CharField()
    reveal_by = serializers.DateTimeField(
        allow_null=True, help_text="When the game masters have promised to reveal it by."
    )


class VersionAnswer(serializers.Serializer[Any]):
    """The reels, lines and prizes, as they are hashed."""

    digest = serializers.CharField()
    canonical = serializers.CharField()


class ConfigurationAnswer(serializers.Serializer[Any]):
    """What is paid, as it is hashed: a link of this game's chain."""

    digest = serializers.CharField(help_text="Send it as `config` with a spin.")
    canonical = serializers.CharField()
    seq = serializers.IntegerField()
    prev = serializers.CharField(
        source="prev_digest", help_text="The hash of the link before; empty for the first."
    )


class SealsAnswer(serializers.Serializer[Any]):
    """The hashes of the caller's server seeds, committed to before play."""

    server_seed_hash = serializers.CharField()
    next_server_seed_hash = serializers.CharField()
    client_seed = serializers.CharField()
    nonce = serializers.IntegerField()


class GameAnswer(serializers.Serializer[Any]):
    """A machine as it stands now; amounts in minor units of ``currency``."""

    name = serializers.CharField(source="game.name")
    title = serializers.CharField()
    state = serializers.SerializerMethodField()
    notice = serializers.SerializerMethodField(help_text="Why it stands still; empty while it is open.")
    enabled = serializers.BooleanField(source="game.enabled")
    opens_at = serializers.TimeField(
        source="game.opens_at", format="%H:%M", allow_null=True, help_text="In the event's time zone."
    )
    closes_at = serializers.TimeField(source="game.closes_at", format="%H:%M", allow_null=True)
    pace_ms = serializers.IntegerField(source="game.pace_ms", help_text="The least time between two spins.")
    autoplay = serializers.BooleanField(source="game.autoplay")
    currency = serializers.CharField(source="currency.code")
    stakes = NumbersField(
        source="game.stakes", help_text="Offered; between them any multiple of the lines fits."
    )
    stakes_display = serializers.SerializerMethodField()
    largest_stake = MinorUnits(help_text="What the house can cover now; 0 when it can cover nothing.")
    largest_stake_display = Shown("largest_stake")
    max_win_multiplier = ExactField(
        source="largest_win", help_text="What the house must be able to cover, in bets: no round pays more."
    )
    reels = serializers.IntegerField(source="rules.reels")
    rows = serializers.IntegerField(source="rules.rows")
    stops = serializers.IntegerField(source="rules.stops", help_text="On each reel.")
    lines = NumberListsField(
        source="rules.lines", help_text="The row of each line on each reel, 0 at the top."
    )
    paytable = serializers.SerializerMethodField()
    scatter_pays = serializers.SerializerMethodField(help_text="In whole bets, anywhere in the window.")
    free_spins = serializers.SerializerMethodField()
    free_spin_multiplier = serializers.IntegerField(source="rules.free_spin_multiplier")
    payout_percentage = serializers.CharField(
        allow_null=True, help_text="The exact expected payout; null while sealed."
    )
    mix = MixAnswer(allow_null=True, help_text="How it is paid exactly; null while sealed.")
    sealed = serializers.SerializerMethodField()
    story_rounds = serializers.IntegerField(help_text="How many rounds the plot has given away so far.")
    version = serializers.SerializerMethodField()
    configuration = ConfigurationAnswer()
    fairness = serializers.SerializerMethodField()

    @extend_schema_field({"type": "string", "enum": list(STATES)})
    def get_state(self, machine: Machine) -> str:
        """Whether it plays."""
        if machine.stopped is None:
            return "open"
        return "frozen" if machine.stopped[0] == "game_frozen" else "closed"

    def get_notice(self, machine: Machine) -> str:
        """The sentence of the refusal that a spin would meet."""
        if machine.stopped is None:
            return ""
        code, facts = machine.stopped
        return refusals.refusal(code, facts, str).sentence

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_stakes_display(self, machine: Machine) -> list[str]:
        """The stakes as people read them."""
        currency = machine.currency
        return [
            display(stake, symbol=currency.symbol, exponent=currency.exponent)
            for stake in machine.game.stakes
        ]

    @extend_schema_field(SymbolAnswer(many=True))
    def get_paytable(self, machine: Machine) -> Any:
        """Every symbol, the dearest first."""
        rules, names = machine.rules, selectors.symbols_of(machine.game.name)
        return [
            {
                "symbol": letter,
                "name": names[letter],
                "kind": _kind(rules, letter),
                "line_pays": [
                    {"count": count, "pays": pays}
                    for count, pays in sorted(rules.pays.get(letter, {}).items())
                ],
            }
            for letter in sorted(rules.symbols, key=lambda one: -max(rules.pays.get(one, {0: 0}).values()))
        ]

    @extend_schema_field(PrizeAnswer(many=True))
    def get_scatter_pays(self, machine: Machine) -> Any:
        """What scatters pay."""
        return [{"count": count, "pays": pays} for count, pays in sorted(machine.rules.scatter_pays.items())]

    @extend_schema_field(FreeSpinsAnswer(many=True))
    def get_free_spins(self, machine: Machine) -> Any:
        """What else they give."""
        return [{"count": count, "spins": spins} for count, spins in sorted(machine.rules.free_spins.items())]

    @extend_schema_field(SealedAnswer(allow_null=True))
    def get_sealed(self, machine: Machine) -> dict[str, Any] | None:
        """The commitment and the range; null while the payout is open."""
        if not machine.is_sealed:
            return None
        rig = machine.configuration.rig
        return {
            "commitment": rig.commitment,
            "payout_from": text_of(rig.payout_from),
            "payout_to": text_of(rig.payout_to),
            "reveal_by": rig.reveal_by,
        }

    @extend_schema_field(VersionAnswer)
    def get_version(self, machine: Machine) -> dict[str, str]:
        """What is played."""
        return {"digest": machine.version.digest, "canonical": machine.version.canonical()}

    @extend_schema_field(SealsAnswer(allow_null=True))
    def get_fairness(self, machine: Machine) -> Any:
        """The caller's seals; null until `GET /fairness` or a first spin has made their seeds."""
        seals = self.context["seals"]
        return None if seals is None else SealsAnswer(seals).data


class GamesAnswer(serializers.Serializer[Any]):
    """All of them at once."""

    results = GameAnswer(many=True)
    next = serializers.CharField(allow_null=True)


def _kind(rules: Rules, letter: str) -> str:
    special = {rules.wild: "wild", rules.scatter: "scatter", rules.blank: "blank"}
    return special.get(letter, "plain")
