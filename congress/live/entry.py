"""Who may hold a socket on a stage: cookie → session → person → admission, one query for everybody who asks at once.

The same query answers at the door and, every half minute, for all open sockets: rights end by what the database says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.cookies import CookieError, SimpleCookie
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.core import signing
from django.db import connection
from django.utils.crypto import constant_time_compare

from congress.live.batches import Batcher
from congress.live.origins import Scope, header
from congress.models import AccessLink, Admission, Role, User
from congress.sessions import NOTED_EVERY, SessionStore, note_activity, staff_session_ends_at

NOT_SIGNED_IN, NOT_ADMITTED, NO_SUCH_STAGE = 4401, 4403, 4404

TICKET_SALT = "congress.live.ticket"
TICKET_SECONDS = 60

# Whoever runs a stage sees it as moderators do.
RUNS_A_STAGE = (Role.Kind.MODERATOR, Role.Kind.DIRECTOR, Role.Kind.ORGANISER)
OBSERVER = "observer"  # has a role here, but no admission: watches only


@dataclass(frozen=True)
class Wanted:
    """Somebody at the door: which session, which stage."""

    session_key: str
    edition: str
    stage: str


@dataclass
class Visitor:
    """Who holds a socket, what they may do, and until when."""

    person: int
    kind: str
    may_vote: bool
    moderates: bool
    language: str
    stage: int
    edition: int
    session: str  # hash of the session's key
    link: int | None
    until: datetime  # by the real clock
    seal: str  # changes with the password
    is_to_be_noted: bool = (
        False  # by being here they are on duty, and nobody has written it down lately
    )
    # What the app above asked for besides, see `PERSONAL`.
    personal: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def is_press(self) -> bool:
        return self.kind == Admission.Kind.PRESS


@dataclass(frozen=True)
class Refusal:
    code: int


# What an app above wants to know about each visitor: name → an SQL expression for an array, where `u.id` is the
# person and `st.id` the stage.
PERSONAL: dict[str, str] = {}

_LOOK = """
SELECT w.n, st.id, e.id, e.clock_shift, statement_timestamp(),
       s.session_data, s.expire_date, s.link_id, s.entered_at, s.seen_at, s.on_duty_at,
       u.id, u.is_active, u.is_superuser, u.password, u.language,
       a.kind, a.valid_until, a.revoked_at,
       l.valid_until, l.revoked_at, l.kind, l.edition_id,
       ARRAY(
           SELECT r.kind || CASE WHEN r.stage_id IS NULL OR r.stage_id = st.id THEN '' ELSE '@' END
           FROM congress_role r
           WHERE r.person_id = u.id AND (r.edition_id = e.id OR r.edition_id IS NULL)
             AND (r.valid_from IS NULL OR r.valid_from <= statement_timestamp() + e.clock_shift)
             AND (r.valid_until IS NULL OR r.valid_until > statement_timestamp() + e.clock_shift)
       )
       {personal}
FROM unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY AS w(session_key, edition, stage, n)
LEFT JOIN congress_edition e ON e.slug = w.edition
LEFT JOIN congress_stage st ON st.edition_id = e.id AND st.slug = w.stage
LEFT JOIN congress_browsersession s
       ON s.session_key = w.session_key AND s.expire_date > statement_timestamp()
LEFT JOIN congress_user u ON u.id = s.person_id
LEFT JOIN congress_admission a ON a.person_id = u.id AND a.edition_id = e.id
LEFT JOIN congress_accesslink l ON l.id = s.link_id
ORDER BY w.n
"""


def look_up(wanted: Sequence[Wanted]) -> list[Visitor | Refusal]:
    """One answer for each, in one query. An open page of a stage keeps staff signed in: noted now and then."""
    personal = "".join(f", ({sql})" for sql in PERSONAL.values())
    with connection.cursor() as cursor:
        cursor.execute(
            _LOOK.format(personal=personal),
            [
                [one.session_key for one in wanted],
                [one.edition for one in wanted],
                [one.stage for one in wanted],
            ],
        )
        rows = cursor.fetchall()
    answers = [_judge(one, row) for one, row in zip(wanted, rows, strict=True)]
    on_duty = {
        one.session_key
        for one, answer in zip(wanted, answers, strict=True)
        if isinstance(answer, Visitor) and answer.is_to_be_noted
    }
    if on_duty:
        note_activity(sorted(on_duty), on_duty=True)
    return answers


# Many come at once when the doors open: those who stand there within a few milliseconds share a query.
door: Batcher[Wanted, Visitor | Refusal] = Batcher(
    "live-door", look_up, size=100, most=200, wait=0.004
)


def session_key(scope: Scope) -> str:
    """The session cookie as sent, or nothing."""
    for line in header(scope, b"cookie"):
        try:
            morsel = SimpleCookie(line).get(settings.SESSION_COOKIE_NAME)
        except CookieError:
            continue
        if morsel is not None and morsel.value.isascii() and morsel.value.isalnum():
            return morsel.value
    return ""


def hashed(key: str) -> str:
    """How a session is named wherever its key has no business."""
    return hashlib.sha256(key.encode()).hexdigest()


def seal(password: str) -> str:
    """Changes with the password, and tells nothing of it."""
    return hashlib.sha256(password.encode()).hexdigest()[:16]


def mint_ticket(visitor: Visitor, wanted: Wanted) -> str:
    """Lets the page's first socket in without a look-up. Good for a minute, on this stage, with this session only."""
    content = visitor.__dict__ | {
        "until": visitor.until.timestamp(),
        "address": f"{wanted.edition}/{wanted.stage}",
    }
    return signing.dumps(content, salt=TICKET_SALT, compress=True)


