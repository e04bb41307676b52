CREATE TRIGGER ledger_transfer_no_update BEFORE UPDATE ON ledger_transfer
BEGIN SELECT RAISE(ABORT, 'ledger_transfer is append-only'); END
-- next
CREATE TRIGGER ledger_transfer_no_delete BEFORE DELETE ON ledger_transfer
BEGIN SELECT RAISE(ABORT, 'ledger_transfer is append-only'); END
-- next
CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'ledger_entry is append-only'); END
-- next
CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'ledger_entry is append-only'); END
-- next
-- REPLACE takes a row away to make room for the new one, and SQLite tells no DELETE trigger about it (recursive_triggers is a
-- setting of each connection). So whoever stands in the way is looked for before.
CREATE TRIGGER ledger_transfer_no_replace BEFORE INSERT ON ledger_transfer
WHEN EXISTS (SELECT 1 FROM ledger_transfer t WHERE t.id = NEW.id)
  OR EXISTS (SELECT 1 FROM ledger_transfer t WHERE t.tenant_id = NEW.tenant_id AND t.reference = NEW.reference)
BEGIN SELECT RAISE(ABORT, 'ledger_transfer is append-only'); END
-- next
CREATE TRIGGER ledger_entry_no_replace BEFORE INSERT ON ledger_entry
WHEN EXISTS (SELECT 1 FROM ledger_entry e WHERE e.account_id = NEW.account_id AND e.shard = NEW.shard AND e.seq = NEW.seq)
  OR EXISTS (SELECT 1 FROM ledger_entry e WHERE e.transfer_id = NEW.transfer_id AND e.account_id = NEW.account_id)
BEGIN SELECT RAISE(ABORT, 'ledger_entry is append-only'); END
-- next
-- SQLite has row triggers only: each entry is checked against its transfer, and check_books finds a missing leg.
CREATE TRIGGER ledger_entry_matches BEFORE INSERT ON ledger_entry
WHEN NOT EXISTS (
  SELECT 1 FROM ledger_transfer t
   WHERE t.id = NEW.transfer_id AND t.tenant_id = NEW.tenant_id AND t.posted_at = NEW.posted_at
     AND ((t.from_account_id = NEW.account_id AND NEW.amount = -t.amount)
          OR (t.to_account_id = NEW.account_id AND NEW.amount = t.amount)))
BEGIN SELECT RAISE(ABORT, 'entries do not match their transfer'); END
