"""The bank over HTTP: thin views over the services and selectors of the ledger."""
