"""Who opens what: every address below `/<edition>/` and the administration, for everybody there is.

A new address needs a line in `DOORS`; test_table.py fails without one.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.test import Client
from django.urls import URLResolver, get_resolver, reverse

from congress import links, panels
from congress.live.entry import RUNS_A_STAGE
from congress.models import Admission, Edition, Letter, Page, Role, Stage, User
from congress.sessions import BADGE_KEY
from polls.models import Poll
from press.models import Accreditation
from programme.models import Session
from registration.models import DomainRule, Registration
from tests.factories import (
    NOW,
    make_admission,
    make_edition,
    make_role,
    make_session,
    make_stage,
    make_user,
)
from tests.polls.factories import make_open_poll, option_ids
from tests.press.factories import make_accreditation

KINDS = [str(kind) for kind in Role.Kind.values]
ADMITTED = ["attendee", "speaker", "press", "staff", "rehearsal"]
VOTERS = [kind for kind in ADMITTED if kind != "press"]


@dataclass
class World:
    """An edition with one of everything, and another one with as much."""

    edition: Edition
    stage: Stage
    session: Session
    poll: Poll
    letter: Letter
    caller: User
    rule: DomainRule
    case: Registration
    accreditation: Accreditation

    def arguments(self, *names: str) -> dict[str, Any]:
        known = {
            "edition": self.edition.slug,
            "stage": self.stage.slug,
            "code": self.session.code,
            "poll": self.poll.pk,
            "verb": "close",
            "ending": "xlsx",
            "number": self.letter.pk,
            "case": self.case.pk,
            "accreditation": self.accreditation.pk,
            "token": links.new_token("attendee"),
            "key": f"person-{self.caller.pk}",
            "act": "geraete",
            "rule": self.rule.pk,
            "table": uuid.uuid4(),
        }
        return {name: known[name] for name in names}


def make_world() -> World:
    edition = make_edition(at=NOW)
    Page.objects.create(edition=edition, slug="hilfe", title_de="Hilfe", body_de="Text")
    stage = make_stage(edition, slug="plenum")
    session = make_session(stage)
    return World(
        edition,
        stage,
        session,
        make_open_poll(stage),
        Letter.objects.create(
            # No badge has this number, whatever was made before.
            pk=900_000 + edition.pk,
            edition=edition,
            template="congress/emails/login_code.md",
            once=f"table-{edition.pk}",
            to="kim@stadt-musterhausen.example",
            message_id=f"<table-{edition.pk}@testserver>",
        ),
        make_admission(edition).person,
        DomainRule.objects.create(
            domain=f"edition-{edition.pk}.example", decision="allow", level="kommune"
        ),
        _case(edition),
        make_accreditation(edition, submitted_at=NOW - timedelta(days=3)),
    )


def _case(edition: Edition) -> Registration:
    """Somebody whose registration waits for a decision."""
    return Registration.objects.create(
        edition=edition,
        person=make_user(),
        first_name="Kim",
        last_name="Albers",
        body="Gemeinde",
        email="kim.albers@gemeinde.example",
        email_key="kim.albers@gemeinde.example",
        state=Registration.State.IN_REVIEW,
        submitted_at=NOW,
        verified_at=NOW,
        privacy_read_at=NOW,
    )


# --- People ---------------------------------------------------------------------------------------------
# Each with what they are in the edition that is looked at.


def _admitted(kind: str) -> Callable[[World, World], User | None]:
    return lambda here, there: make_admission(here.edition, kind=kind).person


def _role(kind: str) -> Callable[[World, World], User | None]:
    return lambda here, there: make_role(kind, here.edition).person


def _role_there(kind: str) -> Callable[[World, World], User | None]:
    return lambda here, there: make_role(kind, there.edition).person


def _over(here: World, there: World) -> User:
    return make_role("organiser", here.edition, valid_until=NOW - timedelta(hours=1)).person


def _revoked(here: World, there: World) -> User:
    return make_admission(here.edition, revoked_at=NOW - timedelta(hours=1)).person


def _switched_off(here: World, there: World) -> User:
    return make_role("organiser", here.edition, person=make_user(is_active=False)).person


def _admitted_organiser(here: World, there: World) -> User:
    return make_admission(
        here.edition, kind="staff", person=make_role("organiser", here.edition).person
    ).person


# Known where people watch and vote, a stranger everywhere else.
BY_BADGE = "organiser who came in by a badge"


def seen_as(who: str, name: str) -> str:
    if who == BY_BADGE:
        return "admitted staff" if name in panels.badge_doors else "anonymous"
    return who


PEOPLE: dict[str, Callable[[World, World], User | None]] = {
    "anonymous": lambda here, there: None,
    "stranger": lambda here, there: make_user(),
    **{f"admitted {kind}": _admitted(kind) for kind in ADMITTED},
    **{kind: _role(kind) for kind in KINDS},
    "fitko": lambda here, there: make_role("organiser").person,
    "operator": lambda here, there: make_user(is_superuser=True),
    **{f"{kind} elsewhere": _role_there(kind) for kind in KINDS},
    "attendee elsewhere": lambda here, there: make_admission(there.edition).person,
    "organiser until an hour ago": _over,
    "attendee whose admission was revoked": _revoked,
    "organiser who was switched off": _switched_off,
    BY_BADGE: _admitted_organiser,
}
NOBODY = {"anonymous", "organiser who was switched off"}
INSIDE = {f"admitted {kind}" for kind in ADMITTED} | set(KINDS) | {"fitko", "operator"}


def roles(*kinds: str) -> frozenset[str]:
    """People who play one of the kinds; FITKO's organisers and the operator everywhere."""
    everywhere = {"operator"} | ({"fitko"} if "organiser" in kinds else set())
    return frozenset({*kinds} | everywhere)


