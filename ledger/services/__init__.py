"""Everything that writes in the ledger, one file a story."""
