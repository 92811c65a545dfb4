"""The way of a request: from the form to the answer."""

import uuid

import pytest
from django.core import mail as outbound
from django.urls import reverse

from congress import mail
from congress.models import AccessLink, Admission, BrowserSession, JournalEntry, Letter, User
from press import actions, queries
from press.models import Accreditation, PressSettings
from tests.factories import make_user
from tests.press.factories import (
    AFTER,
    BEFORE,
    LONG_AGO,
    answers,
    make_accreditation,
    make_approved,
    make_press_edition,
)

pytestmark = pytest.mark.django_db


def form_of(edition):
    return reverse("accreditation", kwargs={"edition": edition.slug})


def page_of(accreditation):
    return reverse(
        "accreditation_request",
        kwargs={
            "edition": accreditation.edition.slug,
            "token": queries.request_token(accreditation),
        },
    )


def enter(client, address, mailbox):
    """What a person does with the link of a letter."""
    return client.post(address, {"mailbox": mailbox})


def deliver(settings):
    """Send everything that waits, as a worker would."""
    settings.DEMO = True
    for letter in Letter.objects.filter(state=Letter.State.QUEUED).order_by("pk"):
        mail.send(mail.claim(letter.pk))
    return outbound.outbox


# --- Asking ---------------------------------------------------------------------------------------------


def test_five_answers_are_a_request_in_time(client):
    edition = make_press_edition(at=BEFORE)

    response = client.post(form_of(edition), answers())

    assert response.status_code == 303
    accreditation = Accreditation.objects.get()
    assert (accreditation.state, accreditation.late) == ("requested", False)
    assert accreditation.edition == edition
    page = client.get(response["Location"]).content.decode()
    assert "noa.sander@rundschau.example" in page


def test_the_first_line_says_how_long_there_is(client):
    page = client.get(form_of(make_press_edition(at=BEFORE))).content.decode()

    lead = page.split('class="fk-lead">')[1].split("</p>")[0]
    assert "16. März 2021, 13:00 Uhr" in lead
    assert "5\xa0Minuten" in lead or "4\xa0Minuten" in lead


def test_after_the_deadline_the_first_line_says_so_and_the_request_is_filed_as_late(client):
    edition = make_press_edition(at=AFTER)

    page = client.get(form_of(edition)).content.decode()
    response = client.post(form_of(edition), answers())

    lead = page.split('class="fk-lead">')[1].split("</p>")[0]
    assert "verspätet" in lead
    assert response.status_code == 303
    assert Accreditation.objects.get().late


def test_where_late_requests_are_not_taken_the_text_is_kept_and_the_press_office_named(client):
    edition = make_press_edition(at=AFTER)
    PressSettings.objects.create(edition=edition, late_queue=False)

    response = client.post(form_of(edition), answers(medium="Ganz besonderes Blatt"))

    page = response.content.decode()
    assert Accreditation.objects.count() == 0
    assert Letter.objects.count() == 0
    assert "Ganz besonderes Blatt" in page
    assert "presse@fachkongress.example" in page
    form = client.get(form_of(edition)).content.decode()
    assert '<form method="post" novalidate>' not in form


def test_after_the_congress_nothing_is_taken(client):
    edition = make_press_edition(at=make_press_edition().ends_at)

    client.post(form_of(edition), answers())

    assert Accreditation.objects.count() == 0


def test_a_form_sent_twice_is_one_request_with_one_letter(client):
    edition = make_press_edition()
    given = answers(key=str(uuid.uuid4()))

    first = client.post(form_of(edition), given)
    second = client.post(form_of(edition), given)

    assert (first.status_code, second.status_code) == (303, 303)
    assert Accreditation.objects.count() == 1
    assert Letter.objects.count() == 1


@pytest.mark.parametrize("key", [{}, {"key": ""}])
def test_where_the_form_brings_no_key_the_answers_tell_a_form_sent_twice(client, key):
    edition = make_press_edition()

    for _ in range(2):
        client.post(form_of(edition), answers(**key))
    client.post(form_of(edition), answers(**key, last_name="Andere"))

    assert list(Accreditation.objects.values_list("last_name", flat=True)) == ["Sander", "Andere"]
    assert Letter.objects.count() == 2


