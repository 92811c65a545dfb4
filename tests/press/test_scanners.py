"""Mail scanners open every link, some a hundred times, and press every button; nothing happens until a person acts."""

import logging
import re

import pytest
from django.apps import apps
from django.core import mail as outbound
from django.db import connection

from congress import mail
from congress.checks import OUR_APPS
from congress.logs import LineFormatter
from congress.models import BrowserSession, Letter
from press.models import Accreditation
from tests.press.factories import make_approved, make_press_edition
from tests.press.test_accreditation import answers, form_of

pytestmark = pytest.mark.django_db

ADDRESS = re.compile(r"https?://[^/\s]+(/\S+)")
TOKEN = re.compile(r"\b(?:press|proof)_[0-9A-Za-z]{40,}")
TIMES = 100


@pytest.fixture
def mails(settings):
    settings.DEMO = True

    def sent():
        for letter in Letter.objects.filter(state=Letter.State.QUEUED).order_by("pk"):
            mail.send(mail.claim(letter.pk))
        return outbound.outbox

    return sent


@pytest.fixture
def lines():
    """What the log of the suite writes, as it is written."""
    written = []

    class Keeper(logging.Handler):
        def emit(self, record):
            written.append(self.format(record))

    keeper = Keeper(level=logging.DEBUG)
    keeper.setFormatter(LineFormatter())
    root = logging.getLogger()
    before = root.level
    root.addHandler(keeper)
    root.setLevel(logging.DEBUG)
    yield written
    root.removeHandler(keeper)
    root.setLevel(before)


def everything():
    """All rows of the suite's own tables, without what the moment changes."""

    def readable(row):
        return str([bytes(value) if isinstance(value, memoryview) else value for value in row])

    return {
        model._meta.label: sorted(map(readable, model._base_manager.values_list()))
        for app in OUR_APPS
        for model in apps.get_app_config(app).get_models()
    }


def link_in(message):
    (path,) = {match[1] for match in ADDRESS.finditer(message.body) if TOKEN.search(match[1])}
    return path


def scan(address, client_factory):
    for number in range(TIMES):
        method = ("get", "head", "options")[number % 3]
        client = client_factory()
        response = getattr(client, method)(address, HTTP_USER_AGENT="BarracudaScanner/1.0")
        assert response.status_code == 200
        assert "sid" not in response.cookies


def test_the_link_of_a_journalist_survives_scanners(mails, client, client_factory):
    accreditation = make_approved()
    address = link_in(mails()[0])
    before = everything()

    scan(address, client_factory)

    assert everything() == before
    assert client.post(address, {"mailbox": accreditation.mailbox}).status_code == 303
    assert BrowserSession.objects.count() == 1


def test_a_gateway_that_submits_every_form_as_served_does_not_enter(mails, client, client_factory):
    accreditation = make_approved()
    address = link_in(mails()[0])
    before = everything()

    for _ in range(accreditation.link.max_devices + 1):
        robot = client_factory(enforce_csrf_checks=True)
        page = robot.get(address).content.decode()
        defaults = {
            re.search(r'name="([^"]+)"', field)[1]: (
                re.search(r'value="([^"]*)"', field) or ("", "")
            )[1]
            for field in re.findall(r"<input[^>]*name=[^>]*>", page)
        }
        assert robot.post(address, defaults).status_code == 200

    assert "csrfmiddlewaretoken" in defaults
    assert everything() == before
    assert client.post(address, {"mailbox": accreditation.mailbox}).status_code == 303


def test_the_link_of_a_request_survives_scanners(mails, client, client_factory):
    edition = make_press_edition()
    client.post(form_of(edition), answers())
    address = link_in(mails()[0])
    before = everything()

    scan(address, client_factory)

    assert everything() == before
    assert client.post(address, {"act": "confirm"}).status_code == 303
    assert Accreditation.objects.get().verified_at is not None


def test_what_scanners_load_asks_nobody_else_and_submits_nothing_by_itself(mails, client):
    edition = make_press_edition()
    client.post(form_of(edition), answers())
    make_approved(edition)

    for message in mails():
        page = client.get(link_in(message)).content.decode()
        assert "<script>" not in page
        assert not re.findall(r'(?:src|action)="https?://', page)
        assert ".submit(" not in page


def test_no_token_stands_in_a_log_or_in_a_table(mails, client, lines):
    edition = make_press_edition()
    client.post(form_of(edition), answers())
    make_approved(edition)
    addresses = [link_in(message) for message in mails()]

    for address in addresses:
        client.get(address)
        client.get(address.replace("a", "b", 1))
        client.get(address[:-6] + "/")
        client.get(address + "more/")
        client.post(address, {"act": "confirm"})
        logging.getLogger("django.request").error("Internal Server Error: %s", address)
        logging.getLogger("uvicorn.access").info('"GET %s HTTP/1.1" 200', address)

    assert any("_…" in line for line in lines)
    assert not [
        line for line in lines if TOKEN.search(line) or re.search(r"_[0-9A-Za-z]{40,}", line)
    ]
    tokens = [TOKEN.search(address)[0] for address in addresses]
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(
                f'SELECT count(*) FROM "{table}" AS t WHERE t::text ~ %s', ["|".join(tokens)]
            )
            assert cursor.fetchone() == (0,), table
