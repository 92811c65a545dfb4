"""What tests of the help desk begin with."""

import uuid

from django.test import Client

from congress import desk
from tests.factories import make_role, make_user


def helper(edition, kind="help_desk"):
    return make_role(kind, edition, person=make_user(last_name="Hilft")).person


def browser_of(person):
    client = Client()
    client.force_login(person, backend="congress.auth.RoleBackend")
    return client


def found(edition, typed):
    """Names, in the order of the page."""
    return [subject.name for subject in desk.search(edition, typed).subjects]


def case_of(edition, key, **more):
    return desk.case(edition, edition.now(), desk.subject_of(edition, key), **more)


def answer(edition, key, **more):
    return case_of(edition, key, **more).answer.text


def acts(edition, key):
    return [act.key for act in case_of(edition, key).acts]


def path(edition, *parts):
    return "/".join((f"/{edition.slug}/orga/hilfe", *map(str, parts), ""))


def act(client, edition, key, name, **data):
    """Press a button of a case."""
    return client.post(path(edition, key, name), {"form_key": uuid.uuid4(), **data})


def says(response):
    """What the next page tells at its top."""
    return [str(message) for message in response.context["messages"]]
