import re

import pytest
from django.urls import reverse

from congress import actions, limits, links
from congress.models import AccessLink, BrowserSession, JournalEntry
from tests.factories import SENT_TO, make_admission, make_link, make_user

pytestmark = pytest.mark.django_db


TYPED = {"mailbox": SENT_TO}


def opened(client, token):
    return client.get(reverse("access_link", args=[token]))


def entered(client, token, given=TYPED):
    return client.post(reverse("access_link", args=[token]), given)


def test_a_token_is_long_marked_and_checked():
    token = links.new_token("press")

    assert len(token) == len("press_") + 43 + 6
    assert len(links.hashed(token)) == 32
    with pytest.raises(links.Incomplete):
        links.hashed(token[:-1])


def test_only_the_hash_of_a_token_is_stored():
    link, token = make_link()

    assert bytes(link.token_hash) == links.hashed(token)
    assert token not in str(list(AccessLink.objects.values()))
    assert token not in str(list(JournalEntry.objects.values()))


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_looking_at_a_link_shows_no_name_and_changes_nothing(client, method):
    link, token = make_link()
    entries = JournalEntry.objects.count()

    response = getattr(client, method)(reverse("press_access_link", args=[token]))

    assert response.status_code == 200
    assert link.person.last_name not in response.content.decode()
    assert BrowserSession.objects.count() == 0
    assert JournalEntry.objects.count() == entries
    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "no-referrer"
    assert "noindex" in response["X-Robots-Tag"]


def test_a_persons_post_enters_and_leads_to_an_address_without_token(client):
    link, token = make_link()

    response = entered(client, token)

    assert response.status_code == 303
    assert token not in response["Location"]
    session = BrowserSession.objects.get()
    assert (session.person, session.link) == (link.person, link)


def test_a_link_works_again_on_the_same_device(client):
    _, token = make_link()

    for _ in range(3):
        assert entered(client, token).status_code == 303

    assert BrowserSession.objects.count() == 1


def test_one_device_more_is_asked_and_ends_the_oldest(client_factory):
    link, token = make_link()
    for _ in range(link.max_devices):
        entered(client_factory(), token)
    oldest = BrowserSession.objects.order_by("entered_at").first()
    one_more = client_factory()

    asked = entered(one_more, token)
    unasked = entered(one_more, token, {"replace": "1"})
    answer = entered(one_more, token, TYPED | {"replace": "1"})

    assert asked.status_code == 409
    assert f'value="{SENT_TO}"' in asked.content.decode()
    assert unasked.status_code == 200
    assert answer.status_code == 303
    assert not BrowserSession.objects.filter(pk=oldest.pk).exists()
    assert BrowserSession.objects.count() == link.max_devices


# --- What the page asks for ---------------------------------------------------------------------------------


def served_defaults(page):
    """What a program sends that submits the form as it was served."""
    fields = re.findall(r"<input[^>]*>", page)
    named = {re.search(r'name="([^"]+)"', field): field for field in fields if "name=" in field}
    values = {
        name[1]: (re.search(r'value="([^"]*)"', field) or ("", ""))[1]
        for name, field in named.items()
    }
    return values | {"replace": "1", "to": ""}


def test_whoever_submits_the_form_as_it_was_served_does_not_enter(client):
    _, token = make_link()
    page = opened(client, token).content.decode()
    entries = JournalEntry.objects.count()

    given = served_defaults(page)
    answers = [entered(client, token, values) for values in ({}, given, given | {"mailbox": " "})]

    assert "mailbox" in given
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert "Bitte geben Sie die Adresse ein" in answers[0].content.decode()
    assert BrowserSession.objects.count() == 0
    assert JournalEntry.objects.count() == entries


@pytest.mark.parametrize(
    "typed", [SENT_TO, f"  {SENT_TO.upper()} ", SENT_TO.replace("rundschau", "Rundschau")]
)
def test_the_address_is_compared_in_its_canonical_form(client, typed):
    _, token = make_link()

    assert entered(client, token, {"mailbox": typed}).status_code == 303


