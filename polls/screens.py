"""Screens of the hall and of the mixer: who may have one, and how their addresses begin and end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from congress import actions as congress_actions
from congress import journal
from congress.errors import Refused
from congress.live.entry import Refusal, Visitor
from congress.models import AccessLink, Edition, Stage, User
from polls.models import Screen

UNKNOWN, OVER = 4404, 4403

# The words of `?zeigt=`, which stand in scenes of mixers and stay as they are.
WORDS: dict[str, str] = {
    "bauchbinde": Screen.Shows.LOWER_THIRD,
    "frage": Screen.Shows.QUESTION,
    "umfrage": Screen.Shows.POLL,
    "countdown": Screen.Shows.COUNTDOWN,
    "saal": Screen.Shows.HALL,
    "ergebnis": Screen.Shows.RESULT,
    "als-naechstes": Screen.Shows.NEXT,
    "restzeit": Screen.Shows.TIME_LEFT,
    "qr-code": Screen.Shows.QR,
}


class MadeAlready(Refused):
    message = _(
        "This screen exists already. Its address is shown only once; make it anew if nobody has it."
    )


class RenewedMeanwhile(Refused):
    message = _("The address of this screen was made anew meanwhile. Nothing was changed.")


class ScreenIsOver(Refused):
    message = _("This screen has ended.")


@transaction.atomic
def create(
    *, stage: Stage, name: str, shows: str, key: UUID, now: datetime, by: User | None = None
) -> tuple[Screen, str]:
    """A screen and its token, which is told here and never again. Raises `MadeAlready`."""
    try:
        with transaction.atomic():
            link = congress_actions.create_link(
                kind=AccessLink.Kind.SCREEN, edition=stage.edition, now=now, by=by
            )
            screen = Screen.objects.create(stage=stage, link=link, name=name, shows=shows, key=key)
    except IntegrityError as error:  # the form was sent twice
        raise MadeAlready from error
    _note("screen.created", screen, now=now, by=by)
    return screen, congress_actions.mint(link=link, now=now)


@transaction.atomic
def renew(*, screen: Screen, renewals: int, now: datetime, by: User | None = None) -> str:
    """A new token; screens with an older one go dark at once. Raises `RenewedMeanwhile` or `ScreenIsOver`."""
    if not screen.link.is_open(now):
        raise ScreenIsOver
    renewed = Screen.objects.filter(pk=screen.pk, renewals=renewals)
    if not renewed.update(renewals=F("renewals") + 1):
        raise RenewedMeanwhile
    _note("screen.renewed", screen, now=now, by=by)
    return congress_actions.renew_link(link=screen.link, now=now, by=by)


@transaction.atomic
def end(*, screen: Screen, now: datetime, by: User | None = None) -> None:
    """The screen goes dark, wherever it stands. Twice does no harm."""
    if screen.link.revoked_at is not None:
        return
    congress_actions.revoke_link(link=screen.link, now=now, by=by)
    _note("screen.ended", screen, now=now, by=by)


def _note(verb: str, screen: Screen, *, now: datetime, by: User | None) -> None:
    journal.note(
        verb, edition=screen.stage.edition, now=now, by=by, target=screen, shows=screen.shows
    )


# --- The door of a screen's socket ----------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """A screen at the door: the hash of what it holds, and where it says it belongs."""

    token_hash: bytes
    edition: str


def look_up(wanted: Sequence[Wanted]) -> list[Visitor | Refusal]:
    """One answer for each, in one query; by the same rule as the page (`polls.views.screens`)."""
    rows = (
        Screen.objects.with_link()
        .of_tokens([one.token_hash for one in wanted])
        .annotate(clock=Edition.edition_now("stage__edition__"))
    )
    found: dict[bytes, Screen] = {}
    for screen in rows:
        for kept in (screen.link.token_hash, screen.link.previous_token_hash):
            if kept is not None:
                found[bytes(kept)] = screen
    return [_judge(found.get(one.token_hash), one.edition) for one in wanted]


def _judge(screen: Screen | None, edition: str) -> Visitor | Refusal:
    if screen is None or screen.stage.edition.slug != edition:
        return Refusal(UNKNOWN)
    now: datetime = screen.clock  # type: ignore[attr-defined]  # annotated
    if not screen.link.is_open(now):
        return Refusal(OVER)
    return Visitor(
        person=-screen.pk,  # nobody; its sockets are counted together
        kind=AccessLink.Kind.SCREEN,
        may_vote=False,
        moderates=False,
        language=settings.LANGUAGE_CODE,
        stage=screen.stage_id,
        edition=screen.stage.edition_id,
        session="",
        link=screen.link_id,
        until=screen.link.valid_until - screen.stage.edition.clock_shift,
        seal="",
    )
