"""What changes releases and the press kit, and who is told about it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import F, Max
from django.utils.translation import gettext_lazy as _

from congress import journal
from congress.errors import Refused
from congress.models import Edition, User
from congress.uploads import Brought, smaller
from press import emails, queries
from press.models import Accreditation, PressFile, PressRelease

PREVIEW_PIXELS = 640


class ChangedMeanwhile(Refused):
    message = _(
        "Somebody else has changed this release while you were writing. Your text stands below; "
        "compare it with theirs in another window before you save."
    )
    code = "changed_meanwhile"


class NothingToSay(Refused):
    message = _("Before it is published, the release needs a text or the address where it stands.")
    code = "nothing_to_say"


class EmbargoTooEarly(Refused):
    message = _("The embargo has to end after the release is published.")
    code = "embargo_too_early"


class WasOut(Refused):
    message = _("This release was published already; it can be withheld, not thrown away.")
    code = "was_out"


@transaction.atomic
def write(
    *, edition: Edition, form_key: uuid.UUID, by: User, now: datetime, **text: Any
) -> PressRelease:
    """Begin a release. The same form sent twice is one; numbers have no gaps unless a draft is thrown away."""
    # Two who begin at once get two numbers.
    Edition.objects.select_for_update(no_key=True).get(pk=edition.pk)
    last = PressRelease.objects.of_edition(edition).aggregate(last=Max("number"))["last"] or 0
    release, created = PressRelease.objects.get_or_create(
        edition=edition,
        form_key=form_key,
        defaults={**text, "number": last + 1, "changed_at": now},
    )
    if created:
        _note("release.written", release, by, now)
    return release


@transaction.atomic
def change(*, release: PressRelease, version: int, by: User, now: datetime, **text: Any) -> None:
    """Raises `ChangedMeanwhile` where `version` is not the newest, or `NothingToSay`."""
    if release.published_at is not None and not (text.get("body") or text.get("elsewhere")):
        raise NothingToSay
    changed = PressRelease.objects.filter(pk=release.pk, version=version).update(
        **text, version=F("version") + 1, changed_at=now
    )
    if not changed:
        raise ChangedMeanwhile
    _note("release.changed", release, by, now)


@transaction.atomic
def publish(
    *,
    release: PressRelease,
    at: datetime | None,
    embargo_until: datetime | None,
    by_mail: bool,
    by: User,
    now: datetime,
) -> None:
    """Let it appear `at` a moment, now if None. A letter that is out already is not sent again.

    Raises `NothingToSay` or `EmbargoTooEarly`.
    """
    moment = at or now
    if embargo_until is not None and embargo_until <= moment:
        raise EmbargoTooEarly
    changed = (
        PressRelease.objects.filter(pk=release.pk)
        .exclude(body="", elsewhere="")
        .update(published_at=moment, embargo_until=embargo_until, by_mail=by_mail)
    )
    if not changed:
        raise NothingToSay
    release.refresh_from_db()
    _note("release.published", release, by, now, at=f"{moment:%Y-%m-%dT%H:%M:%SZ}")


@transaction.atomic
def withhold(*, release: PressRelease, by: User, now: datetime) -> None:
    """Back to a draft, before or after it came out. What was mailed is out of our hands. Twice does no harm."""
    changed = PressRelease.objects.filter(pk=release.pk, published_at__isnull=False).update(
        published_at=None, embargo_until=None
    )
    if changed:
        _note("release.withheld", release, by, now)


@transaction.atomic
def throw_away(*, release: PressRelease, by: User, now: datetime) -> None:
    """Raises `WasOut` for what anybody may have read."""
    _note("release.thrown_away", release, by, now, number=release.number)
    gone, _rows = PressRelease.objects.filter(
        pk=release.pk, published_at=None, mailed_at=None
    ).delete()
    if not gone:
        raise WasOut


def add_file(
    *,
    edition: Edition,
    release: PressRelease | None,
    form_key: uuid.UUID,
    brought: Brought,
    by: User,
    now: datetime,
    **about: Any,
) -> PressFile:
    """A picture or paper of a release, or of the kit where there is none. The same form sent twice is one."""
    found = PressFile.objects.filter(edition=edition, form_key=form_key).first()
    if found is not None:
        return found
    row = PressFile(
        edition=edition,
        release=release,
        form_key=form_key,
        kind=brought.kind,
        size=len(brought.content),
        width=brought.width,
        height=brought.height,
        added_at=now,
        **about,
    )
    row.file.save("", ContentFile(brought.content), save=False)
    if brought.is_picture:
        preview = smaller(brought.content, width=PREVIEW_PIXELS)
        row.preview.save("", ContentFile(preview), save=False)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            journal.note("press_file.added", edition=edition, now=now, by=by, target=row)
    except BaseException:
        forget_content(row)
        raise
    return row


def forget_content(file: PressFile) -> None:
    """What lies on the disk, once no row names it any more."""
    file.file.delete(save=False)
    if file.preview:
        file.preview.delete(save=False)


@transaction.atomic
def remove_file(*, file: PressFile, by: User, now: datetime) -> None:
    """The row; the file itself goes with it (`press.receivers`)."""
    journal.note("press_file.removed", edition=file.edition, now=now, by=by, target=file)
    file.delete()


@transaction.atomic
def ask_for_releases(*, accreditation: Accreditation, wanted: bool, now: datetime) -> None:
    """The journalist wants releases by mail, or no longer. Twice does no harm."""
    changed = (
        Accreditation.objects.filter(pk=accreditation.pk)
        .exclude(wants_releases=wanted)
        .update(wants_releases=wanted)
    )
    if changed:
        verb = "accreditation.releases_wanted" if wanted else "accreditation.releases_ended"
        journal.note(verb, edition=accreditation.edition, now=now, target=accreditation)


def mail_due_releases() -> int:
    """Write to those who asked, once for each release that is out. Returns how many letters."""
    due = PressRelease.objects.to_mail().select_related("edition").order_by("published_at", "pk")
    return sum(_mail(release) for release in due)


@transaction.atomic
def _mail(release: PressRelease) -> int:
    now = release.edition.now()
    # Of two workers the second finds the row taken; with the transaction its letters are kept or undone.
    taken = PressRelease.objects.filter(
        pk=release.pk, mailed_at=None, published_at__isnull=False
    ).update(mailed_at=now)
    if not taken:
        return 0
    readers = list(queries.readers_by_mail(release.edition, now))
    for accreditation in readers:
        emails.release(release, accreditation)
    return len(readers)


def _note(verb: str, release: PressRelease, by: User, now: datetime, **details: Any) -> None:
    journal.note(verb, edition=release.edition, now=now, by=by, target=release, **details)
