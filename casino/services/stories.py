"""Rounds that the plot gives away: no stake, no nonce, no draw; a prize from an account of its own that can run out."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import audit, notify
from accounts.actors import Actor
from accounts.errors import Conflict, DomainError, Invalid
from accounts.ids import uuid7
from accounts.models import User
from accounts.units import unit_of_work
from casino import selectors
from casino.models import StoryRound
from casino.services.configurations import target
from ledger import numbers, posting
from ledger.models import Account, Transfer
from ledger.money import is_amount
from ledger.posting import Authority, Claim, Order, Stored
from ledger.services.transfers import check_memo, shown

PERMISSION = "casino.manage"
_GIVEN = "story_given"


@unit_of_work
def give(
    *,
    actor: Actor,
    player: User,
    game: str,
    set_name: str,
    stops: Sequence[int],
    prize: int,
    reason: str,
    told: bool,
    claim: Claim,
) -> StoryRound | DomainError:
    """Let ``game`` show ``stops`` of one of its strip sets to ``player`` and pay ``prize`` (minor units, 0 for none).

    Once for each ``claim``. ``told``: the player reads at once what it is, else with ``tell_all``. ``reason`` is for the game
    masters. Raises ``Denied``, ``NotFound`` (``unknown_game``, ``no_account``), ``Invalid`` (``invalid_stops``,
    ``invalid_amount``, ``reason_required``, ``invalid_memo``), ``Conflict`` (``prizes_short`` and the refusals of
    ``ledger.posting`` that bind game masters), ``Reused``.
    """
    actor.require(PERMISSION)
    _check(prize, reason)
    claimed = posting.claim(actor=actor, claim=claim)
    if isinstance(claimed, Stored):
        return _given_before(claimed)
    account = selectors.account_of(player)
    found = selectors.game_named(game)
    version = selectors.current_configuration(found).version
    row = StoryRound(
        id=uuid7(),
        user=player,
        game=found,
        version=version,
        set_name=set_name,
        stops=list(stops),
        prize=prize,
        reason=reason.strip(),
        told=told,
        created_by=actor.user,
    )
    _check_stops(row)
    if prize:
        order = Order(
            from_account=numbers.PRIZES,
            to_account=account.number,
            amount=prize,
            kind=Transfer.Kind.PRIZE,
            memo=selectors.title_of(found.name),
        )
        posted = posting.post(actor=actor, transfers=[order], authority=Authority.GM)
        if isinstance(posted, DomainError):
            # Nothing was decided that the same form should be answered with again: the account may be filled meanwhile.
            posting.release(actor=actor, claimed=claimed)
            audit.record(actor=actor, action="casino.story", target=target(found), status=posted.code)
            return _short(account, posted) if posted.code == "insufficient_funds" else posted
        row.transfer_id = order.id
    row.save(force_insert=True)
    posting.settle(actor=actor, claimed=claimed, outcome=_GIVEN, refs=[str(row.pk)])
    # About the round and not about the player, who reads what is done to their login: that comes when it is told.
    audit.record(
        actor=actor, action="casino.story", target=f"casino.story:{row.pk}", reason=row.reason, told=told
    )
    _tell_of(row, account)
    return row


@unit_of_work
def tell_all(*, actor: Actor) -> int:
    """Tell every player which of their rounds on the house the plot has given; returns how many rounds. Raises ``Denied``."""
    actor.require(PERMISSION)
    waiting = list(
        StoryRound.objects.select_for_update(no_key=True, of=("self",))
        .filter(told=False)
        .select_related("user")
        .order_by("id")
    )
    if not waiting:
        return 0
    StoryRound.objects.filter(pk__in=[row.pk for row in waiting]).update(told=True)
    people, counts = {row.user_id: row.user for row in waiting}, Counter(row.user_id for row in waiting)
    notify.publish_all(
        ((people[user], _explanation(count), {}) for user, count in counts.items()), kind="casino.story_told"
    )
    audit.record(
        actor=actor,
        action="casino.story_told",
        target=f"accounts.tenant:{actor.tenant.slug}",
        rounds=len(waiting),
    )
    return len(waiting)


@unit_of_work
def seen(*, actor: Actor, story: uuid.UUID) -> StoryRound:
    """The machine has shown it to the player; the first time counts. Raises ``Denied``, ``NotFound`` (``unknown_round``)."""
    actor.require("casino.play")
    row = selectors.story_for(actor, story)
    StoryRound.objects.filter(pk=row.pk, seen_at=None).update(seen_at=timezone.now())
    row.refresh_from_db(fields=["seen_at"])
    return row


def _check(prize: int, reason: str) -> None:
    check_memo(reason)
    if not reason.strip():
        raise Invalid(
            "reason_required", _("Say why: the reason stands in the books for ever."), field="reason"
        )
    if prize != 0 and not is_amount(prize):
        raise Invalid(
            "invalid_amount", _("A prize is a whole number of minor units, or 0 for none."), field="prize"
        )


def _check_stops(row: StoryRound) -> None:
    version = selectors.certified_version(row.version).version
    rules = version.rules
    if row.set_name not in {one.name for one in version.sets}:
        raise Invalid("invalid_stops", _("This game has no such reels. Choose others."), field="set_name")
    are_stops = all(type(stop) is int and 0 <= stop < rules.stops for stop in row.stops)
    if len(row.stops) != rules.reels or not are_stops:
        raise Invalid(
            "invalid_stops",
            _("This game has %(reels)d reels, with stops from 0 to %(last)d.")
            % {"reels": rules.reels, "last": rules.stops - 1},
            field="stops",
        )


def _given_before(stored: Stored) -> StoryRound | DomainError:
    if not stored.same:
        return posting.key_reused()
    row: StoryRound = selectors.stories().get(pk=stored.refs[0])
    return row


def _short(account: Account, refused: DomainError) -> Conflict:
    facts = {
        "number": numbers.PRIZES,
        "available": shown(account, int(refused.facts.get("available", 0))),
        "needed": shown(account, int(refused.facts.get("needed", 0))),
    }
    return Conflict(
        "prizes_short",
        _(
            "The account for prizes, %(number)s, has %(available)s; this prize needs %(needed)s. Put money into it, then give it "
            "anew. Nothing was given."
        )
        % facts,
        field="prize",
        facts={"available": refused.facts.get("available", 0)},
    )


def _tell_of(row: StoryRound, account: Account) -> None:
    title = selectors.title_of(row.game.name)

    def text() -> str:
        if not row.prize:
            return _("%(game)s starts by itself. Go and look.") % {"game": title}
        amount = shown(account, row.prize)
        return _("%(game)s starts by itself and pays you %(amount)s.") % {"game": title, "amount": amount}

    notify.publish(to=row.user, kind="casino.story", text=text, round=str(row.pk), game=row.game.name)


def _explanation(count: int) -> str:
    return ngettext(
        "One of your rounds on the house was a story round: the game masters gave it to you, and nothing was drawn.",
        "%(count)d of your rounds on the house were story rounds: the game masters gave them to you, and nothing was drawn.",
        count,
    ) % {"count": count}