def test_every_wrong_address_gets_the_same_answer_and_stays_in_the_field(client):
    link, token = make_link()
    known = make_user(email="bekannt@rundschau.example").email

    pages = []
    for typed in (known, "nobody@rundschau.example"):
        answer = entered(client, token, {"mailbox": typed})
        page = answer.content.decode()
        assert f'value="{typed}"' in page
        assert "nicht an diese Adresse gesendet" in page
        assert link.person.last_name not in page
        assert SENT_TO not in page
        pages.append((answer.status_code, re.sub(r'(value|nonce)="[^"]*"', "", page)))

    assert pages[0] == pages[1]
    assert BrowserSession.objects.count() == 0


def test_a_person_without_a_mailbox_is_entered_by_nobody(client):
    admission = make_admission(kind="press", person=make_user(email=None))
    _, token = make_link(admission)

    for typed in ("", "a@b.example"):
        assert entered(client, token, {"mailbox": typed}).status_code == 200
    assert BrowserSession.objects.count() == 0


def test_wrong_addresses_are_limited_per_link_and_network(client, client_factory):
    _, token = make_link()
    _, other = make_link()
    wrong = {"mailbox": "falsch@rundschau.example"}
    guesser = client_factory()

    answers = [entered(guesser, token, wrong).status_code for _ in range(12)]
    right = entered(guesser, token)
    elsewhere = client_factory(REMOTE_ADDR="198.51.100.7")

    assert answers == [200] * limits.WRONG_ADDRESSES_FROM_A_NETWORK + [429, 429]
    assert right.status_code == 429
    assert "zehn Minuten" in right.content.decode()
    assert opened(guesser, token).status_code == 200
    assert entered(elsewhere, token).status_code == 303
    assert entered(client, other).status_code == 303


def test_guessers_in_many_networks_are_limited_too(client_factory, monkeypatch):
    monkeypatch.setattr(limits, "WRONG_ADDRESSES_OF_A_LINK", 5)
    _, token = make_link()

    answers = [
        entered(
            client_factory(REMOTE_ADDR=f"198.51.100.{n}"), token, {"mailbox": f"n{n}@x.example"}
        ).status_code
        for n in range(7)
    ]

    assert answers == [200] * 5 + [429] * 2


def test_right_addresses_are_not_counted(client):
    _, token = make_link()

    answers = {entered(client, token).status_code for _ in range(15)}

    assert answers == {303}


def test_other_kinds_of_links_are_entered_by_the_button(client):
    _, token = make_link(kind="speaker")

    assert "mailbox" not in opened(client, token).content.decode()
    assert entered(client, token, {}).status_code == 303


def test_an_unknown_link_is_404_and_a_cut_off_one_is_told_so(client):
    assert opened(client, links.new_token("press")).status_code == 404

    cut = opened(client, links.new_token("press")[:-4])

    assert cut.status_code == 404
    assert "nicht vollständig" in cut.content.decode()


def test_a_revoked_link_is_410_with_a_contact_and_ends_its_sessions(client):
    link, token = make_link()
    link.edition.press_email = "presse@fachkongress.example"
    link.edition.save()
    entered(client, token)

    actions.revoke_link(link=link, now=link.edition.now())

    response = opened(client, token)
    assert response.status_code == 410
    assert "presse@fachkongress.example" in response.content.decode()
    assert BrowserSession.objects.count() == 0


def test_an_expired_link_is_410(client):
    link, token = make_link()
    AccessLink.objects.update(valid_until=link.edition.now())

    assert opened(client, token).status_code == 410
    assert entered(client, token).status_code == 410


def test_a_retried_letter_leaves_the_token_before_good_and_a_renewal_does_not(client):
    link, first = make_link()
    second = actions.mint(link=link, now=link.edition.now())
    assert opened(client, first).status_code == 200
    assert opened(client, second).status_code == 200

    third = actions.renew_link(link=link, now=link.edition.now())

    assert [opened(client, token).status_code for token in (first, second, third)] == [
        404,
        404,
        200,
    ]
