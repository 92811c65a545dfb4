"""Forms of the live part."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from congress.fields import LineFormField, ParagraphFormField
from congress.models import Edition, Level, Role, Stage
from congress.text import clean_line
from polls.models import (
    MOST_WORDS,
    OPTION_LIMIT,
    TEXT_LIMIT,
    WORD_LIMIT,
    Poll,
    Question,
    Screen,
)

FEWEST_ANSWERS, MOST_ANSWERS = 2, 12
SCALES, USUAL_SCALE = range(3, 11), 5
MEANING_LIMIT = 60
LONGEST_MINUTES = 120
MOST_MARKED = 1000


def _number(label: Any, least: int, most: int, *, help_text: Any) -> forms.IntegerField:
    """A whole number within bounds, or nothing."""
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=most,
        required=False,
        help_text=help_text,
        error_messages={
            "invalid": _("Please enter a whole number."),
            "min_value": _("The number must be at least %(limit_value)d."),
            "max_value": _("The number may be at most %(limit_value)d."),
        },
    )


class PollForm(forms.Form):
    """A new poll: its question, its kind, and what belongs to the kind."""

    use_required_attribute = False  # what is required hangs on the kind

    # Shown for these kinds only, where JavaScript runs.
    FOR_KINDS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "answers": (Poll.Kind.SINGLE, Poll.Kind.MULTIPLE),
        "min_choices": (Poll.Kind.MULTIPLE,),
        "max_choices": (Poll.Kind.MULTIPLE,),
        "steps": (Poll.Kind.SCALE,),
        "low": (Poll.Kind.SCALE,),
        "high": (Poll.Kind.SCALE,),
        "max_words": (Poll.Kind.WORD_CLOUD,),
    }

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    text = LineFormField(
        label=_("Question"),
        max_length=TEXT_LIMIT,
        error_messages={
            "required": _("Please enter the question."),
            "max_length": _("The question may have at most %(limit_value)d characters."),
        },
    )
    kind = forms.ChoiceField(
        label=_("How is it answered?"),
        choices=(
            (Poll.Kind.SINGLE, _("One answer of several")),
            (Poll.Kind.MULTIPLE, _("Several answers")),
            (Poll.Kind.SCALE, _("On a scale, from … to …")),
            (Poll.Kind.WORD_CLOUD, _("Word cloud: own words")),
        ),
        initial=Poll.Kind.SINGLE,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Please choose how the poll is answered."),
            "invalid_choice": _("There are no polls of this kind."),
        },
    )
    answers = ParagraphFormField(
        label=_("Answers"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("One answer per line, at least two and at most twelve."),
    )
    min_choices = _number(
        _("At least so many answers"), 1, MOST_ANSWERS, help_text=_("Empty: one is enough.")
    )
    max_choices = _number(
        _("At most so many answers"), 1, MOST_ANSWERS,
        help_text=_("Empty: as many as there are answers."),
    )  # fmt: skip
    steps = forms.TypedChoiceField(
        label=_("Steps of the scale"),
        choices=[(number, str(number)) for number in SCALES],
        coerce=int,
        initial=USUAL_SCALE,
        required=False,
        error_messages={"invalid_choice": _("A scale has 3 to 10 steps.")},
    )
    low = LineFormField(
        label=_("What the lowest step means"),
        max_length=MEANING_LIMIT,
        required=False,
        help_text=_("For example: not at all"),
        error_messages={"max_length": _("Please say it in at most %(limit_value)d characters.")},
    )
    high = LineFormField(
        label=_("What the highest step means"),
        max_length=MEANING_LIMIT,
        required=False,
        help_text=_("For example: very much"),
        error_messages={"max_length": _("Please say it in at most %(limit_value)d characters.")},
    )
    max_words = _number(
        _("Words per person"), 1, MOST_WORDS, help_text=_("Empty: up to three words.")
    )
    results_show = forms.ChoiceField(
        label=_("When does the audience see the result?"),
        choices=Poll.Shows.choices,
        initial=Poll.Shows.LIVE,
    )
    minutes = _number(
        _("Closes by itself after so many minutes"), 1, LONGEST_MINUTES,
        help_text=_("Empty: you close it."),
    )  # fmt: skip
    ballots = forms.ChoiceField(
        label=_("Secret or by name?"),
        choices=(
            ("secret", _("Secret: only sums are kept")),
            (
                "named",
                _("By name: the organisers see who chose what; the page says so before the vote"),
            ),
        ),
        initial="secret",
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Please choose secret or by name.")},
    )
    levels = forms.MultipleChoiceField(
        label=_("Only for certain levels"),
        choices=[choice for choice in Level.choices if choice[0] != Level.OTHER],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Nothing marked: everybody who may vote."),
        error_messages={"invalid_choice": _("There is no such level of administration.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("answers", "steps", "low", "high"):
            setattr(self.fields[name], "required_at_times", True)  # noqa: B010  # a word of our renderer

    @classmethod
    def facts_of(cls, poll: Poll) -> dict[str, Any]:
        """What the fields show of a poll that is edited."""
        answers = [option.text for option in poll.options.order_by("position", "pk")]
        facts: dict[str, Any] = {
            "text": poll.text,
            "kind": poll.kind,
            "results_show": poll.results_show,
            "minutes": poll.minutes,
            "ballots": "secret" if poll.secret else "named",
            "levels": poll.levels,
        }
        if poll.is_word_cloud:
            return facts | {"max_words": poll.max_choices}
        if poll.is_scale:
            low, high = (text.partition(" – ")[2] for text in (answers[0], answers[-1]))
            return facts | {"steps": len(answers), "low": low, "high": high}
        return facts | {
            "answers": "\n".join(answers),
            "min_choices": poll.min_choices,
            "max_choices": poll.max_choices,
        }

    @property
    def lines(self) -> list[tuple[BoundField, str]]:
        """The fields one sees, each with the kinds it belongs to; empty: to all."""
        return [
            (field, " ".join(self.FOR_KINDS.get(field.name, ()))) for field in self.visible_fields()
        ]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        kind = data.get("kind")
        if kind in (Poll.Kind.SINGLE, Poll.Kind.MULTIPLE) and "answers" in data:
            self._judge(data, "answers", _answers_in)
        if kind == Poll.Kind.MULTIPLE and not self.errors:
            self._clean_how_many(data)
        if kind == Poll.Kind.SCALE:
            for end in ("low", "high"):
                if end in data and not data[end]:
                    self.add_error(end, _("Please say in words what this end of the scale means."))
        return data

    @property
    def values(self) -> dict[str, Any]:
        """What `actions.create_poll` takes."""
        data = self.cleaned_data
        least, most, answers = 1, 1, data["answers"]
        if data["kind"] == Poll.Kind.MULTIPLE:
            least, most = data["min_choices"], data["max_choices"]
        elif data["kind"] == Poll.Kind.SCALE:
            answers = scale_answers(data["steps"] or USUAL_SCALE, data["low"], data["high"])
        elif data["kind"] == Poll.Kind.WORD_CLOUD:
            answers, most = [], data["max_words"] or MOST_WORDS
        same = ("key", "text", "kind", "results_show", "minutes", "levels")
        return {
            **{name: data[name] for name in same},
            "secret": data["ballots"] != "named",
            "answers": answers,
            "min_choices": least,
            "max_choices": most,
        }

    def _judge(self, data: dict[str, Any], name: str, judge: Callable[[str], Any]) -> None:
        try:
            data[name] = judge(data[name])
        except ValidationError as error:
            self.add_error(name, error)

    def _clean_how_many(self, data: dict[str, Any]) -> None:
        count = len(data["answers"])
        data["min_choices"] = data["min_choices"] or 1
        data["max_choices"] = data["max_choices"] or count
        if data["max_choices"] > count:
            self.add_error("max_choices", _("There are not so many answers."))
        elif data["min_choices"] > data["max_choices"]:
            self.add_error("min_choices", _("That is more than may be chosen."))


def _answers_in(text: str) -> list[str]:
    """One answer per line. Raises `ValidationError`."""
    answers = [clean_line(line) for line in text.split("\n") if line.strip()]
    if not answers:
        raise ValidationError(_("Please enter the answers, one per line."))
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


def scale_answers(steps: int, low: str, high: str) -> list[str]:
    """The steps as answers: the ends say in words what they mean."""
    answers = [str(step) for step in range(1, steps + 1)]
    return [f"{answers[0]} – {low}", *answers[1:-1], f"{answers[-1]} – {high}"]


# What is asked again and again, to begin with: name in the address → label and what stands in the form.
TEMPLATES: dict[str, tuple[Any, dict[str, Any]]] = {
    "gefallen": (
        _("How did you like it?"),
        {
            "text": _("How did you like this session?"),
            "kind": Poll.Kind.SCALE,
            "steps": 5,
            "low": _("not at all"),
            "high": _("very much"),
            "results_show": Poll.Shows.ON_CLOSE,
        },
    ),
    "zustimmen": (
        _("Do you agree?"),
        {
            "text": _("Do you agree with the thesis?"),
            "kind": Poll.Kind.SINGLE,
            "answers": _("Yes\nRather yes\nRather no\nNo"),
            "results_show": Poll.Shows.AFTER_VOTE,
        },
    ),
    "stand": (
        _("How far are you?"),
        {
            "text": _("How far is your organisation with it?"),
            "kind": Poll.Kind.SINGLE,
            "answers": _("In use\nBeing tried out\nPlanned\nNot begun"),
            "results_show": Poll.Shows.LIVE,
        },
    ),
    "wort": (
        _("One word for it"),
        {
            "text": _("Which word comes to your mind?"),
            "kind": Poll.Kind.WORD_CLOUD,
            "max_words": 1,
            "results_show": Poll.Shows.ON_CLOSE,
        },
    ),
}


class WordsField(forms.Field):
    """Words that were marked in a list."""

    widget = forms.MultipleHiddenInput

    def clean(self, value: Any) -> list[str]:
        return [clean_line(word) for word in (value or [])[:MOST_MARKED]]


class WordsForm(forms.Form):
    """What a moderator typed or marked in the list of words."""

    words = WordsField(required=False)
    word = LineFormField(
        required=False,
        max_length=WORD_LIMIT,
        error_messages={
            "max_length": _("A word may have at most %(limit_value)d characters."),
        },
    )


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


class StageLinkForm(forms.Form):
    """A link to the console of one stage for one day."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    stage = forms.ModelChoiceField(
        label=_("Stage"),
        queryset=Stage.objects.none(),
        empty_label=None,
        error_messages={
            "required": _("Please choose a stage."),
            "invalid_choice": _("This stage does not exist here."),
        },
    )
    kind = forms.ChoiceField(
        label=_("What for"),
        choices=((Role.Kind.MODERATOR, _("Moderation")), (Role.Kind.DIRECTOR, _("Regie"))),
        initial=Role.Kind.MODERATOR,
        widget=forms.RadioSelect,
    )
    day = forms.TypedChoiceField(
        label=_("Day"),
        coerce=date.fromisoformat,
        error_messages={
            "invalid_choice": _("This is no day of the congress that is still to come.")
        },
    )

    def __init__(self, *args: Any, edition: Edition, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stage: Any = self.fields["stage"]
        stage.queryset = edition.stages.order_by("position", "pk")
        day: Any = self.fields["day"]
        today = edition.local(now).date()
        ahead = [one for one in edition.days if one >= today]
        # Whoever tries out on the eve needs that day, too.
        if not ahead or today < ahead[0]:
            ahead.insert(0, today)
        day.choices = [(one.isoformat(), date_format(one, "DATE_FORMAT")) for one in ahead]


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


class AnswerForm(forms.Form):
    """A written answer to one question; several stand on one page."""

    use_required_attribute = False

    text = ParagraphFormField(
        label=_("Your answer"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Please write an answer.")},
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def clean_version(self) -> int:
        return self.cleaned_data["version"] or 0

    @classmethod
    def of(cls, question: Question, data: Any = None) -> "AnswerForm":
        written = getattr(question, "written", None)
        initial = {"text": written.text, "version": written.version} if written else {"version": 0}
        return cls(data, initial=initial, auto_id=f"frage-{question.pk}-%s")
