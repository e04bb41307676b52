-- The database keeps the books too.

-- Immediate: Django's deferred foreign keys queue an event per row until COMMIT, which costs half the rate of a batch.
DO $$
DECLARE r record;
BEGIN
  FOR r IN SELECT conrelid::regclass AS tab, conname FROM pg_constraint
            WHERE contype = 'f' AND condeferrable
              AND conrelid IN ('ledger_entry'::regclass, 'ledger_transfer'::regclass, 'ledger_refunded'::regclass)
  LOOP
    EXECUTE format('ALTER TABLE %s ALTER CONSTRAINT %I NOT DEFERRABLE', r.tab, r.conname);
  END LOOP;
END $$;

-- Rows that are updated all day stay on their page when half of it is free.
ALTER TABLE ledger_balance SET (fillfactor = 50);
ALTER TABLE ledger_spent SET (fillfactor = 50);

CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER ledger_transfer_append_only BEFORE UPDATE OR DELETE ON ledger_transfer
  FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE ON ledger_entry
  FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();

-- Both legs of each transfer, and nothing else: each row has to be one of the two that its transfer asks for, and there are twice
-- as many rows as transfers (a leg cannot stand twice, entry_once_per_transfer). A transfer that row-level security hides is as
-- bad as none, hence LEFT JOIN. Once a statement, over all of its rows: a deferred row trigger costs 15-18 % of the rate.
CREATE FUNCTION ledger_entries_match_transfers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM written e LEFT JOIN ledger_transfer t ON t.id = e.transfer_id
     WHERE (t.tenant_id, t.posted_at,
            CASE e.account_id WHEN t.from_account_id THEN -t.amount WHEN t.to_account_id THEN t.amount END)
           IS DISTINCT FROM (e.tenant_id, e.posted_at, e.amount)
  ) OR (SELECT count(*) <> 2 * count(DISTINCT e.transfer_id) FROM written e) THEN
    RAISE EXCEPTION 'entries do not match their transfer' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER ledger_entry_matches AFTER INSERT ON ledger_entry
  REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION ledger_entries_match_transfers();
