"""``make event``: the real thing on one laptop in a field.

``place`` says where its files are and what its processes run under, ``addresses`` under which names phones reach it,
``authority`` makes the certificates, ``door`` is the plain-http page that hands out the authority's, ``opening`` makes the event
and its first game master, ``moving`` carries it to another laptop, ``watch`` keeps bank, door and backups under one parent.
"""
