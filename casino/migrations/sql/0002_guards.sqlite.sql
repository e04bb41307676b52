-- What players were promised and what was drawn stands for ever. REPLACE takes a row away without telling a DELETE trigger.
CREATE TRIGGER casino_gameversion_no_update BEFORE UPDATE ON casino_gameversion
BEGIN SELECT RAISE(ABORT, 'casino_gameversion is append-only'); END
-- next
CREATE TRIGGER casino_gameversion_no_delete BEFORE DELETE ON casino_gameversion
BEGIN SELECT RAISE(ABORT, 'casino_gameversion is append-only'); END
-- next
CREATE TRIGGER casino_gameversion_no_replace BEFORE INSERT ON casino_gameversion
WHEN EXISTS (SELECT 1 FROM casino_gameversion n WHERE n.id = NEW.id)
  OR EXISTS (SELECT 1 FROM casino_gameversion n WHERE n.tenant_id = NEW.tenant_id AND n.game = NEW.game AND n.digest = NEW.digest)
BEGIN SELECT RAISE(ABORT, 'casino_gameversion is append-only'); END
-- next
CREATE TRIGGER casino_gameconfiguration_no_update BEFORE UPDATE ON casino_gameconfiguration
BEGIN SELECT RAISE(ABORT, 'casino_gameconfiguration is append-only'); END
-- next
CREATE TRIGGER casino_gameconfiguration_no_delete BEFORE DELETE ON casino_gameconfiguration
BEGIN SELECT RAISE(ABORT, 'casino_gameconfiguration is append-only'); END
-- next
CREATE TRIGGER casino_gameconfiguration_no_replace BEFORE INSERT ON casino_gameconfiguration
WHEN EXISTS (SELECT 1 FROM casino_gameconfiguration n WHERE n.id = NEW.id)
  OR EXISTS (SELECT 1 FROM casino_gameconfiguration n WHERE n.tenant_id = NEW.tenant_id AND n.digest = NEW.digest)
  OR EXISTS (SELECT 1 FROM casino_gameconfiguration n WHERE n.tenant_id = NEW.tenant_id AND n.game_id = NEW.game_id AND n.seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'casino_gameconfiguration is append-only'); END
-- next
CREATE TRIGGER casino_round_no_update BEFORE UPDATE ON casino_round
BEGIN SELECT RAISE(ABORT, 'casino_round is append-only'); END
-- next
CREATE TRIGGER casino_round_no_delete BEFORE DELETE ON casino_round
BEGIN SELECT RAISE(ABORT, 'casino_round is append-only'); END
-- next
CREATE TRIGGER casino_round_no_replace BEFORE INSERT ON casino_round
WHEN EXISTS (SELECT 1 FROM casino_round n WHERE n.id = NEW.id)
  OR EXISTS (SELECT 1 FROM casino_round n WHERE n.tenant_id = NEW.tenant_id AND n.user_id = NEW.user_id AND n.number = NEW.number)
  OR EXISTS (SELECT 1 FROM casino_round n WHERE n.tenant_id = NEW.tenant_id AND n.seed_pair_id = NEW.seed_pair_id AND n.nonce = NEW.nonce)
  OR EXISTS (SELECT 1 FROM casino_round n WHERE n.bet_transfer_id = NEW.bet_transfer_id)
  OR EXISTS (SELECT 1 FROM casino_round n WHERE n.win_transfer_id = NEW.win_transfer_id)
BEGIN SELECT RAISE(ABORT, 'casino_round is append-only'); END