def test_whoever_goes_back_and_corrects_the_address_is_heard(client):
    edition = make_press_edition()
    key = str(uuid.uuid4())
    client.post(form_of(edition), answers(key=key, mailbox="falsch@rundschau.example"))

    client.post(form_of(edition), answers(key=key, mailbox="richtig@rundschau.example"))

    mailboxes = set(Accreditation.objects.values_list("mailbox", flat=True))
    assert mailboxes == {"falsch@rundschau.example", "richtig@rundschau.example"}


def test_the_answer_is_the_same_for_known_and_unknown_addresses(client_factory):
    edition = make_press_edition()
    make_approved(edition, mailbox="bekannt@rundschau.example")

    pages = []
    for mailbox in ("bekannt@rundschau.example", "neuling@rundschau.example"):
        client = client_factory()
        response = client.post(form_of(edition), answers(mailbox=mailbox))
        pages.append((response.status_code, client.get(response["Location"]).content))

    known, unknown = pages
    assert known[0] == unknown[0] == 303
    assert len(known[1]) == len(unknown[1])


def test_a_form_is_no_way_to_fill_a_mailbox(client):
    edition = make_press_edition()

    for number in range(actions.LETTERS_PER_MAILBOX + 3):
        client.post(form_of(edition), answers(last_name=f"Sander-{number}"))

    assert Accreditation.objects.count() == actions.LETTERS_PER_MAILBOX + 3
    assert Letter.objects.count() == actions.LETTERS_PER_MAILBOX


def test_a_proof_may_come_with_the_request(client):
    edition = make_press_edition()

    client.post(form_of(edition), answers(card_issuer="djv", card_number="A 123"))

    assert Accreditation.objects.get().has_common_card


def test_a_card_needs_its_issuer_and_an_issuer_its_card(client):
    edition = make_press_edition()

    numberless = client.post(form_of(edition), answers(card_issuer="djv"))
    issuerless = client.post(form_of(edition), answers(card_number="A 123"))

    assert Accreditation.objects.count() == 0
    assert "Bitte geben Sie die Nummer" in numberless.content.decode()
    assert "Bitte sagen Sie, wer" in issuerless.content.decode()


def test_the_page_after_sending_is_for_that_browser_only(client, client_factory):
    edition = make_press_edition()
    sent = client.post(form_of(edition), answers())["Location"]

    response = client_factory().get(sent)

    assert response.status_code == 302
    assert response["Location"] == form_of(edition)


@pytest.mark.parametrize("name", ["https://evil.test/x", "gewinn.evil.test", "a@evil.test"])
def test_a_stranger_cannot_write_to_any_mailbox_by_typing_a_name(client, settings, name):
    client.post(form_of(make_press_edition()), answers(last_name=name, medium=name))

    (letter,) = deliver(settings)

    assert Accreditation.objects.get().last_name == name
    html, _kind = letter.alternatives[0]
    assert name not in letter.body + html


def test_the_confirmation_greets_by_name(client, settings):
    client.post(form_of(make_press_edition()), answers(title="Dr.", last_name="O’Brien-Müller"))

    (letter,) = deliver(settings)

    assert "Guten Tag Dr. Noa O’Brien-Müller," in letter.body


# --- Behind the link of the confirmation ----------------------------------------------------------------


def test_the_confirmation_carries_the_link_that_confirms_the_address(client, settings):
    edition = make_press_edition()
    client.post(form_of(edition), answers())

    (letter,) = deliver(settings)

    accreditation = Accreditation.objects.get()
    assert letter.to == ["noa.sander@rundschau.example"]
    assert letter.reply_to == ["presse@fachkongress.example"]
    assert page_of(accreditation) in letter.body
    assert client.get(page_of(accreditation)).status_code == 200
    accreditation.refresh_from_db()
    assert accreditation.verified_at is None
    client.post(page_of(accreditation), {"act": "confirm"})
    accreditation.refresh_from_db()
    assert accreditation.verified_at is not None


def test_the_page_behind_the_link_shows_no_name_and_no_address(client):
    accreditation = make_accreditation(last_name="Geheimnisvoll")

    response = client.get(page_of(accreditation))

    page = response.content.decode()
    assert "Geheimnisvoll" not in page
    assert accreditation.mailbox not in page
    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "no-referrer"
    assert "noindex" in response["X-Robots-Tag"]


