"""Finding things by the beginnings of their words.

Whoever makes or renames a thing calls ``index`` in the same unit; whoever looks for one calls ``find``. A search is a range
over the token table: LIKE and full text ignore their indexes under row-level security.
"""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Iterable
from functools import reduce
from typing import Final

from django.db.models import Q

from accounts.models import SearchToken, User

USER: Final = "user"
FACTION: Final = "faction"
KEY: Final = "key"
TOKEN_MAX: Final = 64
FOUND_MAX: Final = 200
_WORDS_MAX: Final = 8


def fold(text: str) -> list[str]:
    """The words of ``text`` without case, width, accents and punctuation: ``"Zoë O'Neil"`` is ``["zoe", "o", "neil"]``."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    folded = unicodedata.normalize("NFKC", bare).casefold()
    return [word[:TOKEN_MAX] for word in re.split(r"[\W_]+", folded) if word]


def index(*, kind: str, target: str, text: str) -> None:
    """Make ``target`` (``accounts.user:<id>``) findable by the words of ``text``, and by nothing else. Inside a unit."""
    SearchToken.objects.filter(kind=kind, target=target).delete()
    SearchToken.objects.bulk_create(_tokens(kind, target, text))


def index_user(user: User) -> None:
    """Make ``user`` findable by character name and display name. Inside a unit."""
    index(kind=USER, target=target_of(USER, user.pk), text=_text_of(user))


def index_new_users(users: Iterable[User]) -> None:
    """Make people who were saved just now findable, all at once. Inside a unit."""
    SearchToken.objects.bulk_create(
        token for user in users for token in _tokens(USER, target_of(USER, user.pk), _text_of(user))
    )


def _text_of(user: User) -> str:
    return f"{user.character_name} {user.display_name}"


def _tokens(kind: str, target: str, text: str) -> list[SearchToken]:
    words = fold(text)
    # The words run together as well: "oneil" finds O'Neil, "milak" finds Mila Kova.
    tokens = {*words, "".join(words)[:TOKEN_MAX]} - {""}
    return [SearchToken(kind=kind, target=target, token=token) for token in sorted(tokens)]


def find(kind: str, text: str, *, limit: int = FOUND_MAX) -> list[uuid.UUID]:
    """The ids of at most ``limit`` things of ``kind`` in which every word of ``text`` begins a word."""
    words = sorted(fold(text), key=len, reverse=True)[:_WORDS_MAX]
    if not words:
        return []
    tokens = SearchToken.objects.filter(_begins_with(words[0]), kind=kind)
    narrowed = reduce(
        lambda found, word: found.filter(
            target__in=SearchToken.objects.filter(_begins_with(word), kind=kind).values("target")
        ),
        words[1:],
        tokens,
    )
    targets = narrowed.order_by("token", "target").values_list("target", flat=True)
    # A name may hold two words that begin so: a few rows more than wanted, then each target once.
    unique = dict.fromkeys(targets[: 4 * limit])
    return [uuid.UUID(target.partition(":")[2]) for target in list(unique)[:limit]]


def target_of(kind: str, pk: uuid.UUID) -> str:
    """How the token table names a thing of the ground floor."""
    return f"accounts.{kind}:{pk}"


def _begins_with(word: str) -> Q:
    return Q(token__gte=word, token__lt=word[:-1] + chr(ord(word[-1]) + 1))
