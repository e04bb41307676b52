-- What players were promised and what was drawn stands for ever.
CREATE TRIGGER casino_gameversion_append_only BEFORE UPDATE OR DELETE ON casino_gameversion
  FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER casino_gameconfiguration_append_only BEFORE UPDATE OR DELETE ON casino_gameconfiguration
  FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER casino_round_append_only BEFORE UPDATE OR DELETE ON casino_round
  FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();

-- Immediate: what was posted just before is there; a deferred key queues an event for each row until the commit.
DO $$
DECLARE r record;
BEGIN
  FOR r IN SELECT conname FROM pg_constraint
            WHERE contype = 'f' AND condeferrable AND conrelid = 'casino_round'::regclass
  LOOP
    EXECUTE format('ALTER TABLE casino_round ALTER CONSTRAINT %I NOT DEFERRABLE', r.conname);
  END LOOP;
END $$;
