"""Screens of the demonstration: opened by one click, with an address made at that moment."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

from django.urls import reverse

from congress import actions as congress_actions
from congress.models import Edition
from polls import screens
from polls.models import Screen

SCREENS: tuple[tuple[str, str, str], ...] = (
    (
        "saal",
        "Anzeige im Saal",
        "Was gerade läuft, mit QR-Code: Umfrage, Frage oder Programmpunkt. Öffnen Sie daneben die Regie.",
    ),
    (
        "bauchbinde",
        "Bauchbinde für OBS",
        "Durchsichtig, für die Quelle „Browser“ mit 1920 × 1080: wer im Plenum gerade spricht.",
    ),
    (
        "restzeit",
        "Restzeit am Pult",
        "Wie lange die Person am Pult noch hat. Stellen Sie in der Regie eine Verspätung ein.",
    ),
)


def open_screen(edition: Edition, word: str) -> str | None:
    """A screen of the first stage with an address that works now; set up where it is missing."""
    now = edition.now()
    stage = edition.stages.order_by("position", "pk").first()
    if stage is None:
        return None
    stage.edition = edition
    key = uuid5(NAMESPACE_URL, f"demo/{edition.pk}/{word}")
    screen = Screen.objects.with_link().filter(key=key).first()
    if screen is not None and not screen.link.is_open(now):
        screen.link.delete()  # the clock was turned to before it, or somebody ended it
        screen = None
    if screen is None:
        name = next(label for one, label, _text in SCREENS if one == word)
        _screen, token = screens.create(
            stage=stage, name=name, shows=screens.WORDS[word], key=key, now=now
        )
    else:
        token = congress_actions.mint(link=screen.link, now=now)
    return reverse("screen", kwargs={"edition": edition.slug, "token": token})
