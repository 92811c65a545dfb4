import pytest
from django.urls import reverse

from congress import actions, links
from congress.models import AccessLink, BrowserSession, JournalEntry
from tests.factories import make_link

pytestmark = pytest.mark.django_db


def opened(client, token):
    return client.get(reverse("access_link", args=[token]))


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

    response = client.post(reverse("access_link", args=[token]))

    assert response.status_code == 303
    assert token not in response["Location"]
    session = BrowserSession.objects.get()
    assert (session.person, session.link) == (link.person, link)


def test_a_link_works_again_on_the_same_device(client):
    _, token = make_link()

    for _ in range(3):
        assert client.post(reverse("access_link", args=[token])).status_code == 303

    assert BrowserSession.objects.count() == 1


def test_one_device_more_is_asked_and_ends_the_oldest(client_factory):
    link, token = make_link()
    for _ in range(link.max_devices):
        client_factory().post(reverse("access_link", args=[token]))
    oldest = BrowserSession.objects.order_by("entered_at").first()
    one_more = client_factory()

    asked = one_more.post(reverse("access_link", args=[token]))
    entered = one_more.post(reverse("access_link", args=[token]), {"replace": "1"})

    assert asked.status_code == 409
    assert entered.status_code == 303
    assert not BrowserSession.objects.filter(pk=oldest.pk).exists()
    assert BrowserSession.objects.count() == link.max_devices


def test_an_unknown_link_is_404_and_a_cut_off_one_is_told_so(client):
    assert opened(client, links.new_token("press")).status_code == 404

    cut = opened(client, links.new_token("press")[:-4])

    assert cut.status_code == 404
    assert "nicht vollständig" in cut.content.decode()


def test_a_revoked_link_is_410_with_a_contact_and_ends_its_sessions(client):
    link, token = make_link()
    link.edition.press_email = "presse@fachkongress.example"
    link.edition.save()
    client.post(reverse("access_link", args=[token]))

    actions.revoke_link(link=link, now=link.edition.now())

    response = opened(client, token)
    assert response.status_code == 410
    assert "presse@fachkongress.example" in response.content.decode()
    assert BrowserSession.objects.count() == 0


def test_an_expired_link_is_410(client):
    link, token = make_link()
    AccessLink.objects.update(valid_until=link.edition.now())

    assert opened(client, token).status_code == 410
    assert client.post(reverse("access_link", args=[token])).status_code == 410


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
