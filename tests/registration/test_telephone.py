"""Codes read out on the telephone: made for one caller, typed by that caller, good once and for ten minutes."""

import re
import uuid
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client

from congress.models import Admission, BrowserSession, JournalEntry, Role, User
from registration import actions, limits
from registration.models import Registration, TelephoneCode
from registration.spelling import spelt
from tests.factories import make_admission, make_edition, make_role, make_user, set_clock
from tests.registration.desk import act, browser_of, helper, path
from tests.registration.making import OPEN, make_registration

pytestmark = pytest.mark.django_db
STATE = Registration.State
UNKNOWN = "a@unbekannt.example"
PAGE = "/2021/telefoncode/"


@pytest.fixture
def edition(rules):
    return make_edition(at=OPEN, slug="2021", help_phone="0000 12 34")


@pytest.fixture
def desk(edition):
    return browser_of(helper(edition))


@pytest.fixture
def kim(edition):
    registration = make_registration(edition, state=STATE.ADMITTED)
    registration.refresh_from_db()
    return registration.person


def read_out(desk, edition, key):
    """The code that stands on the helper's page."""
    response = act(desk, edition, key, "code")
    assert response.status_code == 200, response.headers
    return response.context["code"]


def typed(code, who="Kim Albers", client=None, **more):
    client = client or Client()
    return client.post(PAGE, {"code": code, "who": who, "form_key": uuid.uuid4(), **more})


def signed_in(client):
    return int(client.session.get("_auth_user_id", 0))


# --- At the desk ------------------------------------------------------------------------------------------------


def test_the_code_is_shown_once_and_spelt(desk, edition, kim):
    response = act(desk, edition, f"person-{kim.pk}", "code")

    code = response.context["code"]
    assert re.fullmatch(r"[A-HJ-NP-Z2-9]{3}-[A-HJ-NP-Z2-9]{3}", code)
    page = response.content.decode()
    for spoken in spelt(code):
        assert spoken.said in page
    assert response.headers["Cache-Control"] == "private, no-store"
    assert code not in desk.get(path(edition, f"person-{kim.pk}")).content.decode()


def test_letters_are_spelt_as_on_the_telephone():
    assert [(spoken.sign, spoken.said, spoken.also) for spoken in spelt("AB2-ÖY")] == [
        ("A", "Aachen", "Anton"),
        ("B", "Berlin", "Berta"),
        ("2", "zwo", ""),
        ("Y", "Ypsilon", ""),
    ]


def test_every_sign_of_a_code_can_be_said():
    assert len(spelt(TelephoneCode.LETTERS)) == len(TelephoneCode.LETTERS)


def test_the_code_stands_nowhere(desk, edition, kim):
    code = read_out(desk, edition, f"person-{kim.pk}")

    rows = str(TelephoneCode.objects.values()) + str(JournalEntry.objects.values())
    sessions = str([session.get_decoded() for session in BrowserSession.objects.all()])
    assert code not in rows + sessions
    assert code.replace("-", "") not in rows + sessions


def test_the_journal_says_who_read_it_out_and_who_came_in(desk, edition, kim):
    typed(read_out(desk, edition, f"person-{kim.pk}"))

    made, used = JournalEntry.objects.filter(verb__startswith="desk.").order_by("pk")
    assert (made.verb, made.actor.last_name, made.person) == ("desk.code_made", "Hilft", kim)
    assert (used.verb, used.actor, used.person) == ("desk.code_used", kim, kim)


def test_the_same_form_twice_is_one_code_and_the_shown_one_is_good(desk, edition, kim):
    key = uuid.uuid4()
    act(desk, edition, f"person-{kim.pk}", "code", form_key=key)
    second = act(desk, edition, f"person-{kim.pk}", "code", form_key=key).context["code"]

    assert TelephoneCode.objects.count() == 1
    assert typed(second).status_code == 303


def test_a_new_code_ends_the_one_before(desk, edition, kim):
    first = read_out(desk, edition, f"person-{kim.pk}")
    second = read_out(desk, edition, f"person-{kim.pk}")

    assert typed(first).status_code == 200
    assert typed(second).status_code == 303


@pytest.mark.parametrize("kind", sorted({*Role.GUARDED, *Role.IN_THE_ADMIN}))
def test_no_code_for_whoever_sees_personal_data_or_gives_rights(edition, kim, kind):
    """Also by a role elsewhere: a voice on the telephone proves too little."""
    make_role(kind, make_edition(), person=kim)

    with pytest.raises(actions.NotByTelephone):
        actions.make_telephone_code(
            edition=edition, by=make_user(), now=OPEN, key=uuid.uuid4(), person=kim
        )


def test_no_code_for_an_operator(edition, kim):
    User.objects.filter(pk=kim.pk).update(is_superuser=True)
    kim.refresh_from_db()

    with pytest.raises(actions.NotByTelephone):
        actions.make_telephone_code(
            edition=edition, by=make_user(), now=OPEN, key=uuid.uuid4(), person=kim
        )


