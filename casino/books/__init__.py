"""The casino's part of the replay: every round with its money, its place and its draw, and the chain of what games pay."""

from casino.books.rules import RULES
from casino.books.walk import steps, walk
from ledger.books import Room

CASINO = Room(RULES, steps, walk)

__all__ = ["CASINO"]
