"""Every bad input of the press gets its verdict: never a 5xx, never a traceback, nothing stored that should not be."""

import json
import logging
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from django.core import mail as outbound
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from congress import links, mail, wording
from congress.actions import mint, revoke_link
from congress.links import ALPHABET, hashed, new_token
from congress.models import AccessLink, BrowserSession, Letter, LetterText
from press import emails
from press.models import Accreditation
from tests.data.bad_inputs_values import materialise
from tests.factories import SENT_TO, make_edition, make_link, make_role, make_user, set_clock
from tests.press.factories import (
    DEADLINE,
    answers,
    make_accreditation,
    make_approved,
    make_press_edition,
)

pytestmark = pytest.mark.django_db

TYPED = {"mailbox": SENT_TO}
ENTRIES = json.loads(
    (Path(__file__).parent.parent / "data" / "press_bad_inputs.json").read_text(encoding="utf-8")
)


def chosen(area, *fields, without=()):
    found = [
        entry
        for entry in ENTRIES
        if entry["area"] == area and entry["field"] in fields and entry["why"] not in without
    ]
    assert found
    return pytest.mark.parametrize("entry", found, ids=[entry["why"] for entry in found])


@pytest.fixture(autouse=True)
def no_traceback(caplog):
    caplog.set_level(logging.WARNING)
    yield
    assert not [record for record in caplog.records if record.exc_info], "a traceback in the log"


def verdict(entry):
    return entry["expect"].split(";")[0].split(":")[0].split(" ")[0]


def post_form(client, edition, /, **changes):
    return client.post(
        reverse("accreditation", kwargs={"edition": edition.slug}), answers(**changes)
    )


# --- The form -------------------------------------------------------------------------------------------


@chosen(
    "press",
    *("last_name", "mailbox", "function", "card_issuer", "work", "key", "state", "edition"),
)
def test_what_is_typed(client, entry):
    edition = make_press_edition()
    value = materialise(entry["value"])

    response = post_form(client, edition, **{entry["field"]: value})

    wanted = verdict(entry)
    if wanted == "reject":
        assert response.status_code == 200
        assert response.context["form"].errors
        assert Accreditation.objects.count() == 0
        assert Letter.objects.count() == 0
        return
    assert response.status_code == 303
    accreditation = Accreditation.objects.get()
    assert (accreditation.state, accreditation.edition) == ("requested", edition)
    if wanted == "accept":
        assert getattr(accreditation, entry["field"]) == value
    elif wanted == "accept_as":
        assert getattr(accreditation, entry["field"]) == entry["expect"].partition(": ")[2]


@chosen("press", "outlet")
def test_the_medium_is_text_in_the_admin_and_in_letters(client, settings, entry):
    settings.DEMO = True
    edition = make_press_edition()
    value = materialise(entry["value"])

    response = post_form(client, edition, medium=value)

    if verdict(entry) == "reject":
        assert response.context["form"].errors
        assert Accreditation.objects.count() == 0
        return
    accreditation = Accreditation.objects.get()
    assert accreditation.medium == value
    client.force_login(make_role("press_officer", edition).person)
    for address in (
        reverse("admin:press_accreditation_changelist"),
        accreditation.get_admin_url(),
    ):
        page = client.get(address).content.decode()
        assert value not in page
        assert "&lt;iframe" in page
    mail.send(mail.claim(Letter.objects.get().pk))
    html, _kind = outbound.outbox[0].alternatives[0]
    assert value not in html


@chosen("press", "submitted_at")
def test_the_moment_of_sending(client, entry):
    edition = make_press_edition(at=DEADLINE)
    extra = {} if isinstance(entry["value"], dict) else {"submitted_at": entry["value"]}
    if "form opened" in str(entry["value"]):
        set_clock(edition, DEADLINE.replace(minute=1))
        response = post_form(client, edition, medium="Getippt um 12:59")
        page = client.get(response["Location"]).content.decode()
        assert Accreditation.objects.get().medium == "Getippt um 12:59"
        assert "verspätet" in page
    else:
        response = post_form(client, edition, **extra)

    assert response.status_code == 303
    assert Accreditation.objects.get().late


# --- Links ------------------------------------------------------------------------------------------------


def flipped(token):
    letter = "a" if token[20] != "a" else "b"
    return token[:20] + letter + token[21:]


