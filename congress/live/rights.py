"""Rights that may have ended: what makes open sockets look again, here and in the other processes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from congress.live import news
from congress.live.entry import hashed
from congress.live.sockets import RIGHTS, doubt_here
from congress.models import Admission, BrowserSession, Role, User
from congress.signals import rights_changed


@receiver(rights_changed)
def sockets_look_again(
    sessions: Iterable[str] = (),
    people: Iterable[int] = (),
    links: Iterable[int] = (),
    **_kwargs: Any,
) -> None:
    whose: dict[str, list[Any]] = {
        "people": list(people),
        "links": list(links),
        "sessions": [hashed(key) for key in sessions],  # keys are secrets, and no business of Redis
    }
    doubt_here(whose)
    news.tell(RIGHTS, **whose)


@receiver(post_delete, sender=BrowserSession)
def session_ended(instance: BrowserSession, **_kwargs: Any) -> None:
    """Signed out, here or by the link's owner."""
    key = instance.session_key
    transaction.on_commit(lambda: sockets_look_again(sessions=[key]))


@receiver((post_save, post_delete), sender=Role)
@receiver((post_save, post_delete), sender=Admission)
def right_changed(instance: Role | Admission, **_kwargs: Any) -> None:
    person = instance.person_id
    transaction.on_commit(lambda: sockets_look_again(people=[person]))


@receiver(post_save, sender=User)
def person_changed(
    instance: User, created: bool, update_fields: Any = None, **_kwargs: Any
) -> None:
    """Disabled, or a new password. A sign-in alone changes no right."""
    if created or (update_fields is not None and set(update_fields) <= {"last_login"}):
        return
    transaction.on_commit(lambda: sockets_look_again(people=[instance.pk]))
