"""The stages as pages: complete on first load, kept up to date by `live.js`, usable without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from congress.http import EditionRequest, MemberRequest, admission_required
from congress.live import entry
from congress.live.entry import OBSERVER, RUNS_A_STAGE, Visitor, Wanted
from congress.live.pictures import FRESH_SECONDS
from congress.models import Admission, Level, Stage, User
from congress.models.editions import Phase
from congress.sessions import LINK_KEY
from congress.streams import ends_at, signed
from polls import live as pictures
from polls.live import StagePicture
from polls.models import VOTES_TO_SHOW, Poll, StageState
from polls.own import Own, own_of, with_own
from programme.models import Session
from programme.queries import StageNow, first_on_stage, first_on_stages, stages_now
from registration.queries import registration_of


@dataclass
class Viewer:
    """Whoever asks for a stage over HTTP: the same facts as a socket's visitor."""

    request: MemberRequest
    stage: Stage
    # How old the picture may be. A page that somebody opens shows their own vote, whichever process counted it.
    seconds: float = FRESH_SECONDS

    @property
    def person(self) -> int:
        return self.request.user.pk

    @cached_property
    def admission(self) -> Admission | None:
        return self.request.access.admission

    @property
    def kind(self) -> str:
        return self.admission.kind if self.admission is not None else OBSERVER

    @property
    def is_press(self) -> bool:
        return self.kind == Admission.Kind.PRESS

    @property
    def may_vote(self) -> bool:
        return self.admission is not None and self.admission.may_vote

    @property
    def is_offered_votes(self) -> bool:
        """Not to who runs a stage while only those vote who rehearse; the statement that counts says the same."""
        open_now = not self.picture.closed_as or self.kind in Admission.AT_ANY_TIME
        return self.may_vote and open_now

    def is_entitled_to(self, poll: Poll | None) -> bool:
        """Whether a poll is for the level of administration of this person, too."""
        if poll is None or not poll.levels:
            return True
        return self.admission is not None and self.admission.level in poll.levels

    @property
    def is_outside(self) -> bool:
        """In front of closed doors: before the first day or after the last."""
        return pictures.is_outside(self.audience)

    @cached_property
    def moderates(self) -> bool:
        return self.request.access.plays(*RUNS_A_STAGE, stage=self.stage)

    @cached_property
    def own(self) -> Own:
        return own_of(self.person, self.stage)

    @property
    def voted(self) -> list[int]:
        return sorted(self.own.voted)

    @cached_property
    def picture(self) -> StagePicture:
        picture: StagePicture = pictures.memory_of(self.stage.pk).fresh(self.seconds)
        return picture

    @cached_property
    def audience(self) -> str:
        return self.picture.audience(self.kind, moderates=self.moderates, voted=_Lazily(self))

    @property
    def you(self) -> dict[str, Any]:
        return {"kind": self.kind, **self.own.short}


class _Lazily(list[int]):
    """The polls somebody voted in, asked only where it decides what they see."""

    def __init__(self, viewer: Viewer) -> None:
        super().__init__()
        self.viewer = viewer

    def __contains__(self, poll: object) -> bool:
        return poll in self.viewer.voted


def find_stage(request: EditionRequest, slug: str) -> Stage:
    """A stage of the request's edition. Raises `Http404`."""
    stages = Stage.objects.filter(edition=request.edition, slug=slug)
    if isinstance(request.user, User):
        stages = with_own(stages, request.user.pk)
    stage = stages.first()
    if stage is None:
        raise Http404
    stage.edition = request.edition
    return stage


@admission_required
def live(request: MemberRequest) -> HttpResponse:
    """All stages, with what is on each; outside the days of the congress, when it begins."""
    if not request.edition.is_running(request.now) and not _rehearses(request):
        return render_doors(request, first_on_stages(request.edition, request.now))
    stages = stages_now(request.edition, request.now)
    states = {
        state.stage_id: state
        for state in StageState.objects.filter(stage__edition=request.edition).select_related(
            "active_poll"
        )
    }
    cards = [_card(on, states.get(on.stage.pk)) for on in stages]
    context = {"cards": cards, "closed": not request.edition.is_running(request.now)}
    return render(request, "polls/live.html", context)


