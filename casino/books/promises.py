"""What players were promised: versions, the chain of configurations, rigs and seeds, each held to its own hash."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts import crypto
from accounts.models import Tenant
from casino import configuration, fairness, reels
from casino.models import Game, GameConfiguration, GameVersion, Rig, SeedPair
from ledger.books import Difference, Progress

_ROWS_AT_ONCE = 2000


class Promises:
    """The configurations of one event, and what they pay; few enough to be held in memory."""

    def __init__(self, alias: str, tenant: Tenant) -> None:
        self.tenant = tenant
        self.games: dict[int, Game] = {row.pk: row for row in Game.objects.using(alias)}
        self.versions: dict[int, GameVersion] = {row.pk: row for row in GameVersion.objects.using(alias)}
        self.rigs: dict[int, Rig] = {row.pk: row for row in Rig.objects.using(alias)}
        chained = GameConfiguration.objects.using(alias).order_by("game_id", "seq")
        self.configurations: dict[int, GameConfiguration] = {row.pk: row for row in chained}
        self.rules: dict[int, reels.GameVersion] = {}
        self.schedules: dict[int, tuple[configuration.Step, ...]] = {}

    def differences(self) -> Iterator[Difference]:
        """What does not fit its hash, or its place in a chain."""
        for version in self.versions.values():
            yield from self._version(version)
        last: GameConfiguration | None = None
        for row in self.configurations.values():
            before = last if last is not None and last.game_id == row.game_id else None
            yield from self._link(row, before)
            last = row
        for rig in self.rigs.values():
            yield from self._rig(rig)

    def payout_at(self, row: GameConfiguration, moment: dt.datetime) -> int | None:
        """What ``row`` paid at ``moment``, in hundredths of a per cent; None when its rig cannot be read."""
        if row.payout is not None:
            return row.payout
        steps = self.schedules.get(row.pk)
        return None if steps is None else configuration.payout_at(steps, moment)

    def _version(self, row: GameVersion) -> Iterator[Difference]:
        name = f"casino_gameversion {row.pk}"
        if _sha256(row.canonical) != row.digest:
            yield Difference("version_text", name, _("its text does not hash to its digest"))
        try:
            parsed = reels.GameVersion.parse(row.canonical)
        except (ValueError, KeyError, TypeError):
            yield Difference("version_text", name, _("its text cannot be read"))
            return
        if parsed.rules.game != row.game:
            yield Difference("version_text", name, _("its text is of another game"))
        self.rules[row.pk] = parsed

    def _link(self, row: GameConfiguration, last: GameConfiguration | None) -> Iterator[Difference]:
        name = f"casino_gameconfiguration {row.pk}"
        game, version, rig = (
            self.games.get(row.game_id),
            self.versions.get(row.version_id),
            self.rigs.get(row.pk),
        )
        if row.seq != (last.seq + 1 if last else 1):
            said = _("has place %(seq)d of its chain, after %(last)d")
            yield Difference(
                "configuration_seq", name, said % {"seq": row.seq, "last": last.seq if last else 0}
            )
        if row.prev_digest != (last.digest if last else ""):
            yield Difference("configuration_prev", name, _("does not name the configuration before it"))
        if _sha256(row.canonical) != row.digest:
            yield Difference("configuration_digest", name, _("its text does not hash to its digest"))
        if (row.payout is None) != (rig is not None) or game is None or version is None:
            said = _("has neither a payout nor a rig, or both, or no game or version")
            yield Difference("configuration_text", name, said)
            return
        link = configuration.Link(
            tenant=str(self.tenant.pk),
            game=game.name,
            seq=row.seq,
            prev=row.prev_digest,
            version=version.digest,
            payout=row.payout,
            commitment=rig.commitment if rig else "",
            payout_from=rig.payout_from if rig else 0,
            payout_to=rig.payout_to if rig else 0,
        )
        if link.canonical() != row.canonical or version.game != game.name:
            yield Difference("configuration_text", name, _("its text does not say what the row says"))

    def _rig(self, row: Rig) -> Iterator[Difference]:
        name = f"casino_rig {row.pk}"
        try:
            salt, _colon, schedule = crypto.open_from(row, "secret").partition(":")
        except crypto.CannotOpen as error:
            yield Difference("rig_secret", name, str(error), is_note=not crypto.has_key(row, "secret"))
            return
        try:
            steps = configuration.parse_schedule(schedule)
            fits = configuration.commitment(bytes.fromhex(salt), schedule) == row.commitment
        except ValueError:
            yield Difference("rig_secret", name, _("its schedule cannot be read"))
            return
        if not fits:
            yield Difference("rig_commitment", name, _("its schedule is not the one that was committed to"))
        if not all(row.payout_from <= step.payout <= row.payout_to for step in steps):
            yield Difference("rig_range", name, _("its schedule leaves the range that players were told"))
        self.schedules[row.pk] = steps


@dataclass(frozen=True, slots=True)
class Seed:
    """Whose a pair is, and its server seed (None when it cannot be opened)."""

    user: uuid.UUID
    text: str | None


class Seeds:
    """The seeds of one event; of those that were opened only the last one is kept, since rounds come pair by pair."""

    def __init__(self, alias: str) -> None:
        self._pairs = SeedPair.objects.using(alias)
        self._last: tuple[uuid.UUID, Seed | None] | None = None

    def differences(self, progress: Progress) -> Iterator[Difference]:
        """Seeds that are not what their hash promised."""
        for row in self._pairs.order_by("pk").iterator(chunk_size=_ROWS_AT_ONCE):
            name = f"casino_seedpair {row.pk}"
            try:
                if fairness.commitment(crypto.open_from(row, "server_seed")) != row.server_seed_hash:
                    yield Difference("seed_hash", name, _("its seed is not the one that was committed to"))
            except crypto.CannotOpen as error:
                unknown = not crypto.has_key(row, "server_seed")
                yield Difference("seed_hash", name, str(error), is_note=unknown)
            progress(1)

    def of(self, pk: uuid.UUID) -> Seed | None:
        """The seeds with this key; None where there are none, which the rules about relations say."""
        if self._last is None or self._last[0] != pk:
            row = self._pairs.filter(pk=pk).first()
            self._last = (pk, None if row is None else Seed(row.user_id, _opened(row)))
        return self._last[1]


def _opened(row: SeedPair) -> str | None:
    try:
        return crypto.open_from(row, "server_seed")
    except crypto.CannotOpen:
        return None


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