EVERYBODY = frozenset(PEOPLE)
SIGNED_IN = EVERYBODY - NOBODY


# --- Doors ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Door:
    """Who may, what the answer is for them, and what it is for the others (DESIGN, section 4)."""

    may: frozenset[str]
    arguments: tuple[str, ...] = ("edition",)
    opens: int = 200
    method: str = "get"
    data: Callable[[World], dict[str, Any]] | None = None
    # What others get who belong to the edition; everybody else: 404, nobody: the sign-in.
    inside: int = 403
    others: dict[str, int] = field(default_factory=dict)
    # Parts of the address that mean something else here than elsewhere.
    here: Callable[[World], dict[str, Any]] = lambda world: {}

    def answer(self, who: str) -> int:
        if who in self.others:
            return self.others[who]
        if who in self.may:
            return self.opens
        if who in NOBODY:
            return 302
        return self.inside if who in INSIDE else 404


def public(*arguments: str, **more: Any) -> Door:
    return Door(EVERYBODY, ("edition", *arguments), **more)


def staff(*kinds: str, arguments: tuple[str, ...] = (), **more: Any) -> Door:
    return Door(roles(*kinds), ("edition", *arguments), **more)


def audience(*arguments: str, **more: Any) -> Door:
    """Whoever is admitted, or has a role in the edition and looks."""
    return Door(frozenset(INSIDE), ("edition", *arguments), **more)


def twin(frame: Callable[[World], dict[str, Any]], opens: int = 200) -> Door:
    """On the HTTP twin of the stage whoever is not admitted, or looks only, reads 403 `not_admitted`."""
    may = frozenset(f"admitted {kind}" for kind in VOTERS)
    others = dict.fromkeys(SIGNED_IN - may, 403)
    return Door(may, ("edition", "stage"), opens=opens, method="post", data=frame, others=others)


def _admission(world: World) -> int:
    return Admission.objects.filter(edition=world.edition).values_list("pk", flat=True)[0]


def _vote(world: World) -> dict[str, Any]:
    choices = option_ids(world.poll)[:1]
    return {"type": "vote", "id": "a1", "poll": world.poll.pk, "choices": choices}


def _ask(world: World) -> dict[str, Any]:
    return {"type": "ask", "id": "a2", "text": "Wann?"}


def _support(world: World) -> dict[str, Any]:
    return {"type": "support", "id": "a3", "question": 1}


def _rate(world: World) -> dict[str, Any]:
    return {"type": "rate", "id": "a4", "session": world.session.code, "stars": 4}