def test_confirming_twice_says_it_was_confirmed(client):
    accreditation = make_accreditation()
    client.post(page_of(accreditation), {"act": "confirm"})
    accreditation.refresh_from_db()
    first = accreditation.verified_at

    page = client.post(page_of(accreditation), {"act": "confirm"}, follow=True).content.decode()

    accreditation.refresh_from_db()
    assert accreditation.verified_at == first
    assert "schon bestätigt" in page


def test_a_proof_may_follow_until_the_decision(client):
    accreditation = make_accreditation()

    client.post(
        page_of(accreditation), {"act": "proof", "work": "https://rundschau.example/impressum"}
    )

    accreditation.refresh_from_db()
    assert accreditation.has_proof
    assert accreditation.proof_at is not None
    assert accreditation.verified_at is not None


def test_after_the_decision_no_proof_is_taken(client):
    accreditation = make_approved()

    client.post(page_of(accreditation), {"act": "proof", "work": "https://rundschau.example"})

    accreditation.refresh_from_db()
    assert accreditation.work == ""


def test_a_journalist_may_withdraw_and_loses_the_access(client):
    accreditation = make_approved()

    client.post(page_of(accreditation), {"act": "withdraw"})

    accreditation.refresh_from_db()
    assert accreditation.state == "withdrawn"
    assert Admission.objects.get().revoked_at is not None
    assert AccessLink.objects.get().revoked_at is not None


def test_an_act_nobody_knows_changes_nothing(client):
    accreditation = make_accreditation()

    response = client.post(page_of(accreditation), {"act": "approve"})

    assert response.status_code == 200
    accreditation.refresh_from_db()
    assert accreditation.state == "requested"


def test_the_link_of_a_request_is_404_elsewhere_and_410_after_the_congress(client):
    accreditation = make_accreditation()
    token = queries.request_token(accreditation)
    other = make_press_edition()
    elsewhere = reverse("accreditation_request", kwargs={"edition": other.slug, "token": token})
    over = make_accreditation(make_press_edition(at=other.ends_at))

    assert client.get(elsewhere).status_code == 404
    assert client.get(page_of(over)).status_code == 410
    cut = client.get(page_of(accreditation)[:-3] + "/")
    assert cut.status_code == 404
    assert "nicht vollständig" in cut.content.decode()


def test_a_link_ends_with_the_mailbox_it_was_sent_to(client):
    accreditation = make_accreditation()
    old = page_of(accreditation)

    Accreditation.objects.update(mailbox="andere@rundschau.example")

    assert client.get(old).status_code == 404


# --- Deciding -------------------------------------------------------------------------------------------


def test_approval_makes_a_person_without_sign_in_address_an_admission_and_a_letter(settings):
    edition = make_press_edition()
    PressSettings.objects.create(edition=edition, links_at=LONG_AGO)
    accreditation = make_accreditation(edition, title="Dr.", last_name="Sander")

    link = actions.approve(
        accreditation=accreditation, by=make_user(), now=accreditation.edition.now()
    )

    accreditation.refresh_from_db()
    person = accreditation.person
    assert person.email is None
    assert person.display_name == "Dr. Noa Sander"
    assert person.mailbox == accreditation.mailbox
    admission = Admission.objects.get(person=person)
    assert (admission.kind, admission.may_vote) == ("press", False)
    assert link.token_hash is None
    (sent,) = deliver(settings)
    assert "/presse/zugang/press_" in sent.body
    link.refresh_from_db()
    assert link.token_hash is not None


def test_the_link_of_the_letter_opens_and_enters(client, settings):
    accreditation = make_approved()
    (sent,) = deliver(settings)
    address = next(word for word in sent.body.split() if "/presse/zugang/" in word)

    assert client.get(address).status_code == 200
    assert client.post(address).status_code == 200
    assert BrowserSession.objects.count() == 0
    entered = enter(client, address, accreditation.mailbox)

    assert entered.status_code == 303
    assert BrowserSession.objects.get().person.last_name.startswith("Beispiel")


def test_whoever_is_in_by_the_link_is_led_to_the_stages(client, settings):
    accreditation = make_approved()
    (sent,) = deliver(settings)
    address = next(word for word in sent.body.split() if "/presse/zugang/" in word)

    home = enter(client, address, accreditation.mailbox)["Location"]

    assert home == reverse("home", kwargs={"edition": accreditation.edition.slug})
    button = client.get(home).context["main_button"]
    assert button.url == reverse("live", kwargs={"edition": accreditation.edition.slug})


