-- For whoever has to look before they post (a spin): 'looking' takes the locks of one transfer, makes every refusal that posting
-- it would make, and answers with both balances instead of moving anything; 'follows' posts a second transfer that follows from
-- the first one (the win of a spin) in the same call; 'seen' says that the first one has been looked at in this transaction, so
-- that a pause since then comes too late for it; 'claimed' is a key that ledger_claim took earlier in this transaction, whose
-- outcome is written here as well. ledger/posting/sqlite.py is the twin.

CREATE OR REPLACE FUNCTION ledger_post_one(p jsonb, p_bound boolean, p_counted boolean) RETURNS jsonb LANGUAGE plpgsql AS $$
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
  t_amount bigint; t_least bigint; t_seq bigint; t_last timestamptz; t_closed boolean; t_frozen boolean;
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
  SELECT b.amount, b.floor + b.held, b.last_seq + 1, b.last_posted_at, b.status = 'closed',
         p_bound AND b.freeze IN ('credits', 'both')
    INTO t_amount, t_least, t_seq, t_last, t_closed, t_frozen
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
  IF p_bound AND NOT p ? 'seen' THEN
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

  IF p ? 'looking' THEN
    RETURN jsonb_build_object('seen', jsonb_build_array(f_amount, f_amount - f_least, t_amount, t_amount - t_least));
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

CREATE OR REPLACE FUNCTION ledger_post(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  v_tenant constant uuid := p->>'tenant';
  -- What a person or terminal does obeys freezes and the pause; only what they start counts against limits (docs/ledger.md).
  v_bound constant boolean := p->>'authority' IN ('player', 'refund');
  v_counted constant boolean := p->>'authority' = 'player';
  v_settles constant uuid := p->>'settles';
  v_settled text;
  -- The idempotency key, taken here or by ledger_claim earlier in this transaction.
  v_held constant jsonb := coalesce(p->'claim', p->'claimed');
  v_answer jsonb;
  v_follows jsonb;
BEGIN
  PERFORM set_config('neobank.tenant', v_tenant::text, true);

  -- The outcome is written as if all went well; only a refusal has to correct it.
  IF p ? 'claim' THEN
    v_answer := ledger_claim(v_tenant, p->'claim', 'posted', p->'refs');
    IF v_answer IS NOT NULL THEN
      RETURN jsonb_build_object('stored', v_answer);
    END IF;
  END IF;
  IF v_settles IS NOT NULL THEN
    v_settled := ledger_lock_request(v_tenant, v_settles);
  END IF;
  IF v_settled IS NOT NULL THEN
    v_answer := jsonb_build_object('refused', ledger_offence(v_settled, 0, NULL, NULL, NULL, NULL, NULL, NULL));
  ELSIF jsonb_array_length(p->'items') = 1 THEN
    v_answer := ledger_post_one(p, v_bound, v_counted);
  ELSE
    v_answer := ledger_post_batch(p, v_bound, v_counted);
  END IF;
  IF v_settles IS NOT NULL AND NOT v_answer ? 'refused' THEN
    UPDATE ledger_paymentrequest SET state = 'paid', transfer_id = (p->'items'->0->>'id')::uuid
     WHERE tenant_id = v_tenant AND id = v_settles;
  END IF;
  IF p ? 'follows' AND NOT v_answer ? 'refused' THEN
    v_follows := ledger_post_one(p || jsonb_build_object('items', jsonb_build_array(p->'follows')), false, false);
    IF v_follows ? 'refused' THEN
      -- Whoever asks has looked, under these very locks, that it can be posted.
      RAISE EXCEPTION 'what follows from a transfer was refused: %', v_follows->'refused'->>'code';
    END IF;
    v_answer := jsonb_set(v_follows, '{legs}', (v_answer->'legs') || (v_follows->'legs'));
  END IF;
  IF v_held IS NOT NULL AND v_answer ? 'refused' THEN
    IF v_answer->'refused'->>'code' IN ('invalid_amount', 'key_revoked', 'key_expired') THEN
      -- Wrong requests and bad credentials are no outcomes: the same key may come again, put right.
      DELETE FROM ledger_idempotencykey
       WHERE tenant_id = v_tenant AND principal = v_held->>'principal' AND key = v_held->>'key';
    ELSE
      UPDATE ledger_idempotencykey SET outcome = v_answer->'refused'->>'code', refs = v_answer->'refused'
       WHERE tenant_id = v_tenant AND principal = v_held->>'principal' AND key = v_held->>'key';
    END IF;
  ELSIF p ? 'claimed' AND NOT p ? 'looking' THEN
    UPDATE ledger_idempotencykey SET outcome = 'posted', refs = p->'refs'
     WHERE tenant_id = v_tenant AND principal = v_held->>'principal' AND key = v_held->>'key';
  END IF;
  RETURN v_answer;
END $$;