def _scan(world: World) -> dict[str, Any]:
    return {"key": str(uuid4()), "direction": "in", "age": 0, "codes": ["badge"]}


STAGES = tuple(str(kind) for kind in RUNS_A_STAGE)

PRESS_DESK = ("press_officer", "organiser")


def _withdraw(world: World) -> dict[str, Any]:
    return {"act": "zurueckgezogen"}


DOORS: dict[str, Door] = {
    # congress
    "home": public(),
    "help": public(),
    "orga": staff(*KINDS),
    "texts": staff("organiser"),
    "outbox": staff("organiser", "help_desk", "press_officer"),
    # The press office reads letters to the press only.
    "outbox_letter": staff(
        "organiser", "help_desk", arguments=("number",), others={"press_officer": 404}
    ),
    # programme
    "programme": public(),
    "session": public("code"),
    "session_calendar": public("code"),
    "programme_calendar": public(),
    "schedule_json": public(),
    "schedule_xml": public(),
    "speakers_office": public("token", opens=404),  # a token of another kind
    # registration: closed at this moment of the edition
    "register": public(),
    "registration_address": public(method="post"),
    "registration_code": public(opens=302),
    "registration_confirm": public("token", opens=410),
    "registration_settings": staff("organiser"),
    "registrations": staff("organiser"),
    "registrations_file": staff("organiser", method="post", opens=400),
    "rules": staff("organiser"),
    "rules_csv": staff("organiser"),
    "rules_xlsx": staff("organiser"),
    "rules_import": staff("organiser"),
    # Seen by whoever uploaded it, and by nobody else.
    "rules_import_preview": staff("organiser", arguments=("table",), opens=404),
    "rule_add": staff("organiser"),
    "rule": staff("organiser", arguments=("rule",)),
    "rule_check": staff("organiser", arguments=("rule",), method="post", opens=303),
    # All editions share the list: taken away by those who work for all.
    "rule_remove": Door(frozenset({"fitko", "operator"}), ("edition", "rule")),
    "invitation": public("token", opens=404),
    "invitation_code": public(),
    # Nobody has opened the invitation of an authority, or a letter to a colleague, in these browsers.
    "invitation_colleagues": public(opens=303),
    "register_for": public(),
    "delegate": public(opens=410),
    "delegate_open": public("token", opens=404),
    "delegation": Door(frozenset({"admitted attendee", "admitted speaker", "admitted staff"})),
    # Nobody of these has a registration that is in.
    "registration_more": Door(SIGNED_IN, opens=404),
    "registration_data": Door(SIGNED_IN, opens=404),
    "registration_new_address": public("token", opens=404),
    "registration_way": Door(SIGNED_IN, opens=404),
    "registration_substitute": Door(SIGNED_IN, opens=404),
    "registration_draft": Door(SIGNED_IN, method="post", opens=404),
    # Figures for both; who needs what is read by care alone, and only once it has opened the list.
    "needs": staff("organiser", "care"),
    "needs_open": Door(roles("care"), method="post", opens=303),
    "needs_table": Door(roles("care"), method="post", opens=303),
    # Without saying which.
    "consents_table": staff("organiser", method="post", opens=404),
    "orga_invitations": staff("organiser"),
    "invite_people": staff("organiser"),
    "invite_body": staff("organiser"),
    "orga_invitation": staff("organiser", arguments=("number",), opens=404),
    "my_registration": Door(SIGNED_IN),
    "registration_level": Door(SIGNED_IN, opens=404),
    "registration_answer": Door(SIGNED_IN, opens=404),
    "registration_colleague": public("token", opens=410),
    "registration_cancel": Door(SIGNED_IN, opens=404),
    "registration_offer": public("token", opens=404),  # a token of another kind
    "my_place": Door(SIGNED_IN, method="post", opens=404),
    "my_items": Door(SIGNED_IN, method="post", opens=404),
    "orga_places": staff("organiser"),
    "orga_contingent": staff("organiser", arguments=("number",), opens=404),
    "registration_calendar": Door(SIGNED_IN, opens=404),
    # A hall there is, and whoever is admitted to it has a ticket.
    "ticket_file": Door(
        SIGNED_IN,
        opens=404,
        others={f"admitted {kind}": 200 for kind in ADMITTED if kind != "rehearsal"},
    ),
    "ticket": public("token", opens=404),
    # The help desk reads in the check; organisers decide.
    "review": staff("organiser", "help_desk", opens=302),
    "review_table": staff("organiser", "help_desk"),
    "review_case": staff("organiser", "help_desk", arguments=("case",)),
    "review_reject": staff("organiser", arguments=("case",)),
    "review_ask": staff("organiser", arguments=("case",)),
    "review_domain": staff("organiser", arguments=("case",)),
    "review_address": staff("organiser", arguments=("case",)),
    "review_claim": staff("organiser", arguments=("case",), method="post"),
    # Nothing was marked to be done.
    "review_together": staff("organiser", method="post", opens=400),
    "badges": staff("organiser", "help_desk", "check_in"),
    "check_in": staff("organiser", "help_desk", "check_in"),
    "check_in_scan": staff("organiser", "help_desk", "check_in", method="post", data=_scan),
    "check_in_state": staff("organiser", "help_desk", "check_in"),
    "check_in_allowed": staff("organiser", "help_desk", "check_in"),
    "check_in_present": staff("organiser", "help_desk", "check_in"),
    "check_in_list": staff("organiser", "help_desk", "check_in", method="post"),
    "badge_lock": staff(
        "organiser", "help_desk", "check_in", here=lambda world: {"number": _admission(world)}
    ),
    "telephone_code": public(),
    "help_desk": staff("organiser", "help_desk"),
    "help_desk_walk_in": staff("organiser", "help_desk"),
    "help_case": staff("organiser", "help_desk", arguments=("key",)),
    # By GET only back to the case: acts are POSTs.
    "help_act": staff("organiser", "help_desk", arguments=("key", "act"), opens=303),
    "help_letter": staff("organiser", "help_desk", arguments=("key", "number"), opens=404),
    # live
    "live": audience(),
    "live_stage": audience("stage"),
    "live_state": audience("stage"),
    "live_me": audience("stage"),
    "live_stream": audience("stage"),
    "live_vote": twin(_vote),
    # Not taken yet: refused to everybody, in the words of the protocol.
    "live_ask": twin(_ask, opens=403),
    "live_support": twin(_support, opens=404),
    "live_rate": twin(_rate, opens=404),
    "regie": staff("director", "organiser"),
    "regie_stage": staff("director", "organiser", arguments=("stage",)),
    "regie_run_sheet": staff("director", "organiser", arguments=("stage", "ending")),
    "moderation": staff(*STAGES, opens=302),  # straight on to the only stage
    "moderation_stage": staff(*STAGES, arguments=("stage",)),
    "moderation_tablet": staff(*STAGES, arguments=("stage",)),
    "rehearsal": staff("organiser", "director"),
    "moderation_questions": staff(
        *STAGES,
        arguments=("stage",),
        method="post",
        opens=404,  # without saying what
    ),
    "moderation_join": staff(*STAGES, arguments=("stage",), method="post", opens=303),
    "moderation_question": staff(
        *STAGES,
        arguments=("stage", "verb"),
        method="post",
        opens=404,
        here=lambda world: {"question": 1},
    ),
    "session_results": public("code", opens=404),  # until something is published
    "results_file": staff(*STAGES, arguments=("stage", "ending")),
    "names_file": staff(
        "organiser", arguments=("stage", "poll", "ending"), opens=404
    ),  # a secret poll
    "preparing": staff(*STAGES, arguments=("stage",)),
    "edit_poll": staff(*STAGES, arguments=("stage", "poll")),
    "copy_poll": staff(*STAGES, arguments=("stage", "poll"), method="post", opens=303),
    "moderation_words": staff(*STAGES, arguments=("stage", "poll"), method="post", opens=404),
    "moderation_act": staff(*STAGES, arguments=("stage", "poll", "verb"), method="post", opens=303),
    "technik_check": public(),
    "technik_check_state": public(),
    # A token of another kind; no such screen.
    "screen": public("token", opens=404),
    "screen_state": public("token", opens=404),
    "screens": staff("organiser", "director"),
    "stage_links": staff("organiser"),
    "stage_link_end": staff("organiser", arguments=("number",), method="post", opens=404),
    "screen_renew": staff("organiser", "director", arguments=("number",), method="post", opens=404),
    "screen_end": staff("organiser", "director", arguments=("number",), method="post", opens=404),
    # press
    "press": public(),
    "accreditation": public(),
    "accreditation_sent": public(opens=302),
    "accreditation_request": public("token", opens=404),
    "lost_link": public(),
    "releases": public(),
    "press_kit": public(),
    # No release and no file there.
    "release": public("number", opens=404),
    "release_pdf": public("number", opens=404),
    "press_file": public("number", "ending", opens=404),
    "press_preview": public("number", opens=404),
    "press_pictures": public(opens=404),
    "orga_releases": staff("organiser", "press_officer"),
    "release_add": staff("organiser", "press_officer"),
    "orga_release": staff("organiser", "press_officer", arguments=("number",), opens=404),
    "orga_press_kit": staff("organiser", "press_officer"),
    "press_desk": staff(*PRESS_DESK),
    "press_list": staff(*PRESS_DESK, method="post", opens=400),
    "press_together": staff(*PRESS_DESK, method="post", opens=303),
    "press_journal": staff(*PRESS_DESK),
    "press_settings": staff(*PRESS_DESK),
    "press_case": staff(*PRESS_DESK, arguments=("accreditation",)),
    "press_assignment": staff(
        *PRESS_DESK, arguments=("accreditation",), opens=404
    ),  # without a file
    "press_reject": staff(*PRESS_DESK, arguments=("accreditation",)),
    "press_ask": staff(*PRESS_DESK, arguments=("accreditation",)),
    "press_act": staff(*PRESS_DESK, arguments=("accreditation", "act"), here=_withdraw),
}
IN_THE_ADMIN = Door(
    roles("organiser", "press_officer", "observer")
    | {f"{kind} elsewhere" for kind in ("organiser", "press_officer", "observer")},
    (),
)


