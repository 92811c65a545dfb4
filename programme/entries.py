"""What the programme enters in the registries of the congress."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from congress import panels, permissions, retention
from congress.http import EditionRequest
from congress.models import Role
from programme import actions, desk, queries
from programme.demo.seed import fill

panels.badge_doors |= {"programme", "session"}


def programme_url(request: EditionRequest) -> str:
    return reverse("programme", kwargs={"edition": request.edition.slug})


def home(request: EditionRequest) -> dict[str, Any]:
    """What is on, the tracks, how much there is, and what it begins with."""
    edition = request.edition
    url = programme_url(request)
    tracks = list(queries.tracks_with_counts(edition))
    return {
        "programme_url": url,
        "on_air": _on_air(request),
        "tracks": [
            {
                "name": track.name,
                "description": track.description,
                "count": count,
                "url": f"{url}?schwerpunkt={track.slug}",
            }
            for track, count in tracks
        ],
        "facts": _facts(queries.figures(edition) | {"tracks": len(tracks)}, len(edition.days)),
        "highlights": queries.highlights(edition),
    }


def _on_air(request: EditionRequest) -> list[Any]:
    """What is on. For whoever is signed in and may not enter, stages do not exist: the programme does."""
    stages = queries.on_air(request.edition, request.now)
    access = request.access
    if access.person is None or access.has_role or access.admission is not None:
        return list(stages)
    return [
        {
            "stage": on.stage,
            "session": on.session,
            "next": on.next,
            "delay_minutes": on.delay_minutes,
            "url": on.session.get_absolute_url() if on.session else programme_url(request),
        }
        for on in stages
    ]


def _facts(figures: dict[str, int], days: int) -> list[dict[str, Any]]:
    if not figures["sessions"]:
        return []
    lines = (
        (days, _("days")),
        (figures["tracks"], _("themes")),
        (figures["stages"], _("stages")),
        (figures["sessions"], _("talks and panels")),
    )
    return [{"figure": figure, "label": label} for figure, label in lines if figure]


def see_the_programme(request: EditionRequest) -> panels.MainButton | None:
    """The button for whoever nothing else fits."""
    if not request.edition.sessions.exists():
        return None
    return panels.MainButton(label=_("See the programme"), url=programme_url(request))


panels.navigation.register(panels.Item(_("Programme"), "programme"), order=10)
panels.home_context.register(home)
panels.main_buttons.register(see_the_programme, order=90)
panels.demo_data.register(fill, order=20)
panels.help_finders.register(desk.Speakers(), order=30)
panels.help_sentences.register(desk.sentences, order=30)

permissions.grant(Role.Kind.ORGANISER, "programme.*")
permissions.grant(Role.Kind.COMMITTEE, "programme.view_*")
permissions.grant(Role.Kind.OBSERVER, "programme.view_*")

panels.clock_turned.register(actions.follow_the_plan)

# The history of sessions names who changed them, speakers are named themselves.
retention.steps.register(
    retention.Step(_("History of the programme"), queries.forgettable_history, retention.delete),
    order=61,
)
retention.steps.register(
    retention.Step(
        _("Mailboxes of speakers’ offices"), queries.forgettable_offices, retention.delete
    ),
    order=65,
)
retention.steps.register(
    retention.Step(_("Names of speakers"), queries.forgettable_speakers, retention.delete),
    order=70,
)
