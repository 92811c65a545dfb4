"""`manage.py setup --organiser`: the first person who may do anything is invited, once."""

import pytest
from django.core.management import CommandError, call_command

from congress import mail, panels
from congress.models import Letter, Role, User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _only_the_organiser(monkeypatch):
    """What the apps put in has tests of its own."""
    monkeypatch.setattr(panels, "setup_steps", panels.Registry())


def test_the_first_organiser_is_invited_and_repeating_it_invites_nobody_again():
    for _time in range(2):
        call_command("setup", organiser="Erste.Person@FITKO.example")

    person = User.objects.get(email="erste.person@fitko.example")
    role = Role.objects.get(person=person)
    assert (role.kind, role.edition) == (Role.Kind.ORGANISER, None)
    letter = Letter.objects.get(person=person)
    written = mail.render(letter, mint=True)
    assert written.to == ["erste.person@fitko.example"]
    assert written.subject == "Sie organisieren den Fachkongress: so kommen Sie hinein"
    assert "http://testserver/admin/" in written.body


@pytest.mark.parametrize("address", ["", "niemand", "a@b", "a@b.de\nBcc: c@d.de"])
def test_what_is_no_address_is_said_and_makes_nobody(address):
    if not address:
        call_command("setup", organiser=address)  # as without it
    else:
        with pytest.raises(CommandError):
            call_command("setup", organiser=address)

    assert not Role.objects.exists()
    assert not Letter.objects.exists()