def names_below_an_edition() -> set[str]:
    return {
        name for route, name in _walk(get_resolver().url_patterns) if "<edition:edition>" in route
    }


def _walk(patterns: list[Any], before: str = "") -> Iterator[tuple[str, str]]:
    for entry in patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry.url_patterns, route)
        else:
            assert entry.name or "<edition:edition>" not in route, f"{route} has no name"
            yield route, entry.name or ""


# --- Looking -------------------------------------------------------------------------------------------------


@dataclass
class Everybody:
    """The edition that is looked at, another one, and a browser for each person."""

    here: World
    there: World
    browsers: dict[str, Client]

    @classmethod
    def made(cls) -> Everybody:
        here, there = make_world(), make_world()
        browsers = {}
        for who, make in PEOPLE.items():
            browsers[who] = Client()
            if (person := make(here, there)) is not None:
                browsers[who].force_login(person, backend="congress.auth.RoleBackend")
        session = browsers[BY_BADGE].session
        session[BADGE_KEY] = here.edition.pk
        session.save()
        return cls(here, there, browsers)


def check(door: Door, name: str, everybody: Everybody, cells: Counter[str]) -> None:
    wrong = {}
    for who in PEOPLE:
        found, expected = status_of(door, name, who, everybody), door.answer(seen_as(who, name))
        cells[name] += 1
        if found != expected:
            wrong[who] = f"{found} instead of {expected}"
    assert wrong == {}


def status_of(door: Door, name: str, who: str, everybody: Everybody) -> int:
    browser, world = everybody.browsers[who], everybody.here
    address = reverse(name, kwargs=world.arguments(*door.arguments) | door.here(world))
    if door.method == "get":
        response = browser.get(address, follow=name == "admin:index")
        if name == "admin:index" and response.redirect_chain and response.status_code == 200:
            return 302  # ended on the sign-in
        return response.status_code
    content = json.dumps(door.data(world)) if door.data else ""
    return browser.post(address, content, content_type="application/json").status_code
