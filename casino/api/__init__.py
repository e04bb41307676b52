"""The casino over HTTP: thin views over its services and selectors."""
