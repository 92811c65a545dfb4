"""Forms come out in KERN's markup: labelled, described, and with a summary that leads to the mistakes."""

import re

import pytest
from django import forms
from django.utils.translation import override

from congress.kernforms import DateInput, InlineRadioSelect


class Sample(forms.Form):
    name = forms.CharField(label="Vorname")
    email = forms.EmailField(label="E-Mail", help_text="Zum Beispiel a@b.example")
    level = forms.ChoiceField(label="Ebene", choices=[("b", "Bund"), ("l", "Land")])
    way = forms.ChoiceField(
        label="Teilnahme", choices=[("o", "Vor Ort"), ("n", "Online")], widget=InlineRadioSelect
    )
    needs = forms.MultipleChoiceField(
        label="Bedarf",
        choices=[("a", "A"), ("b", "B")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    day = forms.DateField(label="Tag", widget=DateInput(), required=False)
    note = forms.CharField(label="Bemerkung", widget=forms.Textarea, required=False)
    proof = forms.FileField(label="Nachweis", required=False)
    agreed = forms.BooleanField(label="Ich habe die Hinweise gelesen.")
    secret = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean(self):
        if self.data.get("name") == "voll":
            raise forms.ValidationError("Es ist kein Platz mehr frei.")


def html_of(data=None) -> str:
    with override("de"):
        return str(Sample(data))


def test_every_control_has_a_label_of_its_own():
    html = html_of()
    controls = re.findall(
        r"<(?:input|select|textarea)(?![^>]*type=\"hidden\")[^>]* id=\"([^\"]+)\"", html
    )

    assert len(controls) == 11
    assert sorted(controls) == sorted(re.findall(r"<label[^>]* for=\"([^\"]+)\"", html))


@pytest.mark.parametrize(
    ("control", "kern_class"),
    [
        ("id_name", "kern-form-input__input"),
        ("id_level", "kern-form-input__select"),
        ("id_way_0", "kern-form-check__radio"),
        ("id_needs_0", "kern-form-check__checkbox"),
        ("id_agreed", "kern-form-check__checkbox"),
        ("id_note", "kern-form-input__input"),
        ("id_proof", "kern-form-input__input"),
    ],
)
def test_controls_wear_the_class_of_their_kind(control, kern_class):
    tag = re.search(rf"<[^>]* id=\"{control}\"[^>]*>", html_of())

    assert re.search(r'class="([^"]*)"', tag[0])[1] == kern_class


def test_groups_of_choices_are_fieldsets_with_a_legend():
    html = html_of()

    assert html.count("<fieldset") == 2
    assert re.findall(r"<legend[^>]*>\s*(\w+)", html) == ["Teilnahme", "Bedarf"]
    assert html.count("kern-fieldset__body--horizontal") == 1


def test_what_must_not_stay_empty_says_so_also_where_our_sentences_replace_the_browsers():
    class Ours(Sample):
        use_required_attribute = False
        upload = forms.FileField(label="Nachweis")

    with override("de"):
        tags = re.findall(r"<(?:input|select|textarea|fieldset)[^>]*>", str(Ours()))
    said = [tag for tag in tags if 'aria-required="true"' in tag]

    assert [re.search(r' id="([^"]+)"', tag)[1] for tag in said] == [
        "id_name",
        "id_email",
        "id_level",
        "id_way",
        "id_agreed",
    ]
    assert not any(" required" in tag for tag in tags)


def test_what_may_stay_empty_says_so():
    assert html_of().count("freiwillig") == 4


def test_an_empty_form_has_no_summary():
    assert "kern-alert" not in html_of()


def test_the_summary_counts_in_the_language_and_leads_to_each_mistake():
    html = html_of({"name": "Jörg", "email": "kein", "level": "b"})
    summary = html.split("fk-form")[0]

    assert "Bitte korrigieren Sie 3 Eingaben" in summary
    assert re.findall(r'href="#([^"]+)"', summary) == ["id_email", "id_way_0", "id_agreed"]
    assert set(re.findall(r'href="#([^"]+)"', summary)) <= set(re.findall(r' id="([^"]+)"', html))


def test_one_mistake_is_told_in_the_singular():
    html = html_of({"name": "Jörg", "email": "a@b.example", "level": "b", "way": "o"})

    assert "Bitte korrigieren Sie eine Eingabe" in html
    assert "Ich habe die Hinweise gelesen: " in html


def test_a_refusal_of_the_whole_form_stands_in_the_summary():
    html = html_of(
        {"name": "voll", "email": "a@b.example", "level": "b", "way": "o", "agreed": "on"}
    )

    assert '<li class="kern-list__item">Es ist kein Platz mehr frei.</li>' in html


def test_a_mistake_is_tied_to_its_control_and_what_was_typed_stays():
    html = html_of({"name": "Jörg", "email": "kein"})
    tag = re.search(r"<input[^>]* id=\"id_email\"[^>]*>", html)[0]

    assert 'aria-invalid="true"' in tag
    assert 'aria-describedby="id_email_helptext id_email_error"' in tag
    assert 'value="kein"' in tag
    assert 'id="id_email_error"' in html
    assert 'id="id_email_helptext"' in html
    assert "kern-form-input__input--error" in tag


def test_a_date_speaks_to_the_browsers_picker_in_iso():
    html = html_of({"day": "2021-03-17"})

    assert re.search(r"<input type=\"date\"[^>]*value=\"2021-03-17\"", html)


def test_parts_of_a_widget_keep_their_own_classes():
    """The admin's scripts find its date pickers by class."""
    from django.contrib.admin.widgets import AdminSplitDateTime

    class Split(forms.Form):
        at = forms.SplitDateTimeField(widget=AdminSplitDateTime())

    assert 'class="vDateField"' in str(Split()["at"])
