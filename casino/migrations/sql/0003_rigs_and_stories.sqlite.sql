-- What players were promised stands: a rig may be sealed under another key, and be told once; a story round may be told and seen.
CREATE TRIGGER casino_rig_promised BEFORE UPDATE ON casino_rig
WHEN NEW.tenant_id IS NOT OLD.tenant_id OR NEW.configuration_id IS NOT OLD.configuration_id
  OR NEW.commitment IS NOT OLD.commitment OR NEW.payout_from IS NOT OLD.payout_from
  OR NEW.payout_to IS NOT OLD.payout_to OR NEW.reveal_by IS NOT OLD.reveal_by
  OR (OLD.revealed_at IS NOT NULL AND NEW.revealed_at IS NOT OLD.revealed_at)
BEGIN SELECT RAISE(ABORT, 'casino_rig is told once, and nothing else of it changes'); END
-- next
CREATE TRIGGER casino_rig_no_delete BEFORE DELETE ON casino_rig
BEGIN SELECT RAISE(ABORT, 'casino_rig is told once, and nothing else of it changes'); END
-- next
CREATE TRIGGER casino_rig_no_replace BEFORE INSERT ON casino_rig
WHEN EXISTS (SELECT 1 FROM casino_rig n WHERE n.configuration_id = NEW.configuration_id)
  OR EXISTS (SELECT 1 FROM casino_rig n WHERE n.tenant_id = NEW.tenant_id AND n.commitment = NEW.commitment)
BEGIN SELECT RAISE(ABORT, 'casino_rig is told once, and nothing else of it changes'); END
-- next
CREATE TRIGGER casino_storyround_given BEFORE UPDATE ON casino_storyround
WHEN NEW.tenant_id IS NOT OLD.tenant_id OR NEW.id IS NOT OLD.id OR NEW.user_id IS NOT OLD.user_id
  OR NEW.game_id IS NOT OLD.game_id OR NEW.version_id IS NOT OLD.version_id OR NEW.set_name IS NOT OLD.set_name
  OR NEW.stops IS NOT OLD.stops OR NEW.prize IS NOT OLD.prize OR NEW.transfer_id IS NOT OLD.transfer_id
  OR NEW.reason IS NOT OLD.reason OR NEW.created_by_id IS NOT OLD.created_by_id
  OR NEW.created_at IS NOT OLD.created_at
  OR (OLD.told AND NOT NEW.told)
  OR (OLD.seen_at IS NOT NULL AND NEW.seen_at IS NOT OLD.seen_at)
BEGIN SELECT RAISE(ABORT, 'casino_storyround is told and seen once, and nothing else of it changes'); END
-- next
CREATE TRIGGER casino_storyround_no_delete BEFORE DELETE ON casino_storyround
BEGIN SELECT RAISE(ABORT, 'casino_storyround is told and seen once, and nothing else of it changes'); END
-- next
CREATE TRIGGER casino_storyround_no_replace BEFORE INSERT ON casino_storyround
WHEN EXISTS (SELECT 1 FROM casino_storyround n WHERE n.id = NEW.id)
  OR EXISTS (SELECT 1 FROM casino_storyround n WHERE n.transfer_id = NEW.transfer_id)
BEGIN SELECT RAISE(ABORT, 'casino_storyround is told and seen once, and nothing else of it changes'); END