@chosen("press", "access_token")
def test_tokens(client, client_factory, entry):
    link, token = make_link()
    value, recipe = entry["value"], entry["value"] if isinstance(entry["value"], dict) else {}
    if recipe.get("$") == "repeat":
        value = materialise(value)
    if not recipe or recipe["$"] == "repeat":
        response = client.get(f"/zugang/{value}/" if value else "/zugang/")
        assert response.status_code in (404, 414)
    elif recipe.get("edit") in ("drop_last", "flip_bit"):
        changed = token[:-1] if recipe["edit"] == "drop_last" else flipped(token)
        response = client.get(reverse("access_link", args=[changed]))
        assert response.status_code == 404
        assert "nicht vollständig" in response.content.decode()
    elif recipe.get("edit") == "append":
        address = f"/zugang/{quote(token)}{recipe['s']}/"
        assert client.get(address).status_code == 200
        assert client.post(address, TYPED).status_code == 303
        return
    elif recipe["of"] == "revoked":
        client.post(reverse("access_link", args=[token]), TYPED)
        revoke_link(link=link, now=link.edition.now())
        response = client.get(reverse("access_link", args=[token]))
        assert response.status_code == 410
    elif recipe["method"] == "GET":
        for _ in range(recipe["times"]):
            response = client.get(reverse("access_link", args=[token]), HTTP_USER_AGENT="scanner")
            assert response.status_code == 200
            assert "sid" not in response.cookies
        assert BrowserSession.objects.count() == 0
        assert client.post(reverse("access_link", args=[token]), TYPED).status_code == 303
        return
    elif recipe.get("csrf") is False:
        strict = Client(enforce_csrf_checks=True)
        answer = strict.post(reverse("access_link", args=[token]), TYPED)
        assert answer.status_code == 403
    else:
        answered = [
            client_factory().post(reverse("access_link", args=[token]), TYPED).status_code
            for _ in range(recipe["times"])
        ]
        assert answered == [303, 303, 303, 409]
        return
    assert BrowserSession.objects.count() == 0


# --- Letters ------------------------------------------------------------------------------------------------


@chosen("mail", "subject")
def test_subjects_of_wordings_of_ones_own(client, entry):
    edition = make_edition()
    client.force_login(make_role("organiser", edition).person)
    value = materialise(entry["value"])
    template = emails.REJECTED
    given = {"edition": edition.pk, "template": template, "language": "de", "body": "Text"}

    response = client.post(reverse("admin:congress_lettertext_add"), given | {"subject": value})

    if verdict(entry) == "reject":
        assert response.status_code == 200
        assert LetterText.objects.count() == 0
        return
    assert response.status_code == 302
    assert LetterText.objects.get().subject == value


def test_a_placeholder_of_another_language_is_refused_wherever_it_stands():
    with pytest.raises(ValidationError):
        wording.check(emails.REJECTED, "Betreff", "{user.password}")


@chosen("mail", "recipients")
def test_recipients(settings, entry):
    settings.DEMO = True
    if "twice" in entry["value"]["text"]:
        accreditation = make_accreditation()
        emails.requested(accreditation)
        emails.requested(accreditation)
        assert Letter.objects.count() == 1
        return
    accreditation = make_approved()
    assert Letter.objects.count() == 1
    accreditation.person.delete()
    for letter in Letter.objects.all():
        mail.send(mail.claim(letter.pk))
    assert outbound.outbox == []


@pytest.mark.race  # in `make races` all ten thousand
def test_ten_thousand_guesses_open_nothing(client, rounds):
    """Nothing about a guess depends on how near it is: what is looked for is its hash, in an index.

    So the time of an answer tells nothing either: a guess that shares all but one letter with a real token has a hash
    that shares nothing with its hash.
    """
    link, token = make_link()
    make_user()
    guesses = {new_token("press") for _ in range(rounds(300, 10_000))}
    near = {_with_its_checksum(token[:-7] + letter) for letter in ALPHABET} - {token}

    answered = {
        client.get(reverse("access_link", args=[guess])).status_code for guess in guesses | near
    }

    assert answered == {404}
    assert BrowserSession.objects.count() == 0
    assert client.get(reverse("access_link", args=[token])).status_code == 200
    assert mint(link=link, now=link.edition.now()) != token


def _with_its_checksum(body):
    return body + links._checksum(body)


def test_a_guess_is_one_look_up_of_its_hash(client, django_assert_num_queries):
    """Guesses near and far are the same statement, and it holds no letter of the token."""
    _, token = make_link()
    near = _with_its_checksum(token[:-7] + ("a" if token[-7] != "a" else "b"))

    statements = []
    for guess in (near, new_token("press")):
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("access_link", args=[guess]))
        asked = [query["sql"] for query in queries if "congress_accesslink" in query["sql"]]
        assert len(asked) == 1
        assert not set(re.findall(r"[0-9A-Za-z]{20,}", guess)) & set(re.findall(r"\w+", asked[0]))
        statements.append(re.sub(r"'[^']*'::bytea", "?", asked[0]))

    near_by, far = statements
    assert near_by == far


def test_tokens_are_looked_up_by_an_index():
    indexed = {
        field
        for field in ("token_hash", "previous_token_hash")
        if AccessLink._meta.get_field(field).unique
    }

    assert indexed == {"token_hash", "previous_token_hash"}
    assert hashed(new_token("press"))[:4] != hashed(new_token("press"))[:4]