def of_ticket(ticket: str, wanted: Wanted) -> Visitor | None:
    try:
        content = signing.loads(ticket, salt=TICKET_SALT, max_age=TICKET_SECONDS)
        address = content.pop("address")
        visitor = Visitor(**content | {"until": datetime.fromtimestamp(content["until"], UTC)})
    except (signing.BadSignature, ValueError, KeyError, TypeError):
        return None
    if address != f"{wanted.edition}/{wanted.stage}" or not wanted.session_key:
        return None
    if not constant_time_compare(visitor.session, hashed(wanted.session_key)):
        return None
    return visitor


def _judge(wanted: Wanted, row: tuple[Any, ...]) -> Visitor | Refusal:
    (
        _number, stage, edition, shift, now,
        data, expires, link, entered_at, seen_at, on_duty_at,
        person, is_active, is_superuser, password, language,
        kind, admitted_until, revoked_at,
        link_until, link_revoked_at, link_kind, link_edition,
        roles,
    ) = row[:24]  # fmt: skip
    if stage is None:
        return Refusal(NO_SUCH_STAGE)
    if person is None or not is_active or not _is_sealed(data, person, password):
        return Refusal(NOT_SIGNED_IN)
    here = now + shift
    ends = [expires]
    if link is not None:
        if link_revoked_at is not None or link_until <= here:
            return Refusal(NOT_SIGNED_IN)
        ends.append(link_until - shift)
    if link_kind == AccessLink.Kind.BADGE:
        # As `congress.http.Access`: the stages of its edition, and no role goes with it.
        roles, is_superuser = [], False
        kind = kind if link_edition == edition else None
    guarded = is_superuser or not {role.rstrip("@") for role in roles}.isdisjoint(Role.GUARDED)
    if guarded:
        ends.append(staff_session_ends_at(entered_at, seen_at, on_duty_at))
        if ends[-1] <= now:
            return Refusal(NOT_SIGNED_IN)
    admitted = (
        kind is not None
        and revoked_at is None
        and (admitted_until is None or here < admitted_until)
    )
    if not admitted and not roles and not is_superuser:
        return Refusal(NOT_ADMITTED)
    if admitted and admitted_until is not None and not roles:
        ends.append(admitted_until - shift)
    return Visitor(
        person=person,
        kind=kind if admitted else OBSERVER,
        may_vote=admitted and kind in Admission.MAY_VOTE,
        moderates=is_superuser or not {str(role) for role in RUNS_A_STAGE}.isdisjoint(roles),
        language=language,
        stage=stage,
        edition=edition,
        session=hashed(wanted.session_key),
        link=link,
        until=min(ends),
        seal=seal(password),
        is_to_be_noted=guarded and (on_duty_at is None or now - on_duty_at >= NOTED_EVERY),
        personal=dict(zip(PERSONAL, row[24:], strict=True)),
    )


def _is_sealed(data: str, person: int, password: str) -> bool:
    """Whether the session is this person's and no older than their password (as `django.contrib.auth.get_user`)."""
    content = SessionStore().decode(data)
    if str(content.get(SESSION_KEY)) != str(person):
        return False
    user = User(pk=person, password=password)
    given = content.get(HASH_SESSION_KEY, "")
    return any(
        constant_time_compare(given, valid)
        for valid in (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    )
