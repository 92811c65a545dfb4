"""What the live part enters in the registries of the congress."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from congress import panels, permissions, retention
from congress.http import EditionRequest
from congress.live.entry import RUNS_A_STAGE
from congress.models import AccessLink, Edition, Role, User
from congress.retention import AFTER_THE_EDITION, ended_before
from polls import demo_offices, desk
from polls.demo import fill, open_polls_again
from polls.demo_screens import SCREENS, open_screen
from polls.models import Participation, Question, Rated, Support, Vote
from polls.views import offices, results
from polls.views.check import figures_panel
from programme.panels import OfficePart, office_parts, session_panels
from programme.queries import stages_now

NAMES_OF_QUESTIONS = timedelta(days=14)


def may_watch(request: EditionRequest) -> bool:
    """As the pages: an admission in force, or a role in the edition."""
    return request.user.is_authenticated and (
        request.access.admission is not None or request.access.has_role
    )


def to_the_console(request: EditionRequest) -> panels.MainButton | None:
    """Whoever runs a stage, on a congress day."""
    # Nobody runs a stage by a badge.
    if not _is_congress_day(request) or not request.access.has_role:
        return None
    if not isinstance(request.user, User):
        return None
    roles = request.user.active_roles
    if not any(
        role.kind in {Role.Kind.DIRECTOR, Role.Kind.MODERATOR}
        and role.edition_id in (None, request.edition.pk)
        for role in roles
    ):
        return None
    if any(
        role.kind == Role.Kind.DIRECTOR and role.edition_id in (None, request.edition.pk)
        for role in roles
    ):
        return panels.MainButton(
            label=_("To the Regie"),
            url=reverse("regie", kwargs={"edition": request.edition.slug}),
            hint=_("Run sheet, streams and texts of all stages."),
        )
    return panels.MainButton(
        label=_("To the moderation"),
        url=reverse("moderation", kwargs={"edition": request.edition.slug}),
        hint=_("Prepare, open and close polls on your stage."),
    )


def to_the_stream(request: EditionRequest) -> panels.MainButton | None:
    """Whoever may watch, while something is on."""
    if not may_watch(request) or not _something_is_on(request):
        return None
    return panels.MainButton(
        label=_("To the livestream"), url=reverse("live", kwargs={"edition": request.edition.slug})
    )


def sign_in_and_watch(request: EditionRequest) -> panels.MainButton | None:
    """Whoever has not said who they are, while something is on."""
    if request.user.is_authenticated or not _something_is_on(request):
        return None
    live = reverse("live", kwargs={"edition": request.edition.slug})
    return panels.MainButton(
        label=_("Sign in and watch"),
        url=f"{reverse('account_login')}?{urlencode({'next': live})}",
        hint=_("For everybody who is registered. You need no password: we send you a code."),
    )


def _something_is_on(request: EditionRequest) -> bool:
    return _is_congress_day(request) and any(
        on.session is not None for on in stages_now(request.edition, request.now)
    )


def _is_congress_day(request: EditionRequest) -> bool:
    return request.edition.local(request.now).date() in request.edition.days


def stage_of_the_hall(edition: Edition, now: datetime) -> str | None:
    """Where a badge leads: straight to the stage, where only one can be meant; else to all of them."""
    doors = stages_of_the_hall(edition, now)
    if len(doors) == 1:
        return doors[0].url
    return reverse("live", kwargs={"edition": edition.slug})


def stages_of_the_hall(edition: Edition, now: datetime) -> list[panels.Door]:
    """The stages with something on, or all of them before it begins; whoever holds the badge knows the hall."""
    stages = list(stages_now(edition, now))
    return [
        panels.Door(
            on.stage.slug,
            on.stage.name,
            reverse("live_stage", kwargs={"edition": edition.slug, "stage": on.stage.slug}),
        )
        for on in [on for on in stages if on.session is not None] or stages
    ]


panels.link_goals.register(
    panels.Goal(AccessLink.Kind.BADGE, stage_of_the_hall, stages_of_the_hall)
)
panels.link_goals.register(
    panels.Goal(
        AccessLink.Kind.MODERATOR,
        lambda edition, now: reverse("moderation", kwargs={"edition": edition.slug}),
    )
)
panels.link_goals.register(
    panels.Goal(
        AccessLink.Kind.DIRECTOR,
        lambda edition, now: reverse("regie", kwargs={"edition": edition.slug}),
    )
)
panels.badge_doors |= {
    "live",
    "live_stage",
    "live_state",
    "live_me",
    "live_vote",
    "live_ask",
    "live_support",
    "live_rate",
}
panels.navigation.register(panels.Item(_("Live"), "live", visible=may_watch), order=20)
panels.main_buttons.register(to_the_console, order=5)
panels.main_buttons.register(to_the_stream, order=10)
panels.main_buttons.register(sign_in_and_watch, order=15)
panels.orga_links.register(
    panels.OrgaLink(_("Regie"), "regie", (Role.Kind.DIRECTOR, Role.Kind.ORGANISER)), order=39
)
panels.orga_links.register(
    panels.OrgaLink(_("Moderation"), "moderation", tuple(RUNS_A_STAGE)), order=40
)
panels.orga_links.register(
    panels.OrgaLink(_("Screens"), "screens", (Role.Kind.ORGANISER, Role.Kind.DIRECTOR)), order=41
)
panels.orga_links.register(
    panels.OrgaLink(_("Access for one stage"), "stage_links", (Role.Kind.ORGANISER,)), order=42
)
panels.orga_links.register(
    panels.OrgaLink(_("Dress rehearsal"), "rehearsal", (Role.Kind.ORGANISER, Role.Kind.DIRECTOR)),
    order=70,
)
panels.orga_panels.register(figures_panel, order=60)
panels.demo_data.register(fill, order=40)
panels.demo_data.register(demo_offices.fill, order=45)
panels.clock_turned.register(open_polls_again, order=40)
for _word, _label, _text in SCREENS:
    panels.demo_doors.register(
        panels.DemoDoor(f"anzeige-{_word}", _label, _text, partial(open_screen, word=_word)),
        order=40,
    )
panels.help_sentences_live.register(desk.sentences)
panels.help_figures.register(panels.DayFigure(_("connected now"), desk.connected), order=30)
session_panels.register(results.results_of_session, order=20)
session_panels.register(offices.answers_of_session, order=30)
office_parts.register(OfficePart(offices.PART, offices.answer_part), order=10)
panels.journal_verbs |= {
    "poll.prepared": _("Poll prepared"),
    "poll.edited": _("Prepared poll changed"),
    "poll.reopened": _("Poll opened again"),
    "poll.opened": _("Poll opened"),
    "poll.closed": _("Poll closed"),
    "poll.published": _("Result of a poll published"),
    "poll.thrown_away": _("Prepared poll thrown away"),
    "poll.words_hidden": _("Words of a word cloud hidden"),
    "poll.words_joined": _("Words of a word cloud counted as one"),
    "poll.words_released": _("Words of a word cloud shown as written"),
    "question.shown": _("Question shown"),
    "question.on_screen": _("Question on the screen"),
    "question.answered": _("Question answered"),
    "question.rejected": _("Question rejected"),
    "question.merged": _("Question joined with another"),
    "question.written_answer": _("Written answer to a question"),
    "screen.created": _("Screen set up"),
    "screen.renewed": _("Address of a screen made anew"),
    "screen.ended": _("Screen ended"),
    "stage.questions": _("Questions of a stage opened or closed"),
    "stage.moderated": _("Questions are looked at first, or shown at once"),
    "stage.changed": _("Stage changed"),
    "stage.stepped": _("Step of the Regie"),
    "stage.step_taken_back": _("Step of the Regie taken back"),
    "stage.cleared": _("Poll taken off the stage"),
}

permissions.grant(Role.Kind.ORGANISER, "polls.*")
permissions.grant(Role.Kind.DIRECTOR, "polls.*")
permissions.grant(Role.Kind.MODERATOR, "polls.*")
permissions.grant(Role.Kind.OBSERVER, "polls.view_poll")

retention.steps.register(
    retention.Step(
        _("Who took part in polls"),
        lambda: Participation.objects.filter(ended_before(AFTER_THE_EDITION, "poll__edition__")),
        retention.delete,
    ),
    order=50,
)
retention.steps.register(
    retention.Step(
        _("Who chose what in polls by name"),
        lambda: Vote.objects.filter(ended_before(AFTER_THE_EDITION, "poll__edition__")),
        retention.delete,
    ),
    order=50,
)
retention.steps.register(
    retention.Step(
        _("Who rated sessions"),
        lambda: Rated.objects.filter(ended_before(AFTER_THE_EDITION, "session__edition__")),
        retention.delete,
    ),
    order=50,
)
retention.steps.register(
    retention.Step(
        _("Who supported questions"),
        lambda: Support.objects.filter(ended_before(NAMES_OF_QUESTIONS, "question__edition__")),
        retention.delete,
    ),
    order=50,
)
retention.steps.register(
    retention.Step(
        _("Who asked questions"),
        lambda: Question.objects.filter(ended_before(NAMES_OF_QUESTIONS, "edition__")).exclude(
            person=None, name="", decided_by=None
        ),
        lambda rows: rows.update(person=None, name="", decided_by=None),
    ),
    order=50,
)
