"""What moderators do to the words of a word cloud: not show one, count spellings as one word, take either back.

Words are sums: a rule changes how they are read, never what was written. It shows at the next tick.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from congress import journal
from congress.errors import Refused
from congress.models import User
from polls.actions import turn_results
from polls.models import Poll, WordRule
from polls.words import key_of


class NoWordClouds(Refused):
    message = _("This poll is no word cloud.")


class NoWordChosen(Refused):
    message = _("Please choose or enter a word.")


class TooFewToJoin(Refused):
    message = _("Please choose the words that are to count as one.")


@transaction.atomic
def hide(*, poll: Poll, words: Sequence[str], now: datetime, by: User | None) -> None:
    """Do not show these words, whoever writes them when. Raises `NoWordClouds` or `NoWordChosen`."""
    keys = _keys(poll, words)
    for key in keys:
        _rule(poll, key, "")
    _turn(poll, "poll.words_hidden", len(keys), now=now, by=by)


@transaction.atomic
def join(*, poll: Poll, words: Sequence[str], into: str, now: datetime, by: User | None) -> None:
    """Count these words as `into`, and write it so. Raises `NoWordClouds`, `NoWordChosen` or `TooFewToJoin`."""
    keys, target = _keys(poll, words), key_of(into)
    if not target:
        raise NoWordChosen
    others = [key for key in keys if key != target]
    written_so = target in keys
    if not others and not written_so:
        raise TooFewToJoin
    # No chains: what counted as one of these counts as the new word, and the new word stands for itself.
    for rule in WordRule.objects.filter(poll=poll).exclude(into=""):
        if key_of(rule.into) in {target, *others}:
            _rule(poll, rule.key, into)
    _rule(poll, target, into)
    for key in others:
        _rule(poll, key, into)
    _turn(poll, "poll.words_joined", len(keys), now=now, by=by)


@transaction.atomic
def release(*, poll: Poll, words: Sequence[str], now: datetime, by: User | None) -> None:
    """Show words again, or let them stand alone again. Twice does no harm.

    Raises `NoWordClouds` or `NoWordChosen`.
    """
    keys = _keys(poll, words)
    gone, _by_model = WordRule.objects.filter(poll=poll, key__in=keys).delete()
    if gone:
        _turn(poll, "poll.words_released", gone, now=now, by=by)


def _keys(poll: Poll, words: Sequence[str]) -> list[str]:
    if not poll.is_word_cloud:
        raise NoWordClouds
    keys = list(dict.fromkeys(key for key in map(key_of, words) if key))
    if not keys:
        raise NoWordChosen
    return keys


def _rule(poll: Poll, key: str, into: str) -> None:
    WordRule.objects.update_or_create(poll=poll, key=key, defaults={"into": into})


def _turn(poll: Poll, verb: str, count: int, *, now: datetime, by: User | None) -> None:
    # Not which words: somebody's name may be among them, and the rules themselves say it.
    journal.note(verb, edition=poll.edition, now=now, by=by, target=poll, count=count)
    turn_results(poll)
