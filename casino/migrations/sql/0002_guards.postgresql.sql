-- What players were promised and what was drawn stands for ever.
CREATE TRIGGER casino_gameversion_append_only BEFORE UPDATE OR DELETE ON casino_gameversion
  FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER casino_gameconfiguration_append_only BEFORE UPDATE OR DELETE ON casino_gameconfiguration
  FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER casino_round_append_only BEFORE UPDATE OR DELETE ON casino_round
  FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
