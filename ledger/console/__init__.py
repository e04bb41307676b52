"""Accounts, transfers, device keys and the event's settings in the console: everything that shows money."""
