"""Forms that are one act however often they are sent."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

_WITHOUT_A_KEY = uuid.UUID("5b1f7c5e-6f0e-4c0e-9a63-3c1c3f0f8f11")


class KeyField(forms.UUIDField):
    """What is no key counts as none: nobody can correct what they do not see."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except ValidationError:
            return None


class KeyedForm(forms.Form):
    """Sent twice it is one act.

    Each page brings a key of its own. Where it is missing, what was sent is the key: the same once more is the same
    form. The page's CSRF token, new for each page, is part of it, so that nobody meets the form of somebody else.
    `about`: whom the act concerns, where what was sent does not tell.
    """

    use_required_attribute = False

    form_key = KeyField(required=False)

    def __init__(self, *args: Any, about: str = "", **kwargs: Any) -> None:
        kwargs["initial"] = {"form_key": uuid.uuid4(), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        self._about = about

    def clean_form_key(self) -> uuid.UUID:
        given: uuid.UUID | None = self.cleaned_data["form_key"]
        return given or self._key_of_what_was_sent()

    def _key_of_what_was_sent(self) -> uuid.UUID:
        many = getattr(self.data, "lists", self.data.items)
        sent = sorted(
            (name, value) for name, value in many() if name != self.add_prefix("form_key")
        )
        brought: list[tuple[str, Any]] = list(self.files.items())
        files = sorted((name, file.name, file.size) for name, file in brought)
        what = json.dumps([type(self).__name__, self._about, sent, files], default=str)
        return uuid.uuid5(_WITHOUT_A_KEY, hashlib.sha256(what.encode()).hexdigest())
