"""Makes test data: `make_…` fills in what a test does not mention."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from congress import actions
from congress.models import AccessLink, Admission, Edition, Level, Role, Stage, State, User
from programme.models import Session, SessionSpeaker, Speaker, Track

_numbers = count(1)
NOW = datetime(2021, 3, 18, 9, 0, tzinfo=UTC)  # 10:00 in Berlin, the second day of the 9th congress


def make_state(code: str = "SN", **fields: Any) -> State:
    defaults = {
        "name": f"Land {code}",
        "official_name": f"Freistaat {code}",
        "capital": "Hauptstadt",
    }
    state, _ = State.objects.get_or_create(code=code, defaults=defaults | fields)
    return state


def make_edition(*, at: datetime | None = None, **fields: Any) -> Edition:
    """An edition in March 2021; with `at`, a practice edition whose clock shows about that moment."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "slug": f"2021-t{number}",
        "number": 9,
        "year": 2021,
        "title_de": "9. Fachkongress des IT-Planungsrats",
        "title_en": "9th congress of the IT-Planungsrat",
        "host_state": fields.pop("host_state", None) or make_state(),
        "starts_on": date(2021, 3, 17),
        "ends_on": date(2021, 3, 18),
        "city": "Dresden",
        "venue": "MESSE Dresden",
        "registration_opens_at": datetime(2021, 1, 11, 8, tzinfo=UTC),
        "registration_closes_at": datetime(2021, 3, 16, 17, tzinfo=UTC),
        "press_deadline_at": datetime(2021, 3, 16, 12, tzinfo=UTC),
        "practice": True,
    }
    edition = Edition.objects.create(**values | fields)
    if at is not None:
        set_clock(edition, at)
    return edition


def set_clock(edition: Edition, moment: datetime) -> None:
    edition.clock_shift = timedelta(0)
    edition.clock_shift = moment - edition.now()
    edition.save()


def make_stage(edition: Edition | None = None, **fields: Any) -> Stage:
    edition = edition or make_edition()
    values = {"slug": f"stage-{next(_numbers)}", "name_de": "Plenum", "name_en": "Plenary"}
    return Stage.objects.create(edition=edition, **values | fields)


def make_user(**fields: Any) -> User:
    number = next(_numbers)
    values = {
        "email": f"person-{number}@stadt-musterhausen.example",
        "first_name": "Kim",
        "last_name": f"Beispiel-{number}",
    }
    return User.objects.create_user(**values | fields)


def make_role(
    kind: str, edition: Edition | None = None, *, person: User | None = None, **fields: Any
) -> Role:
    return Role.objects.create(kind=kind, edition=edition, person=person or make_user(), **fields)


def make_admission(
    edition: Edition | None = None,
    *,
    person: User | None = None,
    kind: str = "attendee",
    **fields: Any,
) -> Admission:
    edition = edition or make_edition(at=NOW)
    values: dict[str, Any] = {"level": Level.KOMMUNE, "granted_at": NOW - timedelta(days=7)}
    return Admission.objects.create(
        edition=edition, person=person or make_user(), kind=kind, **values | fields
    )


# Where the links of `make_link` are sent; pages of press links ask for it.
SENT_TO = "noa@rundschau.example"


def make_link(
    admission: Admission | None = None, *, kind: str = "press", **fields: Any
) -> tuple[AccessLink, str]:
    """A link and its plain token."""
    admission = admission or make_admission(
        kind="press", person=make_user(email=None, contact_email=SENT_TO)
    )
    now = admission.edition.now()
    link = actions.create_link(
        kind=kind, edition=admission.edition, now=now, person=admission.person, admission=admission
    )
    AccessLink.objects.filter(pk=link.pk).update(**fields) if fields else None
    token = actions.mint(link=link, now=now)
    link.refresh_from_db()
    return link, token


def make_track(edition: Edition | None = None, **fields: Any) -> Track:
    number = next(_numbers)
    values: dict[str, Any] = {
        "slug": f"track-{number}",
        "name_de": f"Schwerpunkt {number}",
        "name_en": f"Theme {number}",
        "position": number,
    }
    return Track.objects.create(edition=edition or make_edition(at=NOW), **values | fields)


def make_session(stage: Stage | None = None, **fields: Any) -> Session:
    """A talk from 10:00 to 10:30 in Berlin on 18 March 2021; a break on all stages with `stage=None, kind="break"`."""
    number = next(_numbers)
    edition = fields.pop("edition", None) or (stage.edition if stage else make_edition(at=NOW))
    if stage is None and fields.get("kind") != Session.Kind.BREAK:
        stage = make_stage(edition)
    starts_at = fields.pop("starts_at", NOW)
    values: dict[str, Any] = {
        "code": f"A{number}",
        "title_de": f"Vortrag {number}",
        "title_en": f"Talk {number}",
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=fields.pop("minutes", 30)),
    }
    return Session.objects.create(edition=edition, stage=stage, **values | fields)


def make_speaker(
    session: Session | None = None, *, part: str = "speaker", **fields: Any
) -> Speaker:
    """Somebody in the programme; appears in the session where one is given."""
    number = next(_numbers)
    edition = fields.pop("edition", None) or (session.edition if session else make_edition(at=NOW))
    values = {
        "first_name": "Robin",
        "last_name": f"Muster-{number}",
        "organisation": "Amt Beispiel",
    }
    speaker = Speaker.objects.create(edition=edition, **values | fields)
    if session is not None:
        SessionSpeaker.objects.create(
            edition=edition, session=session, speaker=speaker, part=part, position=number
        )
    return speaker
