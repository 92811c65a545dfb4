"""Invented releases and pictures: one that is out, one under embargo, one that waits, and a draft."""

from __future__ import annotations

import io
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

from congress import uploads
from congress.models import Edition, User
from press import publishing
from press.models import PressFile, PressRelease

KEYS = uuid.UUID("0b8a6e52-58a4-4d0f-8a1c-5f1f0a2c2021")


@dataclass(frozen=True)
class Told:
    """A release as the seed writes it; times are UTC."""

    title: str
    teaser: str
    body: str
    published: datetime | None = None
    embargo: datetime | None = None


RELEASES = (
    Told(
        "Zwei Tage, drei Bühnen: Verwaltung trifft sich im Netz",
        "Am 17. und 18. März 2021 kommen Fachleute aus Bund, Ländern und Kommunen zum 9. Fachkongress des "
        "IT-Planungsrats zusammen – zum ersten Mal rein virtuell.",
        "Auf drei Bühnen geht es um das **Onlinezugangsgesetz**, um **digitale Souveränität** und um die **Verwaltung "
        "der Zukunft**. Wer zusieht, kann Fragen stellen, abstimmen und Beiträge bewerten.\n\n"
        "## Für die Medien\n\n"
        "- Akkreditierung bis zum 16. März 2021, 13 Uhr\n"
        "- danach ein persönlicher Zugangslink zu allen Bühnen\n"
        "- Bilder und Unterlagen in der Pressemappe\n\n"
        "Diese Medieninformation ist erfunden; sie zeigt, wie eine aussieht.",
        datetime(2021, 3, 15, 9, 0, tzinfo=UTC),
    ),
    Told(
        "So haben die Kommunen abgestimmt",
        "Ergebnisse der Live-Umfragen vom ersten Kongresstag, nach Verwaltungsebenen.",
        "Über die elektronische Akte, gemeinsame Rechenzentren und Barrierefreiheit stimmten am ersten Tag mehrere "
        "hundert Menschen ab.\n\n"
        "| Frage | Antworten |\n| --- | --- |\n| Elektronische Akte | 612 |\n| Zusammenarbeit | 548 |\n\n"
        "Die Zahlen sind erfunden.",
        datetime(2021, 3, 18, 7, 30, tzinfo=UTC),
        datetime(2021, 3, 18, 12, 0, tzinfo=UTC),
    ),
    Told(
        "Nach zwei Tagen: Bilanz des Kongresses",
        "Wie viele zugesehen, gefragt und abgestimmt haben.",
        "Die Bilanz erscheint am Ende des zweiten Tages.",
        datetime(2021, 3, 18, 15, 30, tzinfo=UTC),
    ),
    Told(
        "Der nächste Gastgeber stellt sich vor",
        "",
        "Entwurf: Ort und Termin folgen.",
    ),
)


def fill(edition: Edition, officer: User) -> None:
    """Repeatable: what is missing comes, what is there stays as visitors left it."""
    for number, told in enumerate(RELEASES, start=1):
        PressRelease.objects.get_or_create(
            edition=edition,
            form_key=uuid.uuid5(KEYS, f"release-{number}"),
            defaults={
                "number": number,
                "title": told.title,
                "teaser": told.teaser,
                "body": told.body,
                "published_at": told.published,
                "embargo_until": told.embargo,
                # What came out before the demonstration began is in nobody's mailbox.
                "mailed_at": told.published if _is_past(told, edition) else None,
                "example": True,
            },
        )
    for name, shown, colours in PICTURES:
        file = publishing.add_file(
            edition=edition,
            release=None,
            form_key=uuid.uuid5(KEYS, name),
            brought=uploads.take(SimpleUploadedFile("bild", _drawn(colours))),
            by=officer,
            now=datetime(2021, 3, 12, 10, 0, tzinfo=UTC),
            title=name,
            description=shown,
            caption=f"{name} beim 9. Fachkongress des IT-Planungsrats (gezeichnet).",
            credit="Grafik: Demonstration",
            terms="Honorarfrei bei Berichten über den Kongress, mit Bildnachweis.",
            example=True,
        )
        PressFile.objects.filter(pk=file.pk, downloads=0).update(downloads=len(name))


def _is_past(told: Told, edition: Edition) -> bool:
    return told.published is not None and told.published < edition.now()


PICTURES = (
    ("Bühne im Plenum", "Kreise, die von einem hellen Punkt ausgehen", ("#101c4c", "#8fb0ff")),
    ("Forum A", "Kreise in Grün, die von einem hellen Punkt ausgehen", ("#0d3b36", "#7fe0cf")),
)


def _drawn(colours: tuple[str, str]) -> bytes:
    """Circles around a point, like the key visual: nobody's photograph."""
    ground, ink = colours
    image = Image.new("RGB", (1800, 1200), ground)
    pen = ImageDraw.Draw(image)
    for ring in range(1, 16):
        reach = ring * 70
        pen.ellipse(
            (1300 - reach, 1000 - reach, 1300 + reach, 1000 + reach),
            outline=ink,
            width=max(2, 16 - ring),
        )
    pen.ellipse((1280, 980, 1320, 1020), fill="white")
    written = io.BytesIO()
    image.save(written, "JPEG", quality=85)
    return written.getvalue()
