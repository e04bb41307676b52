"""Backups: one sealed file with the whole database of one moment, and a manifest beside it that says what is in it.

``sealing`` is the encryption, ``engines`` the two databases' own way of copying themselves, ``archive`` takes, opens and puts
back, ``drill`` proves that it can be done. ``docs/disaster-recovery.md`` is for the night it is needed.
"""
