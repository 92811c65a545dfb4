"""Forms of the live part."""

from typing import Any
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from congress.fields import LineFormField, ParagraphFormField
from congress.models import Stage
from congress.text import clean_line
from polls.models import OPTION_LIMIT, TEXT_LIMIT, Poll, Screen

FEWEST_ANSWERS, MOST_ANSWERS = 2, 12
LONGEST_MINUTES = 120


class PollForm(forms.Form):
    """A new poll of one question and its answers. Kinds that stages do not take yet are not offered."""

    KINDS = (
        (Poll.Kind.SINGLE, Poll.Kind.SINGLE.label),
        (Poll.Kind.MULTIPLE, Poll.Kind.MULTIPLE.label),
    )

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    text = LineFormField(
        label=_("Question"),
        max_length=TEXT_LIMIT,
        error_messages={
            "required": _("Please enter the question."),
            "max_length": _("The question may have at most %(limit_value)d characters."),
        },
    )
    answers = ParagraphFormField(
        label=_("Answers"),
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("One answer per line, at least two and at most twelve."),
        error_messages={"required": _("Please enter the answers, one per line.")},
    )
    kind = forms.ChoiceField(
        label=_("How many answers may each person choose?"),
        choices=KINDS,
        initial=Poll.Kind.SINGLE,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Stages do not take polls of this kind.")},
    )
    max_choices = forms.IntegerField(
        label=_("At most how many, where several may be chosen"),
        min_value=2,
        max_value=MOST_ANSWERS,
        required=False,
        help_text=_("Empty: as many as there are answers."),
        error_messages={
            "invalid": _("Please enter a number."),
            "min_value": _("At least two, otherwise it is one answer."),
            "max_value": _("There are at most twelve answers."),
        },
    )
    results_show = forms.ChoiceField(
        label=_("When does the audience see the result?"),
        choices=Poll.Shows.choices,
        initial=Poll.Shows.LIVE,
    )
    minutes = forms.IntegerField(
        label=_("Closes by itself after so many minutes"),
        min_value=1,
        max_value=LONGEST_MINUTES,
        required=False,
        help_text=_("Empty: you close it."),
        error_messages={
            "invalid": _("Please enter a number."),
            "min_value": _("At least one minute."),
            "max_value": _("At most 120 minutes."),
        },
    )

    def clean_answers(self) -> list[str]:
        answers = [
            clean_line(line) for line in self.cleaned_data["answers"].split("\n") if line.strip()
        ]
        if len(answers) < FEWEST_ANSWERS:
            raise ValidationError(_("Please enter at least two answers, one per line."))
        if len(answers) > MOST_ANSWERS:
            raise ValidationError(_("Please enter at most twelve answers."))
        for answer in answers:
            if len(answer) > OPTION_LIMIT:
                raise ValidationError(
                    _(
                        "Each answer may have at most %(limit)d characters; this one is too long: “%(start)s …”"
                    ),
                    params={"limit": OPTION_LIMIT, "start": answer[:40]},
                )
        if len({answer.casefold() for answer in answers}) != len(answers):
            raise ValidationError(_("Two answers are the same."))
        return answers

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("kind") == Poll.Kind.MULTIPLE and "answers" in data:
            most = data.get("max_choices") or len(data["answers"])
            if most > len(data["answers"]):
                self.add_error("max_choices", _("There are not so many answers."))
            data["max_choices"] = most
        else:
            data["max_choices"] = 1
        return data


class ScreenForm(forms.Form):
    """A new screen of one of these stages."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    name = LineFormField(
        label=_("Name"),
        max_length=60,
        help_text=_("Where it stands or what it is for, such as “mixer plenary” or “wall foyer”."),
        error_messages={
            "required": _("Please enter a name, so that the screen is found again."),
            "max_length": _("The name may have at most %(limit_value)d characters."),
        },
    )
    stage = forms.ModelChoiceField(
        label=_("Stage"),
        queryset=Stage.objects.none(),
        empty_label=None,
        error_messages={"required": _("Please choose a stage.")},
    )
    shows = forms.ChoiceField(
        label=_("What it shows"), choices=Screen.Shows.choices, initial=Screen.Shows.HALL
    )

    def __init__(self, *args: Any, stages: list[Stage], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stage: Any = self.fields["stage"]
        stage.queryset = Stage.objects.filter(pk__in=[place.pk for place in stages])


class SayForm(forms.Form):
    """A text of the Regie; empty takes it away."""

    use_required_attribute = False

    text = ParagraphFormField(
        label=_("Announcement"),
        required=False,
        max_length=500,
        help_text=_("Empty: the announcement goes away."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, limit: int = 500, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"] = (
            LineFormField(required=False, max_length=limit) if limit < 500 else self.fields["text"]
        )