def test_a_decision_is_made_once():
    accreditation = make_approved()
    people = User.objects.count()

    with pytest.raises(actions.AlreadyDecided):
        actions.approve(
            accreditation=accreditation, by=make_user(), now=accreditation.edition.now()
        )
    with pytest.raises(actions.AlreadyDecided):
        actions.reject(
            accreditation=accreditation,
            code="late",
            by=make_user(),
            now=accreditation.edition.now(),
        )

    accreditation.refresh_from_db()
    assert accreditation.state == "approved"
    assert User.objects.filter(email__isnull=True).count() == 1
    assert User.objects.count() == people + 2


def test_after_the_congress_nobody_is_let_in():
    edition = make_press_edition()
    accreditation = make_accreditation(edition)

    with pytest.raises(actions.CongressIsOver):
        actions.approve(accreditation=accreditation, by=make_user(), now=edition.ends_at)


def test_a_rejection_gives_its_reason_to_the_journalist(settings):
    accreditation = make_accreditation()

    actions.reject(
        accreditation=accreditation,
        code=Accreditation.Reason.NO_PROOF,
        reason="Bitte schicken Sie uns Ihr Impressum.",
        by=make_user(),
        now=accreditation.edition.now(),
    )

    (sent,) = deliver(settings)
    assert "kein Nachweis der Arbeit für ein Medium" in sent.body
    assert "Bitte schicken Sie uns Ihr Impressum." in sent.body


def test_a_rejection_without_reason_is_refused():
    accreditation = make_accreditation()

    with pytest.raises(actions.ReasonMissing):
        actions.reject(
            accreditation=accreditation, code="", by=make_user(), now=accreditation.edition.now()
        )

    accreditation.refresh_from_db()
    assert accreditation.state == "requested"


def test_renewing_ends_the_old_link_and_whoever_is_in_by_it(client, settings):
    accreditation = make_approved()
    (first,) = deliver(settings)
    old = next(word for word in first.body.split() if "/presse/zugang/" in word)
    enter(client, old, accreditation.mailbox)

    actions.renew_access(
        accreditation=accreditation, by=make_user(), now=accreditation.edition.now()
    )
    second = deliver(settings)[-1]

    assert BrowserSession.objects.count() == 0
    assert client.get(old).status_code == 404
    new = next(word for word in second.body.split() if "/presse/zugang/" in word)
    assert enter(client, new, accreditation.mailbox).status_code == 303


def test_revoking_ends_admission_link_and_sessions_and_renewing_lets_in_again(client, settings):
    accreditation = make_approved()
    (first,) = deliver(settings)
    old = next(word for word in first.body.split() if "/presse/zugang/" in word)
    enter(client, old, accreditation.mailbox)

    now = accreditation.edition.now()
    actions.revoke_access(accreditation=accreditation, by=make_user(), now=now)

    assert BrowserSession.objects.count() == 0
    assert client.get(old).status_code == 410
    accreditation.refresh_from_db()
    actions.renew_access(accreditation=accreditation, by=make_user(), now=now)
    new = next(word for word in deliver(settings)[-1].body.split() if "/presse/zugang/" in word)
    assert enter(client, new, accreditation.mailbox).status_code == 303


def test_revoking_tells_whoever_holds_sockets(django_capture_on_commit_callbacks):
    from congress.signals import rights_changed

    heard = []

    def listen(**news):
        heard.append(news["people"])

    accreditation = make_approved()
    rights_changed.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            actions.revoke_access(
                accreditation=accreditation, by=make_user(), now=accreditation.edition.now()
            )
    finally:
        rights_changed.disconnect(listen)

    assert [accreditation.person_id] in heard


def test_what_is_not_approved_has_no_access_to_renew_or_revoke():
    accreditation = make_accreditation()
    now = accreditation.edition.now()

    with pytest.raises(actions.NotApproved):
        actions.renew_access(accreditation=accreditation, by=make_user(), now=now)
    with pytest.raises(actions.NotApproved):
        actions.revoke_access(accreditation=accreditation, by=make_user(), now=now)


def test_decisions_stand_in_the_journal_without_names():
    accreditation = make_approved(last_name="Unverwechselbar")

    entry = JournalEntry.objects.get(verb="accreditation.approved")

    assert entry.actor == accreditation.decided_by
    assert "Unverwechselbar" not in str(entry.details) + entry.target
