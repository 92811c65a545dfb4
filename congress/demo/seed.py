"""Fills the demonstration: the edition and its real facts, its stages, its invented people; then what the apps add."""

from datetime import UTC, date, datetime, time
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction

from congress import actions, panels
from congress.demo.people import DEMO_PEOPLE, DemoPerson
from congress.models import Admission, Edition, Role, Stage, State, User

DEMO_SLUG = "2021"
# 18 March 2021, 10:00 in Berlin: on each of the three stages somebody is speaking.
DEMO_MOMENT = datetime(2021, 3, 18, 9, 0, tzinfo=UTC)

# Facts: press release of 16 March 2021 and the sources in docs/quellen.md.
FACTS: dict[str, Any] = {
    "number": 9,
    "year": 2021,
    "title_de": "9. Fachkongress des IT-Planungsrats",
    "title_en": "9th Fachkongress of the IT-Planungsrat",
    "motto_de": "So geht Zukunft. Digital.",
    "motto_en": "This is how the future works. Digitally.",
    "summary_de": (
        "Zwei Tage, drei Schwerpunkte, drei Bühnen: Fachleute aus Bund, Ländern und Kommunen sprechen über das "
        "Onlinezugangsgesetz, über Digitale Souveränität und über die Verwaltung der Zukunft. Der Kongress findet "
        "erstmals rein digital statt und wird aus der MESSE Dresden übertragen."
    ),
    "summary_en": (
        "Two days, three themes, three stages: people from the federal, state and municipal administrations talk "
        "about the Online Access Act, digital sovereignty and the administration of the future. For the first time "
        "the congress is entirely digital, broadcast from MESSE Dresden."
    ),
    "organiser": "Freistaat Sachsen mit Unterstützung der FITKO",
    "starts_on": date(2021, 3, 17),
    "ends_on": date(2021, 3, 18),
    "opens_at": time(13, 30),
    "city": "Dresden",
    "venue": "MESSE Dresden",
    "format": Edition.Format.VIRTUAL,
    "registration_opens_at": datetime(2021, 1, 11, 8, tzinfo=UTC),
    "registration_closes_at": datetime(2021, 3, 16, 17, tzinfo=UTC),
    "press_deadline_at": datetime(2021, 3, 16, 12, tzinfo=UTC),  # 13:00 in Berlin
    "header_line_de": "Demonstration – keine amtliche Seite",
    "header_line_en": "Demonstration – not an official site",
    "help_phone": "0000 000 00 00 (Beispiel)",
    "help_email": "hilfe@fachkongress.example",
    "press_email": "presse@fachkongress.example",
}
STAGES = (
    ("plenum", "Plenum", "Plenary"),
    ("forum-a", "Forum A", "Forum A"),
    ("forum-b", "Forum B", "Forum B"),
)


def seed() -> Edition:
    """Bring the demonstration to its full state. What is there already stays as it is."""
    for step in panels.setup_steps:
        step()
    with transaction.atomic():
        edition = _edition()
        for position, (slug, german, english) in enumerate(STAGES):
            Stage.objects.get_or_create(
                edition=edition,
                slug=slug,
                defaults={"name_de": german, "name_en": english, "position": position},
            )
        for person in DEMO_PEOPLE:
            _person(person, edition)
    for fill in panels.demo_data:
        fill(edition)
    return edition


def _edition() -> Edition:
    hosts = {state.code: state for state in State.objects.filter(code__in=("SN", "SL"))}
    edition, created = Edition.objects.get_or_create(
        slug=DEMO_SLUG,
        defaults={**FACTS, "practice": True, "host_state": hosts["SN"], "next_host": hosts["SL"]},
    )
    if created:
        edition.clock_shift = DEMO_MOMENT - edition.now()
        edition.save(update_fields=["clock_shift"])
    return edition


def demo_user(demo: DemoPerson) -> User | None:
    """The row of a demo person; people without a sign-in address are found by name and body."""
    if demo.email:
        return User.objects.filter(email=demo.email).first()
    return User.objects.filter(
        email__isnull=True, first_name=demo.first_name, last_name=demo.last_name, body=demo.body
    ).first()


def _person(demo: DemoPerson, edition: Edition) -> None:
    user = demo_user(demo) or User.objects.create_user(
        demo.email,
        title=demo.title,
        first_name=demo.first_name,
        last_name=demo.last_name,
        body=demo.body,
        contact_email="" if demo.email else f"{demo.key}@rundschau.example",
    )
    if demo.email:
        EmailAddress.objects.get_or_create(
            user=user, email=demo.email, defaults={"verified": True, "primary": True}
        )
    if demo.admission and not Admission.objects.filter(person=user, edition=edition).exists():
        actions.grant_admission(
            person=user, edition=edition, kind=demo.admission, level=demo.level, now=edition.now()
        )
    if demo.role:
        Role.objects.get_or_create(
            person=user,
            edition=None if demo.everywhere else edition,
            kind=demo.role,
            stage=edition.stages.get(slug=demo.stage) if demo.stage else None,
        )
    for kind in demo.also:
        Role.objects.get_or_create(person=user, edition=edition, kind=kind, stage=None)
