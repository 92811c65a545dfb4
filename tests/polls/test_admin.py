"""Polls in the admin: looked up there; opened, closed and published by the same functions as in the moderation."""

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.urls import reverse

from congress.models import JournalEntry
from tests.factories import make_role
from tests.polls.factories import make_poll

pytestmark = pytest.mark.django_db


def test_the_page_of_a_poll_opens_closes_and_publishes_it(client):
    poll = make_poll()
    organiser = make_role("organiser", poll.edition).person
    client.force_login(organiser)
    page = reverse("admin:polls_poll_change", args=[poll.pk])

    for name, state in (("open", "open"), ("close", "closed"), ("publish", "published")):
        assert [act for act, _label in client.get(page).context["decisions"]] == [name]
        pressed = {"action": name, ACTION_CHECKBOX_NAME: [poll.pk], "from_page": "yes"}

        response = client.post(reverse("admin:polls_poll_changelist"), pressed, follow=True)

        poll.refresh_from_db()
        assert (poll.state, response.redirect_chain) == (state, [(page, 302)])

    assert client.get(page).context["decisions"] == []
    assert JournalEntry.objects.filter(actor=organiser, verb__startswith="poll.").count() == 3
