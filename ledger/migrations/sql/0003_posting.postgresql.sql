-- The posting engine of PostgreSQL; ledger/posting/sqlite.py is its twin, tests/ledger/test_conformance*.py hold both to the
-- same answers. READ COMMITTED: each statement below sees what was committed before it began.
--
-- One transfer, the usual case, is looked up, locked and written row by row (ledger_post_one); a batch in sets
-- (ledger_post_batch), because starting a statement costs more than writing a row. What is allowed stands once, in ledger_refusal.

CREATE TYPE ledger_item AS (
  id uuid,
  from_id bigint, from_shard smallint, from_currency bigint,
  to_id bigint, to_shard smallint, to_currency bigint,
  asked_currency boolean, amount bigint, kind text, memo text, reference text, refunds uuid, metadata jsonb
);

-- Claims an idempotency key for this transaction: NULL when it was free, else what was stored. A concurrent duplicate waits in
-- the INSERT for the first one to end; the SELECT is a later statement, so it sees what that one committed.
CREATE FUNCTION ledger_claim(p_tenant uuid, p_claim jsonb, p_outcome text, p_refs jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
  v_hash bytea := decode(p_claim->>'hash', 'hex');
  v_stored jsonb;
BEGIN
  INSERT INTO ledger_idempotencykey (tenant_id, principal, key, request_hash, outcome, refs, created_at)
  VALUES (p_tenant, p_claim->>'principal', p_claim->>'key', v_hash, p_outcome, p_refs, clock_timestamp())
  ON CONFLICT (tenant_id, principal, key) DO NOTHING;
  IF FOUND THEN
    RETURN NULL;
  END IF;
  SELECT jsonb_build_object('same', request_hash = v_hash, 'outcome', outcome, 'refs', refs) INTO v_stored
    FROM ledger_idempotencykey
   WHERE tenant_id = p_tenant AND principal = p_claim->>'principal' AND key = p_claim->>'key';
  IF v_stored IS NULL THEN
    RAISE EXCEPTION 'the key was tidied away just now' USING ERRCODE = 'serialization_failure';
  END IF;
  RETURN v_stored;
END $$;

-- The first rule that a transfer breaks, as code/what, or NULL; the order is that of docs/ledger.md. Inlined where it is called.
-- Amounts are minor units; available is NULL without a floor, a limit is NULL when there is none or it does not count.
CREATE FUNCTION ledger_refusal(
  known_from boolean, known_to boolean, same_currency boolean, asked_currency boolean, same_account boolean, amount bigint,
  from_closed boolean, to_closed boolean, from_frozen boolean, to_frozen boolean,
  key_payment bigint, account_payment bigint, key_left bigint, account_left bigint,
  refunding boolean, refundable bigint, available bigint, from_amount bigint, to_amount bigint, reference_taken boolean
) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
    WHEN NOT known_from THEN 'unknown_account/from'
    WHEN NOT known_to THEN 'unknown_account/to'
    WHEN NOT same_currency THEN 'wrong_currency/to'
    WHEN NOT asked_currency THEN 'wrong_currency/from'
    WHEN same_account THEN 'same_account/to'
    WHEN amount IS NULL OR amount NOT BETWEEN 1 AND 9007199254740991 THEN 'invalid_amount/amount'
    WHEN from_closed THEN 'account_closed/from'
    WHEN to_closed THEN 'account_closed/to'
    WHEN from_frozen THEN 'account_frozen/from'
    WHEN to_frozen THEN 'account_frozen/to'
    WHEN amount > key_payment THEN 'limit_exceeded/key_payment'
    WHEN amount > account_payment THEN 'limit_exceeded/account_payment'
    WHEN amount > key_left THEN 'limit_exceeded/key_day'
    WHEN amount > account_left THEN 'limit_exceeded/account_day'
    WHEN refunding AND refundable IS NULL THEN 'unknown_transfer/refunds'
    WHEN amount > refundable THEN 'refund_exceeds/refunds'
    WHEN amount > available THEN 'insufficient_funds/from'
    WHEN from_amount - amount < -9007199254740991 THEN 'balance_limit/from'
    WHEN to_amount + amount > 9007199254740991 THEN 'balance_limit/to'
    WHEN reference_taken THEN 'reference_used/reference'
  END
$$;

-- A refusal as ledger.posting.orders.Offence reads it.
CREATE FUNCTION ledger_offence(
  refusal text, i integer, available bigint, refundable bigint,
  key_payment bigint, account_payment bigint, key_left bigint, account_left bigint
) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_object(
    'code', split_part(refusal, '/', 1), 'what', split_part(refusal, '/', 2), 'i', i,
    'available', CASE WHEN refusal LIKE 'insufficient_funds/%' THEN available END,
    'refundable', CASE WHEN refusal LIKE 'refund_exceeds/%' THEN refundable END,
    'limit', CASE split_part(refusal, '/', 2)
               WHEN 'key_payment' THEN key_payment WHEN 'account_payment' THEN account_payment
               WHEN 'key_day' THEN key_left WHEN 'account_day' THEN account_left END)
$$;

-- The floor after a posting: what a forced adjustment has lowered comes back with whatever comes in, since it was a penalty and
-- not a loan. Inlined where it is called.
CREATE FUNCTION ledger_floor(floor bigint, unheld bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN floor < 0 THEN least(0, greatest(floor, unheld)) ELSE floor END
$$;

-- Locks a device key and says what it may still take; ``dead`` is why it may take nothing. Limits are NULL when not counted.
CREATE FUNCTION ledger_key(
  p_tenant uuid, p_key uuid, p_day date, p_counted boolean, OUT dead text, OUT per_payment bigint, OUT day_left bigint
) LANGUAGE plpgsql AS $$
BEGIN
  SELECT CASE WHEN k.revoked_at IS NOT NULL THEN 'key_revoked'
              WHEN k.expires_at <= clock_timestamp() THEN 'key_expired' END,
         CASE WHEN p_counted THEN k.limit_per_payment END, CASE WHEN p_counted THEN k.limit_per_day END
    INTO dead, per_payment, day_left
    FROM accounts_apikey k WHERE k.id = p_key FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    dead := 'key_revoked';
  END IF;
  day_left := day_left - coalesce((SELECT s.amount FROM ledger_spent s
    WHERE s.tenant_id = p_tenant AND s.scope = 'key' AND s.subject = p_key::text AND s.day = p_day), 0);
END $$;

-- Makes and locks the counters of the transfers that are given back, in the order that every refund keeps.
CREATE FUNCTION ledger_lock_refunded(p_tenant uuid, p_transfers uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO ledger_refunded (transfer_id, tenant_id, amount, original)
    SELECT t.id, p_tenant, 0, t.amount FROM ledger_transfer t
     WHERE t.tenant_id = p_tenant AND t.id = ANY(p_transfers) ORDER BY t.id
    ON CONFLICT (transfer_id) DO NOTHING;
  PERFORM 1 FROM ledger_refunded r WHERE r.transfer_id = ANY(p_transfers) ORDER BY r.transfer_id FOR NO KEY UPDATE;
END $$;

-- Adds to what an account or key has started today; updating first is the cheaper way for all but the day's first payment.
CREATE FUNCTION ledger_count(p_tenant uuid, p_scope text, p_subject text, p_day date, p_amount bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  UPDATE ledger_spent SET amount = amount + p_amount
   WHERE tenant_id = p_tenant AND scope = p_scope AND subject = p_subject AND day = p_day;
  IF NOT FOUND THEN
    INSERT INTO ledger_spent (tenant_id, scope, subject, day, amount) VALUES (p_tenant, p_scope, p_subject, p_day, p_amount)
    ON CONFLICT (tenant_id, scope, subject, day) DO UPDATE SET amount = ledger_spent.amount + excluded.amount;
  END IF;
END $$;

CREATE FUNCTION ledger_post_batch(p jsonb, p_bound boolean, p_counted boolean) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  v_tenant constant uuid := p->>'tenant';
  v_day constant date := p->>'day';
  v_key constant uuid := p->>'key';
  v_items ledger_item[];
  x ledger_item;
  i integer := 0;
  f integer;
  t integer;
  v_paused boolean := false;
  v_dead text;
  v_key_payment bigint;
  v_key_left bigint;
  v_returned uuid[];
  v_refundable bigint[];
  v_taken integer[];
  v_place integer;
  v_refusal text;
  v_last timestamptz;
  v_now timestamptz;
  -- The balance rows that the batch touches, by their number; PL/pgSQL's only map is a JSON object.
  v_row jsonb;
  v_account bigint[];
  v_shard smallint[];
  v_amount bigint[];
  v_least bigint[];
  v_seq bigint[];
  v_state integer[];
  v_payment bigint[];
  v_left bigint[];
  v_started bigint[];
  -- The legs as they will be written: debits and credits in turn.
  v_leg_row integer[];
  v_leg_seq bigint[];
  v_leg_after bigint[];
BEGIN
  -- LATERAL ... OFFSET 0: one look-up by key for each, whatever the planner thinks of the sizes.
  SELECT array_agg(ROW(y.id,
           f.id, CASE WHEN f.shards > 1 THEN t.id % f.shards ELSE 0 END, f.currency_id,
           t.id, CASE WHEN t.shards > 1 THEN f.id % t.shards ELSE 0 END, t.currency_id,
           y.c IS NULL OR y.c = (SELECT c.code FROM ledger_currency c WHERE c.id = f.currency_id),
           y.a, y.k, y.m, y.r, y.b, y.d)::ledger_item ORDER BY y.i)
    INTO v_items
    FROM jsonb_to_recordset(p->'items')
           AS y(i integer, id uuid, f text, t text, a bigint, c text, k text, m text, r text, b uuid, d jsonb)
    LEFT JOIN LATERAL (SELECT a.* FROM ledger_account a WHERE a.tenant_id = v_tenant AND a.number = y.f OFFSET 0) f ON true
    LEFT JOIN LATERAL (SELECT a.* FROM ledger_account a WHERE a.tenant_id = v_tenant AND a.number = y.t OFFSET 0) t ON true;

  -- Locks, in the order that every writer keeps: rows settled once, balances by account and shard, the key's counter.
  IF p ? 'refunding' THEN
    v_returned := ARRAY(SELECT DISTINCT y.refunds FROM unnest(v_items) y WHERE y.refunds IS NOT NULL);
    PERFORM ledger_lock_refunded(v_tenant, v_returned);
  END IF;
  SELECT jsonb_object_agg(k.account_id || '/' || k.shard, k.n), array_agg(k.account_id ORDER BY k.n),
         array_agg(k.shard ORDER BY k.n)
    INTO v_row, v_account, v_shard
    FROM (SELECT u.account_id, u.shard, row_number() OVER (ORDER BY u.account_id, u.shard) AS n
            FROM (SELECT y.from_id, y.from_shard FROM unnest(v_items) y WHERE y.from_id IS NOT NULL AND y.to_id IS NOT NULL
                  UNION SELECT y.to_id, y.to_shard FROM unnest(v_items) y WHERE y.from_id IS NOT NULL AND y.to_id IS NOT NULL)
                 u(account_id, shard)) k;
  PERFORM 1 FROM unnest(v_account, v_shard) WITH ORDINALITY k(account_id, shard, n)
    CROSS JOIN LATERAL (SELECT 1 FROM ledger_balance b
                         WHERE b.account_id = k.account_id AND b.shard = k.shard FOR NO KEY UPDATE) b;
  IF v_key IS NOT NULL THEN
    SELECT l.dead, l.per_payment, l.day_left INTO v_dead, v_key_payment, v_key_left
      FROM ledger_key(v_tenant, v_key, v_day, p_counted) l;
  END IF;
  IF p_bound THEN
    SELECT paused_at IS NOT NULL INTO v_paused FROM accounts_tenant WHERE id = v_tenant;
  END IF;
  IF v_paused OR v_dead IS NOT NULL THEN
    RETURN jsonb_build_object('refused', ledger_offence(CASE WHEN v_paused THEN 'world_paused' ELSE v_dead END, 0,
                                                        NULL, NULL, NULL, NULL, NULL, NULL));
  END IF;

  -- A later statement than the locks: one that locks and reads many rows computes from what it saw before it waited.
  SELECT array_agg(b.amount ORDER BY k.n), array_agg(b.floor + b.held ORDER BY k.n), array_agg(b.last_seq ORDER BY k.n),
         array_agg((b.status = 'closed')::integer + 2 * (p_bound AND b.freeze IN ('debits', 'both'))::integer
                   + 4 * (p_bound AND b.freeze IN ('credits', 'both'))::integer ORDER BY k.n),
         array_agg(CASE WHEN p_counted THEN b.limit_per_payment END ORDER BY k.n),
         array_agg(CASE WHEN p_counted AND b.limit_per_day IS NOT NULL THEN b.limit_per_day - coalesce((
           SELECT s.amount FROM ledger_spent s WHERE s.tenant_id = v_tenant AND s.scope = 'account'
              AND s.subject = b.account_id::text AND s.day = v_day), 0) END ORDER BY k.n),
         array_agg(0::bigint ORDER BY k.n), max(b.last_posted_at)
    INTO v_amount, v_least, v_seq, v_state, v_payment, v_left, v_started, v_last
    FROM unnest(v_account, v_shard) WITH ORDINALITY k(account_id, shard, n)
    LEFT JOIN LATERAL (SELECT y.* FROM ledger_balance y
                        WHERE y.account_id = k.account_id AND y.shard = k.shard OFFSET 0) b ON true;
  IF v_returned IS NOT NULL THEN
    SELECT array_agg(r.transfer_id), array_agg(r.original - r.amount) INTO v_returned, v_refundable
      FROM ledger_refunded r WHERE r.transfer_id = ANY(v_returned);
  END IF;
  -- Places of the references that stand on another transfer, or further up in this batch.
  SELECT array_agg(y.n) INTO v_taken
    FROM (SELECT u.n, u.reference, row_number() OVER (PARTITION BY u.reference ORDER BY u.n) AS nth
            FROM unnest(v_items) WITH ORDINALITY AS u(id, from_id, from_shard, from_currency, to_id, to_shard, to_currency,
                   asked_currency, amount, kind, memo, reference, refunds, metadata, n) WHERE u.reference IS NOT NULL) y
   WHERE y.nth > 1 OR EXISTS (SELECT 1 FROM ledger_transfer u WHERE u.tenant_id = v_tenant AND u.reference = y.reference);

  FOREACH x IN ARRAY v_items LOOP
    i := i + 1;
    f := (v_row->>(x.from_id || '/' || x.from_shard))::integer;
    t := (v_row->>(x.to_id || '/' || x.to_shard))::integer;
    v_place := array_position(v_returned, x.refunds);
    v_refusal := ledger_refusal(
      x.from_id IS NOT NULL, x.to_id IS NOT NULL, x.from_currency = x.to_currency, x.asked_currency, x.from_id = x.to_id,
      x.amount, v_state[f] & 1 <> 0, v_state[t] & 1 <> 0, v_state[f] & 2 <> 0, v_state[t] & 4 <> 0,
      v_key_payment, v_payment[f], v_key_left, v_left[f] - v_started[f],
      x.refunds IS NOT NULL, v_refundable[v_place], v_amount[f] - v_least[f], v_amount[f], v_amount[t], i = ANY(v_taken));
    IF v_refusal IS NOT NULL THEN
      RETURN jsonb_build_object('refused', ledger_offence(v_refusal, i - 1, v_amount[f] - v_least[f], v_refundable[v_place],
                                                          v_key_payment, v_payment[f], v_key_left, v_left[f] - v_started[f]));
    END IF;
    v_amount[f] := v_amount[f] - x.amount;
    v_amount[t] := v_amount[t] + x.amount;
    v_seq[f] := v_seq[f] + 1;
    v_seq[t] := v_seq[t] + 1;
    v_started[f] := v_started[f] + x.amount;
    v_key_left := v_key_left - x.amount;
    IF v_place IS NOT NULL THEN
      v_refundable[v_place] := v_refundable[v_place] - x.amount;
    END IF;
    v_leg_row[2 * i - 1] := f;
    v_leg_seq[2 * i - 1] := v_seq[f];
    v_leg_after[2 * i - 1] := v_amount[f];
    v_leg_row[2 * i] := t;
    v_leg_seq[2 * i] := v_seq[t];
    v_leg_after[2 * i] := v_amount[t];
  END LOOP;

  -- After this point it must succeed (a reference taken in between is the one exception: the caller runs again).
  v_now := greatest(clock_timestamp(), v_last + interval '1 microsecond');
  INSERT INTO ledger_transfer (id, tenant_id, from_account_id, to_account_id, currency_id, amount, kind, memo, reference,
                               refunds_id, actor_id, key_id, ip, device_id, request_id, metadata, posted_at)
  SELECT y.id, v_tenant, y.from_id, y.to_id, y.from_currency, y.amount, y.kind, y.memo, y.reference, y.refunds,
         (p->>'actor')::uuid, v_key, (p->>'ip')::inet, p->>'device', p->>'request', y.metadata, v_now
    FROM unnest(v_items) y;
  INSERT INTO ledger_entry (tenant_id, account_id, shard, seq, transfer_id, amount, balance_after, posted_at)
  SELECT v_tenant, v_account[l.row], v_shard[l.row], l.seq, (v_items[(l.n + 1) / 2]).id,
         CASE l.n % 2 WHEN 1 THEN -(v_items[(l.n + 1) / 2]).amount ELSE (v_items[l.n / 2]).amount END, l.after, v_now
    FROM unnest(v_leg_row, v_leg_seq, v_leg_after) WITH ORDINALITY l(row, seq, after, n);
  UPDATE ledger_balance b SET amount = k.amount, last_seq = k.seq, last_posted_at = v_now,
         floor = ledger_floor(b.floor, k.amount - b.held)
    FROM unnest(v_account, v_shard, v_amount, v_seq) k(account_id, shard, amount, seq)
   WHERE b.account_id = k.account_id AND b.shard = k.shard;
  IF p_counted THEN
    INSERT INTO ledger_spent (tenant_id, scope, subject, day, amount)
    SELECT v_tenant, c.scope, c.subject, v_day, c.amount
      FROM (SELECT 'account' AS scope, k.account_id::text AS subject, sum(k.started) AS amount
              FROM unnest(v_account, v_started) k(account_id, started) GROUP BY k.account_id HAVING sum(k.started) > 0
            UNION ALL
            SELECT 'key', v_key::text, sum(k.started) FROM unnest(v_started) k(started) WHERE v_key IS NOT NULL
            HAVING v_key IS NOT NULL) c
     ORDER BY c.scope, c.subject
    ON CONFLICT (tenant_id, scope, subject, day) DO UPDATE SET amount = ledger_spent.amount + excluded.amount;
  END IF;
  IF v_returned IS NOT NULL THEN
    UPDATE ledger_refunded r SET amount = r.original - k.refundable
      FROM unnest(v_returned, v_refundable) k(transfer_id, refundable) WHERE r.transfer_id = k.transfer_id;
  END IF;
  RETURN jsonb_build_object(
    'posted_at', to_char(v_now AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
    'legs', (SELECT jsonb_agg(jsonb_build_array(l.seq, l.after) ORDER BY l.n)
               FROM unnest(v_leg_seq, v_leg_after) WITH ORDINALITY l(seq, after, n)));
END $$;

CREATE FUNCTION ledger_post_one(p jsonb, p_bound boolean, p_counted boolean) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  v_tenant constant uuid := p->>'tenant';
  v_day constant date := p->>'day';
  v_key constant uuid := p->>'key';
  x constant jsonb := p->'items'->0;
  v_id constant uuid := x->>'id';
  v_move constant bigint := x->>'a';
  v_reference constant text := x->>'r';
  v_refunds constant uuid := x->>'b';
  f_id bigint; f_currency bigint; f_shards smallint; f_shard smallint := 0;
  t_id bigint; t_currency bigint; t_shards smallint; t_shard smallint := 0;
  f_amount bigint; f_least bigint; f_seq bigint; f_last timestamptz; f_closed boolean; f_frozen boolean;
  t_amount bigint; t_seq bigint; t_last timestamptz; t_closed boolean; t_frozen boolean;
  f_payment bigint; f_left bigint; v_key_payment bigint; v_key_left bigint; v_refundable bigint;
  v_asked boolean := true;
  v_taken boolean := false;
  v_paused boolean := false;
  v_dead text;
  v_refusal text;
  v_now timestamptz;
BEGIN
  SELECT a.id, a.currency_id, a.shards INTO f_id, f_currency, f_shards
    FROM ledger_account a WHERE a.tenant_id = v_tenant AND a.number = x->>'f';
  SELECT a.id, a.currency_id, a.shards INTO t_id, t_currency, t_shards
    FROM ledger_account a WHERE a.tenant_id = v_tenant AND a.number = x->>'t';
  IF f_shards > 1 THEN f_shard := t_id % f_shards; END IF;
  IF t_shards > 1 THEN t_shard := f_id % t_shards; END IF;

  -- Locks, in the order that every writer keeps: the row settled once, balances by account, the key's counter. A statement that
  -- locks one row by its key returns what it finds there when the wait is over, so here locking and reading may be one.
  IF v_refunds IS NOT NULL THEN
    PERFORM ledger_lock_refunded(v_tenant, ARRAY[v_refunds]);
    SELECT r.original - r.amount INTO v_refundable FROM ledger_refunded r WHERE r.transfer_id = v_refunds;
  END IF;
  IF t_id < f_id THEN
    PERFORM 1 FROM ledger_balance b WHERE b.account_id = t_id AND b.shard = t_shard FOR NO KEY UPDATE;
  END IF;
  SELECT b.amount, b.floor + b.held, b.last_seq + 1, b.last_posted_at, b.status = 'closed',
         p_bound AND b.freeze IN ('debits', 'both'), CASE WHEN p_counted THEN b.limit_per_payment END,
         CASE WHEN p_counted THEN b.limit_per_day END
    INTO f_amount, f_least, f_seq, f_last, f_closed, f_frozen, f_payment, f_left
    FROM ledger_balance b WHERE b.account_id = f_id AND b.shard = f_shard FOR NO KEY UPDATE;
  SELECT b.amount, b.last_seq + 1, b.last_posted_at, b.status = 'closed', p_bound AND b.freeze IN ('credits', 'both')
    INTO t_amount, t_seq, t_last, t_closed, t_frozen
    FROM ledger_balance b WHERE b.account_id = t_id AND b.shard = t_shard FOR NO KEY UPDATE;
  IF v_key IS NOT NULL THEN
    SELECT l.dead, l.per_payment, l.day_left INTO v_dead, v_key_payment, v_key_left
      FROM ledger_key(v_tenant, v_key, v_day, p_counted) l;
  END IF;

  IF f_left IS NOT NULL THEN
    f_left := f_left - coalesce((SELECT s.amount FROM ledger_spent s WHERE s.tenant_id = v_tenant AND s.scope = 'account'
      AND s.subject = f_id::text AND s.day = v_day), 0);
  END IF;
  IF x->>'c' IS NOT NULL THEN
    v_asked := x->>'c' = (SELECT c.code FROM ledger_currency c WHERE c.id = f_currency);
  END IF;
  IF v_reference IS NOT NULL THEN
    v_taken := EXISTS (SELECT 1 FROM ledger_transfer u WHERE u.tenant_id = v_tenant AND u.reference = v_reference);
  END IF;
  IF p_bound THEN
    SELECT n.paused_at IS NOT NULL INTO v_paused FROM accounts_tenant n WHERE n.id = v_tenant;
  END IF;
  v_refusal := CASE WHEN v_paused THEN 'world_paused' WHEN v_dead IS NOT NULL THEN v_dead ELSE ledger_refusal(
    f_id IS NOT NULL, t_id IS NOT NULL, f_currency = t_currency, v_asked, f_id = t_id, v_move,
    f_closed, t_closed, f_frozen, t_frozen, v_key_payment, f_payment, v_key_left, f_left,
    v_refunds IS NOT NULL, v_refundable, f_amount - f_least, f_amount, t_amount, v_taken) END;
  IF v_refusal IS NOT NULL THEN
    RETURN jsonb_build_object('refused', ledger_offence(v_refusal, 0, f_amount - f_least, v_refundable,
                                                        v_key_payment, f_payment, v_key_left, f_left));
  END IF;

  -- After this point it must succeed (a reference taken in between is the one exception: the caller runs again).
  v_now := greatest(clock_timestamp(), f_last + interval '1 microsecond', t_last + interval '1 microsecond');
  f_amount := f_amount - v_move;
  t_amount := t_amount + v_move;
  INSERT INTO ledger_transfer (id, tenant_id, from_account_id, to_account_id, currency_id, amount, kind, memo, reference,
                               refunds_id, actor_id, key_id, ip, device_id, request_id, metadata, posted_at)
  VALUES (v_id, v_tenant, f_id, t_id, f_currency, v_move, x->>'k', x->>'m', v_reference, v_refunds,
          (p->>'actor')::uuid, v_key, (p->>'ip')::inet, p->>'device', p->>'request', x->'d', v_now);
  INSERT INTO ledger_entry (tenant_id, account_id, shard, seq, transfer_id, amount, balance_after, posted_at)
  VALUES (v_tenant, f_id, f_shard, f_seq, v_id, -v_move, f_amount, v_now),
         (v_tenant, t_id, t_shard, t_seq, v_id, v_move, t_amount, v_now);
  UPDATE ledger_balance b SET amount = k.amount, last_seq = k.seq, last_posted_at = v_now,
         floor = ledger_floor(b.floor, k.amount - b.held)
    FROM (VALUES (f_id, f_shard, f_amount, f_seq), (t_id, t_shard, t_amount, t_seq)) k(account_id, shard, amount, seq)
   WHERE b.account_id = k.account_id AND b.shard = k.shard;
  IF p_counted THEN
    PERFORM ledger_count(v_tenant, 'account', f_id::text, v_day, v_move);
    IF v_key IS NOT NULL THEN
      PERFORM ledger_count(v_tenant, 'key', v_key::text, v_day, v_move);
    END IF;
  END IF;
  IF v_refunds IS NOT NULL THEN
    UPDATE ledger_refunded r SET amount = r.amount + v_move WHERE r.transfer_id = v_refunds;
  END IF;
  RETURN jsonb_build_object(
    'posted_at', to_char(v_now AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
    'legs', jsonb_build_array(jsonb_build_array(f_seq, f_amount), jsonb_build_array(t_seq, t_amount)));
END $$;

CREATE FUNCTION ledger_post(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  v_tenant constant uuid := p->>'tenant';
  -- What a person or terminal does obeys freezes and the pause; only what they start counts against limits (docs/ledger.md).
  v_bound constant boolean := p->>'authority' IN ('player', 'refund');
  v_counted constant boolean := p->>'authority' = 'player';
  v_answer jsonb;
BEGIN
  PERFORM set_config('neobank.tenant', v_tenant::text, true);

  -- The outcome is written as if all went well; only a refusal has to correct it.
  IF p ? 'claim' THEN
    v_answer := ledger_claim(v_tenant, p->'claim', 'posted', p->'refs');
    IF v_answer IS NOT NULL THEN
      RETURN jsonb_build_object('stored', v_answer);
    END IF;
  END IF;
  IF jsonb_array_length(p->'items') = 1 THEN
    v_answer := ledger_post_one(p, v_bound, v_counted);
  ELSE
    v_answer := ledger_post_batch(p, v_bound, v_counted);
  END IF;
  IF p ? 'claim' AND v_answer ? 'refused' THEN
    IF v_answer->'refused'->>'code' IN ('invalid_amount', 'key_revoked', 'key_expired') THEN
      -- Wrong requests and bad credentials are no outcomes: the same key may come again, put right.
      DELETE FROM ledger_idempotencykey
       WHERE tenant_id = v_tenant AND principal = p->'claim'->>'principal' AND key = p->'claim'->>'key';
    ELSE
      UPDATE ledger_idempotencykey SET outcome = v_answer->'refused'->>'code', refs = v_answer->'refused'
       WHERE tenant_id = v_tenant AND principal = p->'claim'->>'principal' AND key = p->'claim'->>'key';
    END IF;
  END IF;
  RETURN v_answer;
END $$;
