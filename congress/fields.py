"""Model and form fields that hold the rules of `congress.text` and `congress.mailbox`, wherever a value comes from."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models

from congress import mailbox, text

if TYPE_CHECKING:
    _Text = models.CharField[str, str]
    _LongText = models.TextField[str, str]
    _MaybeText = models.CharField[str | None, str | None]
else:
    _Text = _MaybeText = models.CharField
    _LongText = models.TextField


def _refuse_far_too_long(value: str, limit: int | None) -> None:
    """Nobody reads a megabyte letter by letter to find that it is too long."""
    if limit is not None and len(value) > 4 * limit:
        MaxLengthValidator(limit)(value)


class LineFormField(forms.CharField):
    """One line of text (`congress.text.clean_line`); the limit counts what is stored."""

    def to_python(self, value: Any) -> str:
        given = super().to_python(value) or ""
        _refuse_far_too_long(given, self.max_length)
        return text.clean_line(given)


class ParagraphFormField(forms.CharField):
    """Text with line breaks (`congress.text.clean_paragraph`)."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        given = super().to_python(value) or ""
        _refuse_far_too_long(given, self.max_length)
        return text.clean_paragraph(given)


class MailboxFormField(forms.CharField):
    """An e-mail address in canonical form (`congress.mailbox.canonical`)."""

    widget = forms.EmailInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 320, **kwargs})

    def to_python(self, value: Any) -> str:
        given = super().to_python(value) or ""
        _refuse_far_too_long(given, self.max_length)
        return mailbox.canonical(given) if given else ""


class LineField(_Text):
    """A `CharField` for one line people read."""

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return text.clean_line(value) if isinstance(value, str) else value

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": LineFormField, **kwargs})


class ParagraphField(_LongText):
    """A `TextField` for paragraphs people read; `max_length` holds outside forms too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.max_length is not None:
            self.validators.append(MaxLengthValidator(self.max_length))

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return text.clean_paragraph(value) if isinstance(value, str) else value

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": ParagraphFormField, **kwargs})


class MailboxField(_MaybeText):
    """An e-mail address, canonical in every row: saved values are canonicalised, not only form input."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_length": mailbox.ADDRESS_LIMIT, **kwargs})

    def to_python(self, value: Any) -> Any:
        return mailbox.canonical(value) if isinstance(value, str) and value else value

    def get_prep_value(self, value: Any) -> Any:
        try:
            return self.to_python(super().get_prep_value(value))
        except ValidationError:
            # A look-up for what is no address finds nothing; a row of it is refused by the CHECKs.
            return value

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": MailboxFormField, "max_length": 320, **kwargs})
