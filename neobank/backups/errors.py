"""Why a backup cannot be taken or put back."""


class CannotBackUp(Exception):
    """Nothing was done; the text says in a plain sentence what to do instead."""
