-- What players were promised stands: a rig may be sealed under another key, and be told once; a story round may be told and seen.
CREATE FUNCTION casino_guard_rig() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE'
     OR (NEW.tenant_id, NEW.configuration_id, NEW.commitment, NEW.payout_from, NEW.payout_to, NEW.reveal_by)
        IS DISTINCT FROM
        (OLD.tenant_id, OLD.configuration_id, OLD.commitment, OLD.payout_from, OLD.payout_to, OLD.reveal_by)
     OR (OLD.revealed_at IS NOT NULL AND NEW.revealed_at IS DISTINCT FROM OLD.revealed_at) THEN
    RAISE EXCEPTION '% is told once, and nothing else of it changes', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
-- next
CREATE TRIGGER casino_rig_promised BEFORE UPDATE OR DELETE ON casino_rig
  FOR EACH ROW EXECUTE FUNCTION casino_guard_rig();
-- next
CREATE FUNCTION casino_guard_story() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE'
     OR to_jsonb(NEW) - ARRAY['told', 'seen_at'] IS DISTINCT FROM to_jsonb(OLD) - ARRAY['told', 'seen_at']
     OR (OLD.told AND NOT NEW.told)
     OR (OLD.seen_at IS NOT NULL AND NEW.seen_at IS DISTINCT FROM OLD.seen_at) THEN
    RAISE EXCEPTION '% is told and seen once, and nothing else of it changes', TG_TABLE_NAME
      USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
-- next
CREATE TRIGGER casino_storyround_given BEFORE UPDATE OR DELETE ON casino_storyround
  FOR EACH ROW EXECUTE FUNCTION casino_guard_story();
