"""What must hold between rounds and transfers, as queries that return the rows where it does not.

As ``ledger.books.rules``: run for one tenant on both engines.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from ledger.books import Rule

RULES: Final = (
    Rule(
        "round_bet",
        "casino_round %(id)s",
        _("its bet %(bet)s is not there, or is another sum, kind or person's, or not to the house"),
        """SELECT r.id AS id, r.bet_transfer_id AS bet
             FROM casino_round r
             LEFT JOIN ledger_transfer t ON t.id = r.bet_transfer_id
             LEFT JOIN ledger_account p ON p.id = t.from_account_id
             LEFT JOIN ledger_accountholder h ON h.id = p.holder_id
             LEFT JOIN ledger_account c ON c.id = t.to_account_id
            WHERE r.tenant_id = %(tenant)s
              AND (t.id IS NULL OR t.kind <> 'casino_bet' OR t.amount <> r.stake
                   OR t.actor_id IS NULL OR t.actor_id <> r.user_id
                   OR h.user_id IS NULL OR h.user_id <> r.user_id
                   OR c.number IS NULL OR c.number <> 'NC-CASA-0000')""",
    ),
    Rule(
        "round_win",
        "casino_round %(id)s",
        _(
            "its win %(win)s is not there, or is another sum, kind or person's, or does not go back the bet's way"
        ),
        """SELECT r.id AS id, r.win_transfer_id AS win
             FROM casino_round r
             LEFT JOIN ledger_transfer b ON b.id = r.bet_transfer_id
             LEFT JOIN ledger_transfer w ON w.id = r.win_transfer_id
            WHERE r.tenant_id = %(tenant)s
              AND ((r.win > 0) <> (r.win_transfer_id IS NOT NULL)
                   OR r.win_transfer_id IS NOT NULL AND (
                      w.id IS NULL OR b.id IS NULL OR w.kind <> 'casino_win' OR w.amount <> r.win
                      OR w.from_account_id <> b.to_account_id OR w.to_account_id <> b.from_account_id
                      OR w.actor_id IS NULL OR w.actor_id <> r.user_id OR w.posted_at <= b.posted_at))""",
    ),
    Rule(
        "casino_transfer",
        "ledger_transfer %(id)s",
        _("is of kind %(kind)s, and no round says that it is its own"),
        """SELECT t.id AS id, t.kind AS kind
             FROM ledger_transfer t
            WHERE t.tenant_id = %(tenant)s
              AND (t.kind = 'casino_bet' AND NOT EXISTS (SELECT 1 FROM casino_round r WHERE r.bet_transfer_id = t.id)
                   OR t.kind = 'casino_win' AND NOT EXISTS (SELECT 1 FROM casino_round r WHERE r.win_transfer_id = t.id))""",
    ),
    Rule(
        "house_below_zero",
        "ledger_entry %(number)s seq %(seq)d",
        _("leaves the casino with %(after)d; only a game master's adjustment may take what is not there"),
        """SELECT a.number AS number, e.seq AS seq, e.balance_after AS after
             FROM ledger_account a
             JOIN ledger_entry e ON e.account_id = a.id
             LEFT JOIN ledger_transfer t ON t.id = e.transfer_id
            WHERE a.tenant_id = %(tenant)s AND a.number LIKE 'NC-CASA-%%'
              AND e.amount < 0 AND e.balance_after < 0 AND (t.kind IS NULL OR t.kind <> 'admin')""",
    ),
    Rule(
        "story_prize",
        "casino_storyround %(id)s",
        _("its prize %(prize)s is not there, or is another sum, kind or person's, or not from the prizes"),
        """SELECT s.id AS id, s.transfer_id AS prize
             FROM casino_storyround s
             LEFT JOIN ledger_transfer t ON t.id = s.transfer_id
             LEFT JOIN ledger_account f ON f.id = t.from_account_id
             LEFT JOIN ledger_account p ON p.id = t.to_account_id
             LEFT JOIN ledger_accountholder h ON h.id = p.holder_id
            WHERE s.tenant_id = %(tenant)s
              AND ((s.prize > 0) <> (s.transfer_id IS NOT NULL)
                   OR s.transfer_id IS NOT NULL AND (
                      t.id IS NULL OR t.kind <> 'prize' OR t.amount <> s.prize
                      OR f.number IS NULL OR f.number <> 'NC-CASA-GIFT'
                      OR h.user_id IS NULL OR h.user_id <> s.user_id))""",
    ),
    Rule(
        "prize_of_story",
        "ledger_transfer %(id)s",
        _("is a prize, and no story round says that it is its own"),
        """SELECT t.id AS id
             FROM ledger_transfer t
            WHERE t.tenant_id = %(tenant)s AND t.kind = 'prize'
              AND NOT EXISTS (SELECT 1 FROM casino_storyround s WHERE s.transfer_id = t.id)""",
    ),
)