def test_no_code_where_there_is_nothing_to_enter(edition):
    with pytest.raises(actions.NoWayIn):
        actions.make_telephone_code(
            edition=edition, by=make_user(), now=OPEN, key=uuid.uuid4(), person=make_user()
        )


def test_no_code_once_the_congress_is_over(edition, kim):
    with pytest.raises(actions.CongressIsOver):
        actions.make_telephone_code(
            edition=edition, by=make_user(), now=edition.ends_at, key=uuid.uuid4(), person=kim
        )


def test_a_moderator_of_a_stage_may_come_by_telephone(edition, client):
    person = make_role("moderator", edition, person=make_user(last_name="Öztürk")).person
    code = actions.make_telephone_code(
        edition=edition, by=make_user(), now=OPEN, key=uuid.uuid4(), person=person
    )

    typed(code, "Kim Oeztuerk", client)

    assert signed_in(client) == person.pk


# --- On the other end ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "who",
    [
        "Kim Albers",
        "albers kim",
        "Albers",
        "Albers, Kim",
        "kim.albers@stadt-musterhausen.example",
        " KIM.Albers@Stadt-Musterhausen.example ",
    ],
)
def test_the_caller_comes_in_with_code_and_name_or_address(desk, edition, kim, client, who):
    code = read_out(desk, edition, f"person-{kim.pk}")

    response = typed(code.lower().replace("-", " "), who, client)

    assert (response.status_code, response["Location"]) == (303, "/2021/")
    assert signed_in(client) == kim.pk
    assert client.session.get_expiry_age() <= 86400


@pytest.mark.parametrize("who", ["Kim", "Toni Albers", "Kim Albersen", "x@y.example", "Dr."])
def test_the_code_alone_is_not_enough(desk, edition, kim, client, who):
    code = read_out(desk, edition, f"person-{kim.pk}")

    response = typed(code, who, client)

    assert response.status_code == 200
    assert "Name und Code gehören nicht zusammen" in response.content.decode()
    assert signed_in(client) == 0


def test_the_name_alone_tells_nothing(desk, edition, kim):
    read_out(desk, edition, f"person-{kim.pk}")

    known, unknown = typed("AAA-AAA"), typed("AAA-AAA", "Niemand Nirgendwo")

    def error(response):
        return response.context["form"].errors["code"]

    assert error(known) == error(unknown)


def test_a_code_is_good_once(desk, edition, kim, client):
    code = read_out(desk, edition, f"person-{kim.pk}")
    typed(code)

    typed(code, client=client)

    assert signed_in(client) == 0


def test_the_same_form_sent_twice_does_no_harm(desk, edition, kim, client):
    code, key = read_out(desk, edition, f"person-{kim.pk}"), uuid.uuid4()
    typed(code, form_key=key)

    typed(code, client=client, form_key=key)

    assert signed_in(client) == kim.pk
    assert JournalEntry.objects.filter(verb="desk.code_used").count() == 1


@pytest.mark.parametrize(("minutes", "good"), [(9, True), (11, False)])
def test_a_code_lives_for_ten_minutes(desk, edition, kim, client, minutes, good):
    code = read_out(desk, edition, f"person-{kim.pk}")
    row = TelephoneCode.objects.get()
    TelephoneCode.objects.update(made_at=row.made_at - timedelta(minutes=minutes))

    typed(code, client=client)

    assert bool(signed_in(client)) is good


def test_after_five_wrong_tries_the_code_is_over(desk, edition, kim, client):
    code = read_out(desk, edition, f"person-{kim.pk}")
    for _ in range(TelephoneCode.ATTEMPTS):
        typed("AAA-AAA")

    typed(code, client=client)

    assert signed_in(client) == 0


def test_wrong_tries_for_one_name_cost_no_other_code(desk, edition, kim, client):
    code = read_out(desk, edition, f"person-{kim.pk}")
    for _ in range(TelephoneCode.ATTEMPTS):
        typed("AAA-AAA", "Niemand Nirgendwo")

    typed(code, client=client)

    assert signed_in(client) == kim.pk


def test_one_address_may_not_try_for_ever(desk, edition, kim, monkeypatch):
    monkeypatch.setattr(limits, "MOST_WRONG_CODES", 3)
    code = read_out(desk, edition, f"person-{kim.pk}")
    for _ in range(3):
        typed("AAA-AAA", "Niemand Nirgendwo")

    assert typed(code).status_code == 429
    cache.clear()
    assert typed(code).status_code == 303


def test_a_code_opens_its_own_edition_only(desk, edition, kim, client):
    make_edition(at=OPEN, slug="2022")
    code = read_out(desk, edition, f"person-{kim.pk}")

    client.post("/2022/telefoncode/", {"code": code, "who": "Kim Albers", "form_key": uuid.uuid4()})

    assert signed_in(client) == 0


