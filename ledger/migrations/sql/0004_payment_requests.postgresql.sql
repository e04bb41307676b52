-- A posting may settle a payment request: the row is locked after the idempotency row and before the balances, and becomes paid
-- in the transaction of its transfer. ledger/posting/sqlite.py is the twin.

-- Locks a payment request: NULL while it can be paid, else the refusal. One that ran out is written down as such on the way. A
-- statement that locks one row by its key returns what it finds there when the wait is over.
CREATE FUNCTION ledger_lock_request(p_tenant uuid, p_request uuid) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  v_state text;
  v_expires timestamptz;
BEGIN
  SELECT r.state, r.expires_at INTO STRICT v_state, v_expires FROM ledger_paymentrequest r
   WHERE r.tenant_id = p_tenant AND r.id = p_request FOR NO KEY UPDATE;
  IF v_state = 'open' AND v_expires <= clock_timestamp() THEN
    UPDATE ledger_paymentrequest SET state = 'expired' WHERE tenant_id = p_tenant AND id = p_request;
    v_state := 'expired';
  END IF;
  RETURN CASE WHEN v_state <> 'open' THEN 'request_' || v_state END;
END $$;

CREATE OR REPLACE FUNCTION ledger_post(p jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  v_tenant constant uuid := p->>'tenant';
  -- What a person or terminal does obeys freezes and the pause; only what they start counts against limits (docs/ledger.md).
  v_bound constant boolean := p->>'authority' IN ('player', 'refund');
  v_counted constant boolean := p->>'authority' = 'player';
  v_settles constant uuid := p->>'settles';
  v_settled text;
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
