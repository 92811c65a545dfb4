"""Forms of the help desk."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms


class KeyedForm(forms.Form):
    """Sent twice it is one act."""

    use_required_attribute = False

    form_key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"form_key": uuid.uuid4(), **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)

    def clean_form_key(self) -> uuid.UUID:
        given: uuid.UUID | None = self.cleaned_data["form_key"]
        return given or uuid.uuid4()