def _rehearses(request: MemberRequest) -> bool:
    """Whether the stages let this person in at any time: whoever runs one, and whoever works or rehearses there."""
    admission = request.access.admission
    if admission is not None and admission.kind in Admission.AT_ANY_TIME:
        return True
    return request.access.plays_anywhere(*RUNS_A_STAGE)


def render_doors(
    request: MemberRequest,
    first: list[tuple[Stage, Session | None]],
    *,
    stage: Stage | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    """In front of closed doors: when it begins and what to do until then, or that it is over."""
    context = {
        "over": request.edition.phase(request.now) == Phase.OVER,
        "stage": stage,
        "first": [(place, session) for place, session in first if session is not None],
        "registration": registration_of(request.user, request.edition),
        "refusal": refusal,
    }
    return render(request, "polls/doors.html", context, status=status)


def _card(on: StageNow, state: StageState | None) -> dict[str, Any]:
    poll = state.active_poll if state is not None else None
    return {"on": on, "state": state, "poll": poll if poll is not None and poll.is_open else None}


@admission_required
def stage(request: MemberRequest, stage: str) -> HttpResponse:
    """One stage: stream, session on air, poll."""
    return render_stage(request, Viewer(request, find_stage(request, stage), seconds=0))


def render_stage(
    request: MemberRequest,
    viewer: Viewer,
    *,
    refusal: str = "",
    chosen: list[int] | None = None,
    words: list[str] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page, after a refused vote with the reason and what was chosen or written."""
    if viewer.is_outside:
        place = viewer.stage
        first = [(place, first_on_stage(place, request.now))]
        return render_doors(request, first, stage=place, refusal=refusal, status=status)
    picture, audience = viewer.picture, viewer.audience
    addresses = streams(viewer.stage)
    context = {
        "stage": viewer.stage,
        "on": picture.on,
        "content": picture.stage,
        "poll": picture.poll_for(audience),
        "rows": picture.rows(audience),
        "entitled": viewer.is_entitled_to(picture.poll),
        "only_for": ", ".join(picture.poll.entitled) if picture.poll is not None else "",
        "voted": picture.poll is not None and picture.poll.pk in viewer.voted,
        "viewer": viewer,
        "closed": picture.closed_as,
        "questions": picture.questions_for(audience),
        "takes_questions": picture.takes_questions,
        "ratable": _ratable(viewer, picture),
        "refusal": refusal,
        "why": why_hidden(picture),
        "ends_at": picture.poll.ends_at if picture.poll is not None else None,
        "chosen": chosen or [],
        "words": _word_fields(picture.poll, words or []),
        "mean": picture.mean(audience),
        "stream": addresses[picture.stage["source"]],
        "sign": addresses["sign"],
        "slate": slates().get(picture.stage["phase"], ""),
        "state": picture.state(audience) | {"you": viewer.you},
        "in_the_hall": request.access.by_badge is not None,
        "settings": page_settings(request, viewer),
    }
    return render(request, "polls/stage.html", context, status=status)


def _word_fields(poll: Poll | None, words: list[str]) -> list[str]:
    """What stands in the fields of a word cloud's form: as many as words may be written."""
    most = poll.max_choices if poll is not None and poll.is_word_cloud else 0
    return [*words, *[""] * most][:most]


def _ratable(viewer: Viewer, picture: StagePicture) -> Session | None:
    """What is on, from its last quarter on (`polls.rating`), for those who may rate."""
    session = picture.on.session
    if session is None or not viewer.may_vote:
        return None
    quarter = (session.ends_at - session.starts_at) / 4
    return session if picture.now >= session.ends_at - quarter else None


def why_hidden(picture: StagePicture) -> str:
    """Why a viewer sees no figures. The same as in `live.js`."""
    total = picture.results.total if picture.results is not None else 0
    if total < VOTES_TO_SHOW:
        return _("Figures are shown from five votes on.")
    return _("The figures are shown later.")


def streams(stage: Stage) -> dict[str, Any]:
    """Addresses of the playlists by source, signed where the host checks that, and until when (Unix time)."""
    end = ends_at()
    return {
        "main": signed(stage.main_stream_url, end),
        "backup": signed(stage.backup_stream_url or stage.main_stream_url, end),
        "sign": signed(stage.sign_stream_url, end),
        "until": end,
    }


@require_safe
@admission_required
def stream_json(request: MemberRequest, stage: str) -> JsonResponse:
    """The addresses anew, before their signatures end. Who may not watch any more gets none."""
    viewer = Viewer(request, find_stage(request, stage))
    if viewer.is_outside:
        return JsonResponse({"code": "not_admitted"}, status=403)
    answer = JsonResponse(streams(viewer.stage))
    answer["Cache-Control"] = "no-store"
    return answer


def slates() -> dict[str, str]:
    """What covers the picture, by phase."""
    phase = StageState.Phase
    return {
        phase.PREVIEW: _("We begin soon."),
        phase.PAUSE: _("Break. We go on soon."),
        phase.TROUBLE: _("There is technical trouble. We are working on it."),
        phase.ENDED: _("This stage is over for today."),
    }


def page_settings(request: MemberRequest, viewer: Viewer) -> dict[str, Any]:
    """What `live.js` is told once: addresses, the ticket for the first socket, and all its words."""
    here = {"edition": request.edition.slug, "stage": viewer.stage.slug}
    return {
        "socket": f"/ws/{here['edition']}/live/{here['stage']}/",
        "ticket": ticket(request, viewer),
        "state": reverse("live_state", kwargs=here),
        "me": reverse("live_me", kwargs=here),
        "vote": reverse("live_vote", kwargs=here),
        "support": reverse("live_support", kwargs=here),
        "sign_in": _way_on(request),
        "csrf": get_token(request),
        "player": {
            "streams": streams(viewer.stage),
            "renew": reverse("live_stream", kwargs=here),
            "worker": static("vendor/hls.worker.js"),
            "texts": player_texts(),
        },
        "may_vote": viewer.is_offered_votes,
        "level": viewer.admission.level if viewer.admission is not None else "",
        "levels": {level.value: str(level.label) for level in Level},
        "moderates": viewer.moderates,
        "in_the_hall": request.access.by_badge is not None,
        "titles": english_titles(viewer.stage),
        # What stands in the frames is a promise, and has no room for the badge.
        "examples": list(viewer.picture.on.invented),
        "slates": slates(),
        "texts": texts() | _words_of_the_end(request),
    }


def _way_on(request: MemberRequest) -> str:
    """Where whoever was signed out goes: people who came by a personal link have no sign-in."""
    if LINK_KEY not in request.session:
        return f"{settings.LOGIN_URL}?next={request.path}"
    admission = request.access.admission
    is_press = admission is not None and admission.kind == Admission.Kind.PRESS
    return reverse("press" if is_press else "help", kwargs={"edition": request.edition.slug})


def _words_of_the_end(request: MemberRequest) -> dict[str, str]:
    if LINK_KEY not in request.session:
        return {}
    return {
        "signed_out": _("Your access by the personal link has ended on this device."),
        "sign_in": _("Whom you can ask"),
    }


def english_titles(stage: Stage) -> dict[str, str]:
    """What an English page calls the sessions of the stage, by the German titles of the frames; else nothing.

    Frames are the same bytes for everybody. A title changed meanwhile is not found here, and stands as it came.
    """
    if (get_language() or "de").startswith("de"):
        return {}
    sessions = stage.edition.sessions.talks().on_stage(stage).exclude(title_en="")
    return dict(sessions.values_list("title_de", "title_en"))


def ticket(request: MemberRequest, viewer: Viewer) -> str:
    """Signed, for a minute: saves the first socket its look-up.

    Only for plain admissions, whose end is all there is to them.
    """
    key, admission = request.session.session_key, viewer.admission
    if key is None or admission is None or request.access.has_role:
        return ""
    ends = [request.session.get_expiry_date()]
    if admission.valid_until is not None:
        ends.append(admission.valid_until - request.edition.clock_shift)
    visitor = Visitor(
        person=viewer.person,
        kind=viewer.kind,
        may_vote=viewer.may_vote,
        moderates=False,
        language=request.user.language,
        stage=viewer.stage.pk,
        edition=request.edition.pk,
        session=entry.hashed(key),
        link=request.session.get(LINK_KEY),
        until=min(ends),
        seal=entry.seal(request.user.password),
        personal=viewer.own.columns,
    )
    return entry.mint_ticket(visitor, Wanted(key, request.edition.slug, viewer.stage.slug))


def texts() -> dict[str, str]:
    """The words of `live.js`, in the language of the page."""
    return {
        "connecting": _("Connecting …"),
        "live": _("Connected live"),
        "twin": _("Connected, updated every few seconds"),
        "away": _("No connection at the moment – we keep trying"),
        "signed_out": _("You are no longer signed in."),
        "sign_in": _("Sign in again"),
        "not_admitted": _("Your admission to this congress has ended."),
        "replaced": _("This page was replaced by a newer one of yours. Reload it to go on here."),
        "ended": _("The connection was closed. Please reload the page."),
        "poll": _("Poll"),
        "vote": _("Vote"),
        "tap": _("A tap on an answer is your vote."),
        "counting": _("Your vote is being counted …"),
        "counted": _("Thank you, your vote has been counted."),
        "already": _("You have already voted in this poll; your first vote counts."),
        "choose": _("Please choose an answer."),
        "choose_most": _("Please choose at most %s answers."),
        "choose_least": _("Please choose at least %s answers."),
        "up_to": _("You may choose up to %s answers."),
        "from_to": _("Please choose %1$s to %2$s answers."),
        "write": _("Please write at least one word."),
        "up_to_words": _("Up to %s words, each at most 40 characters."),
        "your_word": _("Your word"),
        "word": _("Word %s"),
        "words_are_seen": _(
            "Everybody sees the words, also on the screen in the hall. Your words are stored without your name, "
            "together with those of others; please name no persons. Moderators may hide words."
        ),
        "times": ngettext("time", "times", 2),
        "time": ngettext("time", "times", 1),
        "mean": _("Mean:"),
        "most_written": _("%1$s so far. Most often: %2$s (%3$s)."),
        "not_counted": _("Your vote has not been counted yet. Please try again."),
        "result": _("Result"),
        "interim": _("Interim result"),
        "one_vote": _("1 vote"),
        "votes": _("%s votes"),
        "few": _("Figures are shown from five votes on."),
        "later": _("The figures are shown later."),
        "poll_closed": _("This poll is closed."),
        "on_screen": _("On the screen"),
        "answered": _("Answered"),
        "no_question": _("Nobody has asked anything yet."),
        "support": _("Support this question (%s)"),
        "no_poll": _("No poll at the moment."),
        "ends_at": _("Open until %s."),
        "secret": _(
            "Your vote is stored without your name and cannot be changed. The organisers see that you voted, not what. "
            "Whoever runs the server could watch votes at the moment they arrive: this is a mood picture, not a secret "
            "election."
        ),
        "named": _(
            "Your vote is stored with your name and cannot be changed. The organisers can see what you chose; the "
            "audience sees sums only."
        ),
        "only_for": _("This poll is for: %s."),
        "before": _("before: %s %"),
        "leading": _("%1$s so far. In front: %2$s with %3$s %."),
        "new_poll": _("A new poll is open: %s"),
        "live_badge": _("Live"),
        "example": _("Example"),
        "until": _("until %s"),
        "next": _("Next: %1$s – %2$s"),
        "nothing": _("Nothing is on air here at the moment."),
        "late": _("%s minutes late"),
    }


def player_texts() -> dict[str, str]:
    """The words of `player.js`."""
    return {
        "automatic": _("automatic"),
        "lines": _("%s lines"),
        "again": _("The picture does not come through. We keep trying."),
    }
