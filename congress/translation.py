"""Texts in two columns, `x_de` and `x_en`, read as `x` in the reader's language."""

from typing import Any, overload

from django.db import models
from django.utils.translation import get_language


class Translated:
    """Reads `<name>_<language>`; where that is empty, German.

    Explicit columns work with history, import and export, and admin validation alike.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, row: None, owner: type[models.Model]) -> "Translated": ...
    @overload
    def __get__(self, row: models.Model, owner: type[models.Model]) -> str: ...
    def __get__(self, row: models.Model | None, owner: type[models.Model]) -> Any:
        if row is None:
            return self
        if (get_language() or "de").startswith("en"):
            english: str = getattr(row, f"{self.name}_en")
            if english:
                return english
        return getattr(row, f"{self.name}_de")
