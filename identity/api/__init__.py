"""Signing up, in and out over HTTP, and what somebody may change about himself."""
