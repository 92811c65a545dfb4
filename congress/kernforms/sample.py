"""A form with every kind of control, for the page that shows all components."""

from django import forms

from congress.kernforms.widgets import DateInput, DateTimeInput, InlineRadioSelect


class SampleForm(forms.Form):
    """Texts are German as everything on that page, which is for those who build pages."""

    name = forms.CharField(label="Vorname und Nachname")
    email = forms.EmailField(
        label="Dienstliche E-Mail-Adresse", help_text="Zum Beispiel name@stadt-musterhausen.example"
    )
    level = forms.ChoiceField(
        label="Verwaltungsebene",
        choices=[("", "Bitte wählen"), ("bund", "Bund"), ("land", "Land"), ("kommune", "Kommune")],
    )
    way = forms.ChoiceField(
        label="Teilnahme",
        choices=[("onsite", "Vor Ort"), ("online", "Online")],
        widget=InlineRadioSelect,
    )
    needs = forms.MultipleChoiceField(
        label="Was brauchen Sie, um gut teilnehmen zu können?",
        help_text="Freiwillig; wird 14 Tage nach dem Kongress gelöscht.",
        choices=[("dgs", "Gebärdensprache"), ("text", "Schriftdolmetschen")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    day = forms.DateField(label="Tag", widget=DateInput(), required=False)
    at = forms.DateTimeField(label="Zeitpunkt", widget=DateTimeInput(), required=False)
    note = forms.CharField(
        label="Bemerkung", widget=forms.Textarea(attrs={"rows": 4}), required=False
    )
    proof = forms.FileField(label="Nachweis", help_text="PDF oder Bild bis 2 MB", required=False)
    agreed = forms.BooleanField(label="Ich habe die Datenschutzhinweise gelesen.")
