"""One row of every model in the admin, for the walk as organiser of another edition (congress/test_admin_walk.py).

A new admin class needs a line here; the walk fails without one. Names and titles hold the mark, so that a page
that shows one of the rows can be told by it.
"""

import uuid
from collections.abc import Callable

from django.db import models

from congress import journal
from congress.models import (
    AccessLink,
    Admission,
    Edition,
    JournalEntry,
    Letter,
    LetterText,
    Page,
    Role,
    Stage,
    State,
    User,
)
from polls import screens
from polls.models import Poll, Screen, StageState
from press.models import Accreditation, PressSettings
from programme.models import OnAir, Session, Speaker, Track
from registration import actions
from registration.models import (
    Contingent,
    DomainRule,
    Invitation,
    Place,
    Registration,
    RegistrationSettings,
    ReviewText,
)
from tests.factories import (
    NOW,
    make_admission,
    make_link,
    make_role,
    make_session,
    make_speaker,
    make_stage,
    make_state,
    make_track,
    make_user,
)
from tests.polls.factories import make_poll
from tests.press.factories import make_accreditation
from tests.registration.making import OPEN, given, make_invitation, make_rule
from tests.registration.places import make_contingent

MARK = "Zinnoberfisch"


def _somebody() -> User:
    return make_user(last_name=MARK)


def _letter(edition: Edition) -> Letter:
    return Letter.objects.create(
        edition=edition,
        template="congress/emails/login_code.md",
        once=f"{MARK}-{edition.pk}",
        to="zinnoberfisch@land-beispiel.example",
        subject=MARK,
        message_id=f"<{MARK}-{edition.pk}@testserver>",
    )


def _wording(edition: Edition) -> LetterText:
    return LetterText.objects.create(edition=edition, template="x.md", subject=MARK, body="Text")


def _page(edition: Edition) -> Page:
    return Page.objects.create(edition=edition, slug="impressum", title_de=MARK, body_de="Text")


def _stage(edition: Edition) -> Stage:
    return make_stage(edition, name_de=MARK)


def _screen(edition: Edition) -> Screen:
    stage, key = _stage(edition), uuid.uuid4()
    return screens.create(stage=stage, name=MARK, shows=Screen.Shows.HALL, key=key, now=NOW)[0]


def _registration(edition: Edition) -> Registration:
    return actions.register(
        edition=edition,
        now=OPEN,
        form_key=uuid.uuid4(),
        privacy_version="1",
        language="de",
        **given(last_name=MARK),
    )


# Of one edition.
ROWS: dict[type[models.Model], Callable[[Edition], models.Model]] = {
    AccessLink: lambda edition: make_link(make_admission(edition, person=_somebody()))[0],
    Accreditation: lambda edition: make_accreditation(edition, last_name=MARK),
    Admission: lambda edition: make_admission(edition, person=_somebody()),
    Contingent: lambda edition: make_contingent(edition, title_de=MARK),
    Edition: lambda edition: edition,
    Invitation: lambda edition: make_invitation(edition, last_name=MARK),
    JournalEntry: lambda edition: journal.note(
        f"{MARK}.seen", edition=edition, now=NOW, about=_somebody()
    ),
    Letter: _letter,
    LetterText: _wording,
    OnAir: lambda edition: OnAir.objects.create(
        edition=edition, stage=_stage(edition), changed_at=NOW
    ),
    Page: _page,
    Place: lambda edition: Place.objects.create(
        edition=edition,
        registration=_registration(edition),
        contingent=make_contingent(edition, title_de=MARK, taken=1),
        state="taken",
        since=OPEN,
    ),
    Poll: lambda edition: make_poll(_stage(edition), text=MARK),
    PressSettings: lambda edition: PressSettings.objects.get_or_create(edition=edition)[0],
    Registration: _registration,
    RegistrationSettings: lambda edition: RegistrationSettings.objects.get_or_create(
        edition=edition
    )[0],
    ReviewText: lambda edition: ReviewText.objects.create(
        edition=edition, title=f"{MARK} {edition.pk}", text_de=MARK
    ),
    Role: lambda edition: make_role("observer", edition, person=_somebody()),
    Screen: _screen,
    Session: lambda edition: make_session(_stage(edition), title_de=MARK),
    Speaker: lambda edition: make_speaker(edition=edition, last_name=MARK),
    Stage: _stage,
    StageState: lambda edition: StageState.objects.get_or_create(stage=_stage(edition))[0],
    Track: lambda edition: make_track(edition, name_de=MARK),
    User: lambda edition: make_admission(edition, person=_somebody()).person,
}
# What all editions share: read by everybody of the congress, changed by those who work for all.
SHARED: dict[type[models.Model], Callable[[], models.Model]] = {
    DomainRule: lambda: make_rule("stadt-zinnoberfisch.example"),
    State: make_state,
}
