"""Opening an invitation, registering with it, and the pages of the organisers who send them."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from congress import mail
from congress.models import JournalEntry, Letter
from congress.sessions import note_activity
from registration import actions, emails_inviting
from registration.models import Invitation, Registration
from tests.factories import make_edition, make_role, make_user, set_clock
from tests.registration.making import OPEN, code_of, given, letters, make_invitation

pytestmark = pytest.mark.django_db
FORM = "/2021/anmeldung/"
LIST = "/2021/orga/einladungen/"
GUEST = "ines.gast@freie-post.example"


def path_of(invitation):
    return emails_inviting.invitation_url(invitation).removeprefix("http://testserver")


def sign_in(client, person):
    client.force_login(person, backend="congress.auth.RoleBackend")


def organiser(client, edition):
    return sign_in(client, make_role("organiser", edition).person)


def send(client, **fields):
    return client.post(FORM, {**given(email=GUEST), "privacy": "on", **fields})


# --- The link ---------------------------------------------------------------------------------------------


def test_looking_at_the_link_shows_no_name_and_changes_nothing(client, edition):
    path = path_of(make_invitation(edition, first_name="Ines", last_name="Gast"))

    for method in (client.get, client.head, client.options):
        response = method(path)
        assert response.status_code == 200
        assert response["Cache-Control"] == "no-store"
        assert response["Referrer-Policy"] == "no-referrer"

    page = client.get(path).content.decode()
    assert "Gast" not in page
    assert GUEST not in page
    assert "invitation" not in client.session


def test_the_button_leads_to_the_form_that_knows_whom_we_invited(client, edition):
    path = path_of(make_invitation(edition, first_name="Ines", last_name="Gast", body="Amt Klein"))

    response = client.post(path, follow=True)

    assert response.redirect_chain == [(FORM, 303)]
    page = response.content.decode()
    for text in ("Sie sind eingeladen", 'value="Ines"', 'value="Amt Klein"', f'value="{GUEST}"'):
        assert text in page
    assert "Einladungscode" not in page


def test_whoever_follows_it_is_admitted_once_the_code_is_typed(client, edition):
    invitation = make_invitation(edition)
    client.post(path_of(invitation))
    assert send(client).status_code == 303
    registration = Registration.objects.get()

    client.post("/2021/anmeldung/code/", {"code": code_of(registration)})

    registration.refresh_from_db()
    assert registration.state == Registration.State.ADMITTED
    assert "invitation" not in client.session


def test_the_invitation_survives_a_corrected_form(client, edition):
    client.post(path_of(make_invitation(edition)))
    send(client)
    registration = Registration.objects.get()

    client.post(FORM, {**given(email=GUEST), "privacy": "on", "form_key": registration.form_key})

    registration.refresh_from_db()
    assert registration.invitation is not None


def test_another_address_is_told_whose_the_invitation_is_and_may_come_without(client, edition):
    client.post(path_of(make_invitation(edition)))

    page = send(client, email="anders@freie-post.example").content.decode()

    assert "gilt für die Adresse, an die wir sie geschickt haben" in page
    assert not Registration.objects.exists()
    client.post(FORM, {"without_invitation": "1"})
    assert send(client, email="anders@freie-post.example").status_code == 303


@pytest.mark.parametrize("fields", [{"revoked_at": OPEN}, {"uses": 1}])
def test_a_link_that_is_over_says_why_and_where_to_go(client, edition, fields):
    path = path_of(make_invitation(edition, **fields))

    for response in (client.get(path), client.post(path)):
        assert response.status_code == 410
        assert "/anmeldung/" in response.content.decode()
    assert "invitation" not in client.session


def test_links_cut_off_forged_or_of_another_edition_open_nothing(client, edition):
    path = path_of(make_invitation(edition))
    elsewhere = path_of(make_invitation(make_edition(at=OPEN)))
    forged = path.replace(path.split("_")[1][10:14], "0000")

    for wrong in (path[:-3] + "/", forged, f"/2021/einladung/{elsewhere.split('/')[-2]}/"):
        assert client.post(wrong).status_code == 404


def test_a_carried_invitation_that_ended_meanwhile_is_said_and_forgotten(client, edition):
    invitation = make_invitation(edition)
    client.post(path_of(invitation))
    actions.revoke_invitation(invitation=invitation, by=make_user(), now=OPEN)

    page = client.get(FORM).content.decode()

    assert "Ihre Einladung ist genutzt, zurückgezogen oder abgelaufen" in page
    assert send(client).status_code == 303


def test_whoever_waits_for_a_check_follows_it_at_once(client, edition):
    person = make_user(email=GUEST, first_name="Kim", last_name="Albers")
    send(client)
    waits = Registration.objects.get()
    client.post("/2021/anmeldung/code/", {"code": code_of(waits)})
    sign_in(client, person)

    response = client.post(path_of(make_invitation(edition)))

    waits.refresh_from_db()
    assert (response.status_code, response["Location"]) == (303, "/2021/meine-anmeldung/")
    assert waits.state == Registration.State.ADMITTED


# --- The code ---------------------------------------------------------------------------------------------


def test_a_typed_code_is_an_invitation(client, edition):
    invitation = make_invitation(edition, kind="body", code="AAAABBBBCCCC", uses_max=2)

    response = send(client, invitation_code="aaaa bbbb-cccc")

    assert response.status_code == 303
    assert Registration.objects.get().invitation == invitation


@pytest.mark.parametrize(
    ("code", "why"),
    [("ZZZZZZZZZZZZ", "kennen wir nicht"), ("AAAABBBBCCCC", "schon so oft genutzt")],
)
def test_a_wrong_code_is_said_at_its_field_and_nothing_is_written(client, edition, code, why):
    make_invitation(edition, kind="body", code="AAAABBBBCCCC", uses=1)

    page = send(client, invitation_code=code).content.decode()

    assert why in page
    assert '<details class="kern-accordion fk-gap-top" open' in page
    assert not Registration.objects.exists()


def test_before_registration_opens_a_code_opens_the_form_if_it_says_so(client, edition):
    make_invitation(edition, kind="body", code="AAAABBBBCCCC", outside_the_window=True)
    make_invitation(edition, kind="body", code="DDDDEEEEFFFF")
    Invitation.objects.update(created_at="2020-12-01T00:00Z")
    set_clock(edition, edition.registration_opens_at - timedelta(days=1))
    assert "/2021/einladung/" in client.get(FORM).content.decode()

    client.post("/2021/einladung/", {"invitation_code": "DDDD-EEEE-FFFF"})
    assert 'name="first_name"' not in client.get(FORM).content.decode()
    client.post("/2021/einladung/", {"invitation_code": "AAAA-BBBB-CCCC"})
    assert 'name="first_name"' in client.get(FORM).content.decode()
    assert send(client).status_code == 303


def test_the_page_for_a_code_asks_for_one(client, edition):
    for code in ("", "QQQQ"):
        response = client.post("/2021/einladung/", {"invitation_code": code})
        assert response.status_code == 200
        assert "fk-summary" in response.content.decode()


# --- The organisers' pages ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "status"), [("organiser", 200), ("help_desk", 403), ("observer", 403), (None, 404)]
)
def test_only_organisers_see_invitations(client, edition, kind, status):
    person = make_role(kind, edition).person if kind else make_user()
    sign_in(client, person)
    number = make_invitation(edition).pk

    for path in (LIST, f"{LIST}personen/", f"{LIST}behoerde/", f"{LIST}{number}/"):
        assert client.get(path).status_code == status


def test_an_invitation_of_another_edition_is_not_there(client, edition):
    organiser(client, edition)
    number = make_invitation(make_edition(at=OPEN)).pk

    assert client.get(f"{LIST}{number}/").status_code == 404
    assert client.post(f"{LIST}{number}/", {"act": "revoke"}).status_code == 404
    assert Invitation.objects.get().revoked_at is None


def test_the_list_finds_by_state_words_and_code_in_as_many_queries_however_long(client, edition):
    organiser(client, edition)
    make_invitation(edition, kind="body", code="AAAABBBBCCCC", body="Stadt Klein")
    make_invitation(edition, email="b@klein.example", revoked_at=OPEN)
    note_activity([client.session.session_key])  # is written once a minute, whatever page it is
    with_two = count_queries(client, LIST)
    for number in range(5):
        make_invitation(edition, email=f"{number}@klein.example", uses=1)

    assert count_queries(client, LIST) == with_two
    for query, whom in (
        ("stand=open", "Stadt Klein"),
        ("stand=revoked", "b@klein.example"),
        ("suche=aaaa-bbbb-cccc", "Stadt Klein"),
        ("suche=klein+stadt", "Stadt Klein"),
    ):
        rows = re.findall(
            r'<th scope="row"><a [^>]*>([^<]*)', client.get(f"{LIST}?{query}").content.decode()
        )
        assert rows == [whom]


def count_queries(client, path):
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


TERMS = {"becomes": "speaker", "last_day": "2021-03-17", "language": "de", "uses_max": "1"}


def test_pasted_addresses_are_invited(client, edition):
    organiser(client, edition)
    pasted = '"Gast, Ines" <ines@klein.example>; b@klein.example\nB@KLEIN.example\n\nc@klein.example, d@klein.example'

    response = client.post(
        f"{LIST}personen/",
        {**TERMS, "people": pasted, "message": "Wir freuen uns.", "reply_to": "buero@land.example"},
    )

    assert response.status_code == 303, response.content.decode()
    rows = list(
        Invitation.objects.order_by("email").values_list("email", "first_name", "last_name")
    )
    assert rows == [
        ("b@klein.example", "", ""),
        ("c@klein.example", "", ""),
        ("d@klein.example", "", ""),
        ("ines@klein.example", "Ines", "Gast"),
    ]
    letter = mail.render(letters("invited")[0], mint=True)
    assert letter.reply_to == ["buero@land.example"]
    assert "Wir freuen uns." in letter.body
    assert "/2021/einladung/invite_" in letter.body
    assert "bis einschließlich 17. März 2021" in letter.body


@pytest.mark.parametrize(
    ("pasted", "why"),
    [
        ("a@klein.example\nkein mensch", "Zeile 2 (kein)"),
        ("", "mindestens eine Adresse"),
        ("\n".join(f"{n}@klein.example" for n in range(201)), "höchstens 200"),
        ("Anna\u2066 <a@klein.example>", "U+2066"),
    ],
)
def test_what_is_wrong_with_addresses_is_said_with_its_line_and_nobody_is_invited(
    client, edition, pasted, why
):
    organiser(client, edition)

    page = client.post(f"{LIST}personen/", {**TERMS, "people": pasted}).content.decode()

    assert why in page
    assert not Invitation.objects.exists()
    assert not Letter.objects.exists()


def test_the_code_of_a_body_is_shown_once(client, edition):
    organiser(client, edition)
    key = "5a0b0f26-8a0a-4a51-8f3b-0f3a0c0c0c0c"
    data = {**TERMS, "body": "Stadt Klein", "uses_max": "5", "form_key": key, "becomes": "attendee"}

    page = client.post(f"{LIST}behoerde/", data).content.decode()
    again = client.post(f"{LIST}behoerde/", data, follow=True)

    code = re.search(r"[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}", page)[0]
    invitation = Invitation.objects.get()
    assert bytes(invitation.code_hash) == Invitation.hashed(code)
    assert code not in again.content.decode()
    assert "kein zweites Mal gezeigt" in again.content.decode()


def test_what_can_be_done_with_one(client, edition):
    organiser(client, edition)
    invitation = make_invitation(edition)
    here = f"{LIST}{invitation.pk}/"

    client.post(here, {"act": "change", "last_day": "2021-03-18", "uses_max": "3", "note": "Büro"})
    client.post(here, {"act": "again"})
    client.post(here, {"act": "revoke"})

    invitation.refresh_from_db()
    assert (invitation.uses_max, invitation.note) == (3, "Büro")
    assert invitation.valid_until == edition.ends_at
    assert invitation.revoked_at is not None
    assert Letter.objects.get().state == Letter.State.WITHDRAWN
    verbs = set(JournalEntry.objects.values_list("verb", flat=True))
    assert {"invitation.changed", "invitation.revoked", "letter.sent_again"} <= verbs
    assert "nicht" in client.post(here, {"act": "again"}, follow=True).content.decode()


def test_a_day_that_makes_no_sense_is_refused(client, edition):
    organiser(client, edition)
    for day in ("2021-02-28", "2021-03-19", "9999-12-31", "gestern"):
        response = client.post(f"{LIST}behoerde/", {**TERMS, "body": "Amt", "last_day": day})
        assert response.status_code == 200
        assert "fk-summary" in response.content.decode()
    assert not Invitation.objects.exists()
