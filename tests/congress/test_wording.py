"""What an edition's own wording of a letter may say."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from congress import mail, wording
from congress.models import LetterText
from tests.factories import make_edition, make_role, make_user

pytestmark = pytest.mark.django_db

CODE = "congress/emails/login_code.md"


def problems(body, subject="Betreff", template=CODE):
    with pytest.raises(ValidationError) as refused:
        wording.check(template, subject, body)
    return refused.value.message_dict


@pytest.mark.parametrize("template", wording.letters())
@pytest.mark.parametrize("language", ["de", "en"])
def test_every_standard_text_may_be_used_as_a_wording_of_ones_own(template, language):
    wording.check(template, *wording.standard_text(template, language))


@pytest.mark.parametrize("template", wording.letters())
def test_every_letter_is_called_by_its_subject(template):
    assert wording.label(template, "de") not in ("", template)
    assert "{" not in wording.label(template, "de")


def test_a_letter_that_chooses_its_subject_has_a_name_that_holds_for_all():
    def name(letter):
        return wording.label(f"registration/emails/{letter}.md", "de")

    assert name("delegate") == "Jemand aus Ihrem Kollegium …"
    assert name("office") == "Ihre Anmeldung für eine andere Person"
    assert name("office_answered") == "Ihre Anmeldung: …"


def test_names_filters_and_if_may_be_used():
    wording.check(
        CODE,
        "Code {{ code }}",
        "{% if person.last_name %}Guten Tag {{ person.display_name|upper }}{% else %}Hallo{% endif %}\n{{ code }}",
    )


@pytest.mark.parametrize(
    "text",
    [
        "{% include 'congress/base.html' %}",
        "{% load kern %}",
        "{% ssi '/etc/passwd' %}",
        "{% debug %}",
        "{% extends 'x' %}",
        "{% url 'start' %}",
        "{% for x in person.roles.all %}{{ x }}{% endfor %}",
        "{% widthratio 1 1 99999999 %}",
        "{% %}",
    ],
)
def test_tags_that_load_files_or_run_code_are_refused(text):
    assert "nicht möglich" in str(problems(text))


@pytest.mark.parametrize(
    "name",
    [
        "person.password",
        "person.delete",
        "edition.letters.all",
        "edition.clock_shift",
        "request",
        "settings.SECRET_KEY",
        "link.token_hash",
        "nonsense",
    ],
)
def test_a_name_that_the_standard_text_leaves_out_is_refused(name):
    assert name in str(problems("{{ " + name + " }}"))


def test_a_name_hidden_in_a_filter_or_a_condition_is_refused_too():
    assert "person.password" in str(problems("{{ code|default:person.password }}"))
    assert "person.password" in str(problems("{% if person.password == 'a' %}a{% endif %}"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ code ", "nicht geschlossen"),
        ("{{ code }", "nicht geschlossen"),
        ("{user.password}", "geschweiften Klammern"),
        ("{% if code %}offen", "endif"),
        ("{{ code|center:99999999 }}", "Filter"),
        ("{{ code|add:'a'|safe }}", "Filter"),
        ("{{ code..x }}", "code..x"),
        ("{{ _private }}", "nicht lesbar"),
        ("x" * 20_001, "zu lang"),
        ("{% if code %}" * 1500, ""),
    ],
)
def test_broken_texts_are_refused_with_a_sentence(text, said):
    assert said in str(problems(text))


def test_a_letter_nobody_knows_is_refused():
    assert "template" in problems("x", template="../../etc/passwd")


def test_a_wording_that_got_in_otherwise_is_not_used(settings):
    settings.DEMO = True
    edition = make_edition()
    LetterText.objects.create(
        edition=edition, template=CODE, subject="Hallo", body="{% include 'congress/base.html' %}"
    )
    letter = mail.post_letter(
        CODE, once="x", edition=edition, person=make_user(), secret={"code": "ABC-123"}
    )

    text = mail.render(mail.claim(letter.pk), mint=True).body

    assert "ABC-123" in text
    assert "<html" not in text


def test_the_preview_fills_in_facts_and_leaves_names():
    edition = make_edition(title_de="9. Fachkongress")

    subject, body = wording.preview(
        edition, CODE, "de", "{{ edition.title }}", "Code: {{ code }}, {{ person.first_name }}"
    )

    assert subject == "9. Fachkongress"
    assert body == "Code: ‹code›, Kim"


def test_organisers_write_wordings_in_the_admin_and_read_what_is_wrong(client):
    edition = make_edition()
    client.force_login(make_role("organiser", edition).person)
    given = {"edition": edition.pk, "template": CODE, "language": "de", "subject": "Ihr Code"}
    add = reverse("admin:congress_lettertext_add")

    refused = client.post(add, given | {"body": "{{ person.password }}"})

    assert "person.password" in refused.content.decode()
    assert LetterText.objects.count() == 0
    assert client.post(add, given | {"body": "{{ code }}"}).status_code == 302
    own = LetterText.objects.get()
    page = client.get(reverse("admin:congress_lettertext_change", args=[own.pk]))
    assert "‹code›" in page.content.decode()