def test_whoever_gets_a_role_meanwhile_does_not_come_in(desk, edition, kim, client):
    code = read_out(desk, edition, f"person-{kim.pk}")
    make_role("organiser", edition, person=kim)

    response = typed(code, client=client)

    assert "Name und Code gehören nicht zusammen" in response.content.decode()
    assert signed_in(client) == 0


def test_whose_admission_is_revoked_meanwhile_does_not_come_in(desk, edition, kim, client):
    code = read_out(desk, edition, f"person-{kim.pk}")
    Registration.objects.all().update(state=STATE.CANCELLED, cancelled_at=OPEN)
    Admission.objects.update(revoked_at=OPEN)

    typed(code, client=client)

    assert signed_in(client) == 0


def test_whoever_has_no_sign_in_address_comes_in_by_their_link(desk, edition, client):
    person = make_user(email=None, first_name="Noa", last_name="Sander")
    make_admission(edition, person=person, kind="press")
    code = read_out(desk, edition, f"person-{person.pk}")

    typed(code, "Noa Sander", client)

    session = BrowserSession.objects.get(session_key=client.session.session_key)
    assert (session.person, session.link.kind, session.link.person) == (person, "press", person)


def test_a_second_factor_is_asked_for_where_there_is_one(desk, edition, kim, client):
    from allauth.mfa.models import Authenticator

    Authenticator.objects.create(user=kim, type=Authenticator.Type.TOTP, data={"secret": "x"})
    code = read_out(desk, edition, f"person-{kim.pk}")

    response = typed(code, client=client)

    assert "/konto/2fa/" in response["Location"]
    assert signed_in(client) == 0


def test_an_account_whose_mailbox_was_never_proved_comes_in_too(desk, edition, client):
    """Somebody entered by an organiser: a code by mail is just what does not arrive."""
    person = make_user(first_name="Noa", last_name="Sander")
    make_admission(edition, person=person, kind="speaker")
    assert not EmailAddress.objects.filter(user=person).exists()

    typed(read_out(desk, edition, f"person-{person.pk}"), "Noa Sander", client)

    assert signed_in(client) == person.pk


# --- An address that no letter reaches ------------------------------------------------------------------------------


def test_a_listed_address_is_confirmed_by_the_helpers_word(desk, edition, client):
    registration = make_registration(edition)
    code = read_out(desk, edition, f"anmeldung-{registration.pk}")

    response = typed(code, client=client)

    registration.refresh_from_db()
    assert (registration.state, registration.decided_by.last_name) == (STATE.ADMITTED, "Hilft")
    assert response["Location"] == "/2021/meine-anmeldung/"
    assert signed_in(client) == registration.person_id
    entry = JournalEntry.objects.get(verb="registration.verified")
    assert entry.actor.last_name == "Hilft"


def test_an_unlisted_address_goes_to_review_all_the_same(desk, edition, client):
    registration = make_registration(edition, email=UNKNOWN)
    code = read_out(desk, edition, f"anmeldung-{registration.pk}")

    typed(code, client=client)

    registration.refresh_from_db()
    assert (registration.state, registration.decided_by) == (STATE.IN_REVIEW, None)


def test_the_word_of_a_helper_opens_no_account_with_rights(desk, edition, client):
    """Somebody registers with the name and address of an organiser and says that no mail comes."""
    boss = make_user(
        first_name="Kim", last_name="Albers", email="kim.albers@stadt-musterhausen.example"
    )
    make_role("organiser", edition, person=boss)
    registration = make_registration(edition)
    code = read_out(desk, edition, f"anmeldung-{registration.pk}")

    response = typed(code, client=client)

    assert response.status_code == 200
    assert signed_in(client) == 0
    registration.refresh_from_db()
    assert registration.state == STATE.UNVERIFIED


def test_a_corrected_address_ends_the_code(desk, edition, client):
    registration = make_registration(edition)
    key = f"anmeldung-{registration.pk}"
    code = read_out(desk, edition, key)
    act(desk, edition, key, "adresse", email=UNKNOWN)

    typed(code, client=client)

    assert signed_in(client) == 0


def test_codes_are_erased_after_a_day(desk, edition, kim):
    from congress import retention

    read_out(desk, edition, f"person-{kim.pk}")
    retention.erase_due()
    assert TelephoneCode.objects.count() == 1
    row = TelephoneCode.objects.get()
    TelephoneCode.objects.update(made_at=row.made_at - timedelta(hours=25))

    retention.erase_due()

    assert TelephoneCode.objects.count() == 0


def test_the_page_is_open_to_everybody_and_kept_nowhere(edition, client):
    response = client.get(PAGE)

    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]
    assert "0000 12 34" in response.content.decode()


def test_it_works_after_the_registration_has_closed(desk, edition, client):
    registration = make_registration(edition)
    set_clock(edition, edition.registration_closes_at + timedelta(hours=1))
    code = read_out(desk, edition, f"anmeldung-{registration.pk}")

    typed(code, client=client)

    registration.refresh_from_db()
    assert registration.state == STATE.ADMITTED
