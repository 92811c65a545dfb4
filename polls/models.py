"""What a stage shows and what its audience says: stage state, polls and their sums.

No row holds a ballot of a secret poll.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar, Self
from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from congress.fields import LineField, ParagraphField
from congress.models import AccessLink, Edition, Level, Stage, User
from programme.models import Session

OPTION_LIMIT = 200
TEXT_LIMIT = 300
WORD_LIMIT = 40
# Counts are shown from so many votes on; below, a figure would tell how somebody voted.
VOTES_TO_SHOW = 5
MOST_WORDS = 3  # of one person in a word cloud


class PollQuerySet(models.QuerySet["Poll"]):
    def on_stage(self, stage: Stage) -> Self:
        return self.filter(stage=stage)

    def open(self) -> Self:
        return self.filter(state=Poll.State.OPEN)

    def due(self) -> Self:
        """Open, and their time is over by the edition's clock, or their edition has ended."""
        return (
            self.open()
            .alias(
                present=Edition.edition_now("edition__"),
                edition_end=Edition.edition_end("edition__"),
            )
            .filter(Q(ends_at__lte=F("present")) | Q(edition_end__lte=F("present")))
        )

    def with_options(self) -> Self:
        """Load the options in order; one query more."""
        return self.prefetch_related(
            models.Prefetch("options", queryset=Option.objects.order_by("position", "pk"))
        )


class Poll(models.Model):
    """One question to the audience of a stage, in the one language it is asked in."""

    class Kind(models.TextChoices):
        SINGLE = "single", _("one answer")
        MULTIPLE = "multiple", _("several answers")
        SCALE = "scale", _("scale")
        WORD_CLOUD = "word_cloud", _("word cloud")

    class State(models.TextChoices):
        DRAFT = "draft", _("prepared")
        OPEN = "open", _("open")
        CLOSED = "closed", _("closed")
        PUBLISHED = "published", _("published")

    class Shows(models.TextChoices):
        """When the audience sees how it votes."""

        LIVE = "live", _("from the start")
        AFTER_VOTE = "after_vote", _("to each who has voted")
        ON_CLOSE = "on_close", _("when the poll is closed")
        ON_PUBLISH = "on_publish", _("when the result is published")

    edition = models.ForeignKey(
        Edition, on_delete=models.CASCADE, related_name="polls", verbose_name=_("edition")
    )
    stage = models.ForeignKey(
        Stage, on_delete=models.CASCADE, related_name="polls", verbose_name=_("stage")
    )
    session = models.ForeignKey(
        Session,
        on_delete=models.PROTECT,
        related_name="polls",
        null=True,
        blank=True,
        verbose_name=_("session"),
    )
    # A form sent twice makes one poll.
    key = models.UUIDField(default=uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.SINGLE)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.DRAFT)
    text = LineField(_("question"), max_length=TEXT_LIMIT)
    secret = models.BooleanField(
        _("secret"),
        default=True,
        help_text=_("Only sums are kept. Fixed once the poll has been opened."),
    )
    levels: models.Field[list[str], list[str]] = ArrayField(
        models.CharField(max_length=20, choices=Level),
        verbose_name=_("entitled levels"),
        default=list,
        blank=True,
        help_text=_("Empty: everybody who may vote."),
    )
    results_show = models.CharField(
        _("results show"), max_length=12, choices=Shows, default=Shows.LIVE
    )
    min_choices = models.PositiveSmallIntegerField(_("at least"), default=1)
    max_choices = models.PositiveSmallIntegerField(_("at most"), default=1)
    round = models.PositiveSmallIntegerField(_("round"), default=1)
    # The round before, whose result stands beside this one's.
    follows = models.OneToOneField(
        "self",
        on_delete=models.CASCADE,
        related_name="next_round",
        null=True,
        blank=True,
        editable=False,
        verbose_name=_("round before"),
    )
    minutes = models.PositiveSmallIntegerField(
        _("closes by itself after"),
        null=True,
        blank=True,
        help_text=_("Minutes after opening; empty: a person closes it."),
    )
    opened_at = models.DateTimeField(_("opened"), null=True, blank=True, editable=False)
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True, editable=False)
    # What was counted when it closed: {"total": …, "counts": {"<option>": …}}, as it is announced.
    result: models.JSONField[Any, Any] = models.JSONField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects: ClassVar[PollQuerySet] = PollQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("poll")
        verbose_name_plural = _("polls")
        ordering = ("edition", "stage", "-pk")
        constraints = (
            models.UniqueConstraint(
                name="one_open_poll_per_stage", fields=("stage",), condition=Q(state="open")
            ),
            models.UniqueConstraint(name="poll_of_its_edition", fields=("edition", "id")),
            models.UniqueConstraint(name="poll_of_its_stage", fields=("stage", "id")),
            models.CheckConstraint(
                name="poll_kind_is_known",
                condition=Q(kind__in=["single", "multiple", "scale", "word_cloud"]),
            ),
            models.CheckConstraint(
                name="poll_state_is_known",
                condition=Q(state__in=["draft", "open", "closed", "published"]),
            ),
            models.CheckConstraint(
                name="poll_results_show_is_known",
                condition=Q(results_show__in=["live", "after_vote", "on_close", "on_publish"]),
            ),
            models.CheckConstraint(
                name="poll_choices_make_sense",
                condition=Q(min_choices__gte=1, max_choices__gte=F("min_choices")),
            ),
            models.CheckConstraint(
                name="one_answer_means_one",
                condition=~Q(kind__in=["single", "scale"]) | Q(max_choices=1),
            ),
            models.CheckConstraint(
                name="a_later_round_follows_another",
                condition=Q(round=1, follows__isnull=True) | Q(round__gt=1, follows__isnull=False),
            ),
            models.CheckConstraint(
                name="poll_ends_after_it_opens",
                condition=Q(ends_at__isnull=True)
                | Q(opened_at__isnull=False, ends_at__gt=F("opened_at")),
            ),
            models.CheckConstraint(
                name="an_announced_result_is_stored",
                condition=Q(state__in=["draft", "open"])
                | Q(result__isnull=False, closed_at__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return self.text

    @property
    def entitled(self) -> list[str]:
        """Whom it is for, in words; empty: everybody who may vote."""
        return [str(level.label) for level in Level if level in self.levels]

    @property
    def is_word_cloud(self) -> bool:
        return self.kind == self.Kind.WORD_CLOUD

    @property
    def is_scale(self) -> bool:
        return self.kind == self.Kind.SCALE

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def is_unseen(self) -> bool:
        """Closed, and the audience has seen no figure of it: too few votes, or it waits to be published."""
        few = (self.result or {}).get("total", 0) < VOTES_TO_SHOW
        return self.is_closed and (few or self.results_show == self.Shows.ON_PUBLISH)

    @property
    def is_done(self) -> bool:
        """Nobody votes any more; published or not."""
        return not (self.is_draft or self.is_open)

    @property
    def is_closed(self) -> bool:
        """Closed, and not yet published."""
        return self.state == self.State.CLOSED


class Option(models.Model):
    """One answer of a poll. Word clouds have none: their answers are `Word`."""

    poll = models.ForeignKey(
        Poll, on_delete=models.CASCADE, related_name="options", verbose_name=_("poll")
    )
    text = LineField(_("answer"), max_length=OPTION_LIMIT)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        ordering = ("poll", "position", "pk")
        constraints = (
            models.UniqueConstraint(name="one_answer_of_a_text_per_poll", fields=("poll", "text")),
            models.UniqueConstraint(name="option_of_its_poll", fields=("poll", "id")),
        )

    def __str__(self) -> str:
        return self.text


class StageState(models.Model):
    """What a stage shows besides the programme: one row per stage.

    Every change counts `seq` up and goes to everybody.
    """

    class Phase(models.TextChoices):
        PREVIEW = "preview", _("not yet on air")
        LIVE = "live", _("on air")
        PAUSE = "pause", _("pause")
        TROUBLE = "trouble", _("technical trouble")
        ENDED = "ended", _("over")

    class Source(models.TextChoices):
        MAIN = "main", _("main stream")
        BACKUP = "backup", _("backup stream")

    class Questions(models.TextChoices):
        OFF = "off", _("no questions")
        OPEN = "open", _("questions are taken")
        CLOSED = "closed", _("no further questions")

    stage = models.OneToOneField(
        Stage,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="live",
        verbose_name=_("stage"),
    )
    seq = models.PositiveBigIntegerField(_("version"), default=1)
    phase = models.CharField(_("phase"), max_length=10, choices=Phase, default=Phase.PREVIEW)
    source = models.CharField(_("source"), max_length=10, choices=Source, default=Source.MAIN)
    overlay = LineField(_("overlay"), max_length=200, blank=True)
    announcement = ParagraphField(_("announcement"), max_length=500, blank=True)
    active_poll = models.ForeignKey(
        Poll,
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("poll on the stage"),
    )
    questions = models.CharField(
        _("questions"), max_length=10, choices=Questions, default=Questions.OFF
    )
    moderated = models.BooleanField(
        _("questions are looked at first"),
        default=True,
        help_text=_("Otherwise each is shown at once."),
    )
    questions_rev = models.PositiveBigIntegerField(_("version of the questions"), default=0)
    # How the last step of the Regie is taken back: {"step": …, "stage": {…}, "programme": {…}}; nothing once it was.
    last_step: models.JSONField[Any, Any] = models.JSONField(null=True, editable=False)

    class Meta:
        verbose_name = _("stage state")
        verbose_name_plural = _("stage states")
        ordering = ("stage",)
        constraints = (
            models.CheckConstraint(
                name="stage_phase_is_known",
                condition=Q(phase__in=["preview", "live", "pause", "trouble", "ended"]),
            ),
            models.CheckConstraint(
                name="stage_source_is_known", condition=Q(source__in=["main", "backup"])
            ),
        )

    def __str__(self) -> str:
        return f"{self.stage} · {self.get_phase_display()}"


class ScreenQuerySet(models.QuerySet["Screen"]):
    def of_edition(self, edition: Edition) -> Self:
        return self.filter(stage__edition=edition)

    def of_tokens(self, token_hashes: Collection[bytes]) -> Self:
        """Those whose newest or next-to-newest token is among these."""
        return self.filter(
            Q(link__token_hash__in=token_hashes) | Q(link__previous_token_hash__in=token_hashes)
        )

    def with_link(self) -> Self:
        """Load the way in and the stage, in the same query."""
        return self.select_related("link", "stage__edition")


class Screen(models.Model):
    """A screen of a stage: a source in the picture's mixer, or a wall in the hall. Reads, and does nothing else."""

    class Shows(models.TextChoices):
        LOWER_THIRD = "lower_third", _("Lower third: who speaks")
        QUESTION = "question", _("Question on the screen")
        POLL = "poll", _("Poll with its figures")
        COUNTDOWN = "countdown", _("Countdown")
        HALL = "hall", _("Hall: whatever is on")
        RESULT = "result", _("Result of the poll, or word cloud")
        NEXT = "next", _("Next session")
        TIME_LEFT = "time_left", _("Time left, for whoever speaks")
        QR = "qr", _("QR code to the stage")

    # Laid over a picture; all others fill a wall.
    OVERLAYS: ClassVar[tuple[str, ...]] = (
        Shows.LOWER_THIRD,
        Shows.QUESTION,
        Shows.POLL,
        Shows.COUNTDOWN,
    )

    stage = models.ForeignKey(
        Stage, on_delete=models.CASCADE, related_name="screens", verbose_name=_("stage")
    )
    link = models.OneToOneField(
        AccessLink, on_delete=models.CASCADE, related_name="screen", verbose_name=_("personal link")
    )
    # A form sent twice makes one screen.
    key = models.UUIDField(default=uuid4, unique=True, editable=False)
    name = LineField(_("name"), max_length=60)
    shows = models.CharField(_("shows"), max_length=12, choices=Shows, default=Shows.HALL)
    # How often its address was made anew: a button pressed twice ends no address that was just read.
    renewals = models.PositiveIntegerField(_("renewed"), default=0)

    objects: ClassVar[ScreenQuerySet] = ScreenQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("screen")
        verbose_name_plural = _("screens")
        ordering = ("stage", "pk")
        constraints = (
            models.CheckConstraint(
                name="what_a_screen_shows_is_known",
                condition=Q(
                    shows__in=[
                        "lower_third",
                        "question",
                        "poll",
                        "countdown",
                        "hall",
                        "result",
                        "next",
                        "time_left",
                        "qr",
                    ]
                ),
            ),
        )

    def __str__(self) -> str:
        return self.name


class Participation(models.Model):
    """*That* somebody voted. Not when, not what: no id that counts up, no time, no choice."""

    pk = models.CompositePrimaryKey("poll_id", "person_id")
    poll = models.ForeignKey(
        Poll,
        on_delete=models.CASCADE,
        db_index=False,
        related_name="participations",
        verbose_name=_("poll"),
    )
    person = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="participations", verbose_name=_("person")
    )

    class Meta:
        verbose_name = _("participation")
        verbose_name_plural = _("participations")


class Tally(models.Model):
    """How often an option was chosen, by level of administration.

    All rows of a poll are rewritten together: a row that changed alone would name the last voter of its option by a
    system column.
    """

    pk = models.CompositePrimaryKey("poll_id", "option_id", "level")
    poll = models.ForeignKey(
        Poll,
        on_delete=models.CASCADE,
        db_index=False,
        related_name="tallies",
        verbose_name=_("poll"),
    )
    option = models.ForeignKey(
        Option, on_delete=models.CASCADE, db_index=False, related_name="+", verbose_name=_("answer")
    )
    level = models.CharField(_("level of administration"), max_length=20, choices=Level)
    count = models.PositiveIntegerField(_("count"), default=0)

    class Meta:
        verbose_name = _("tally")
        verbose_name_plural = _("tallies")


class Turnout(models.Model):
    """How many took part, by level, and the version of the results. Rewritten together with the tallies.

    Its rows are written when the poll is opened, and say which levels are told apart: those with at least
    `CROWD` entitled admissions at that moment. The rest counts as `other`.
    """

    CROWD: ClassVar[int] = 5

    pk = models.CompositePrimaryKey("poll_id", "level")
    poll = models.ForeignKey(
        Poll,
        on_delete=models.CASCADE,
        db_index=False,
        related_name="turnouts",
        verbose_name=_("poll"),
    )
    level = models.CharField(_("level of administration"), max_length=20, choices=Level)
    count = models.PositiveIntegerField(_("count"), default=0)
    rev = models.PositiveBigIntegerField(_("version"), default=0)

    class Meta:
        verbose_name = _("turnout")
        verbose_name_plural = _("turnouts")


class Vote(models.Model):
    """Who chose what in a poll by name. Secret polls have none."""

    pk = models.CompositePrimaryKey("poll_id", "person_id")
    poll = models.ForeignKey(
        Poll,
        on_delete=models.CASCADE,
        db_index=False,
        related_name="votes",
        verbose_name=_("poll"),
    )
    person = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="votes", verbose_name=_("person")
    )
    choices: models.Field[list[int], list[int]] = ArrayField(models.BigIntegerField(), default=list)
    words: models.Field[list[str], list[str]] = ArrayField(
        models.CharField(max_length=WORD_LIMIT), default=list
    )

    class Meta:
        verbose_name = _("vote by name")
        verbose_name_plural = _("votes by name")


class Word(models.Model):
    """How often a word of a word cloud was written in this spelling.

    All rows of a poll are deleted and inserted again together, in random order, at most once a second: a row that
    came alone, or last, would name who wrote the word by a system column.
    """

    pk = models.CompositePrimaryKey("poll_id", "spelling")
    poll = models.ForeignKey(
        Poll,
        on_delete=models.CASCADE,
        db_index=False,
        related_name="words",
        verbose_name=_("poll"),
    )
    spelling = LineField(_("word"), max_length=WORD_LIMIT)
    count = models.PositiveIntegerField(_("count"))

    class Meta:
        verbose_name = _("word")
        verbose_name_plural = _("words")
        constraints = (
            models.CheckConstraint(
                name="a_word_was_written", condition=Q(count__gt=0) & ~Q(spelling="")
            ),
        )


class WordRule(models.Model):
    """What a moderator made of a word: not shown, or counted as another. Holds before anybody writes it, too."""

    poll = models.ForeignKey(
        Poll, on_delete=models.CASCADE, related_name="word_rules", verbose_name=_("poll")
    )
    key = models.CharField(_("word"), max_length=1000)  # `polls.words.key_of`; folding can lengthen
    into = LineField(
        _("counts as"), max_length=WORD_LIMIT, blank=True, help_text=_("Empty: it is not shown.")
    )

    class Meta:
        verbose_name = _("rule about a word")
        verbose_name_plural = _("rules about words")
        ordering = ("poll", "key")
        constraints = (
            models.UniqueConstraint(name="one_rule_per_word_and_poll", fields=("poll", "key")),
        )

    def __str__(self) -> str:
        return f"{self.key} → {self.into or '–'}"


class QuestionQuerySet(models.QuerySet["Question"]):
    """The words we use for questions. Compose them; do not filter in views."""

    def at(self, stage: Stage, session: Session | None) -> Self:
        """Of what is on a stage; of the stage itself where nothing is on."""
        return self.filter(stage=stage, session=session)

    def pending(self) -> Self:
        return self.filter(state=Question.State.PENDING)

    def public(self) -> Self:
        """What the audience sees."""
        return self.filter(state__in=Question.PUBLIC)

    def most_wanted(self) -> Self:
        """What is on the screen first, then by support, then by time."""
        return self.annotate(
            on_screen=models.Case(
                models.When(state=Question.State.ON_SCREEN, then=0),
                default=1,
                output_field=models.IntegerField(),
            )
        ).order_by("on_screen", "-support", "pk")


class Question(models.Model):
    """What somebody in the audience asks. Shown once a moderator has let it through, where the stage is set so."""

    class State(models.TextChoices):
        PENDING = "pending", _("to be looked at")
        SHOWN = "shown", _("shown")
        ON_SCREEN = "on_screen", _("on the screen")
        ANSWERED = "answered", _("answered")
        REJECTED = "rejected", _("rejected")
        MERGED = "merged", _("joined with another")

    PUBLIC: ClassVar[tuple[str, ...]] = (State.SHOWN, State.ON_SCREEN, State.ANSWERED)

    edition = models.ForeignKey(
        Edition, on_delete=models.CASCADE, related_name="questions", verbose_name=_("edition")
    )
    stage = models.ForeignKey(
        Stage, on_delete=models.CASCADE, related_name="questions", verbose_name=_("stage")
    )
    session = models.ForeignKey(
        Session,
        on_delete=models.CASCADE,
        related_name="questions",
        null=True,
        blank=True,
        verbose_name=_("session"),
    )
    person = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        related_name="questions",
        null=True,
        verbose_name=_("asked by"),
    )
    text = ParagraphField(_("question"), max_length=1000)
    name = LineField(
        _("name"), max_length=200, blank=True, help_text=_("Empty: asked without a name.")
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PENDING)
    reason = LineField(_("reason"), max_length=300, blank=True)
    support = models.PositiveIntegerField(_("support"), default=0)
    merged_into = models.ForeignKey(
        "self", on_delete=models.SET_NULL, related_name="merged", null=True, blank=True
    )
    asked_at = models.DateTimeField(_("asked"))
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("decided by"),
    )

    objects: ClassVar[QuestionQuerySet] = QuestionQuerySet.as_manager()  # type: ignore[assignment]  # the manager speaks our words

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ("-pk",)
        indexes = (models.Index(fields=("stage", "session", "state"), name="questions_by_session"),)
        constraints = (
            models.UniqueConstraint(
                name="one_question_on_the_screen_per_stage",
                fields=("stage",),
                condition=Q(state="on_screen"),
            ),
            models.CheckConstraint(
                name="question_state_is_known",
                condition=Q(
                    state__in=["pending", "shown", "on_screen", "answered", "rejected", "merged"]
                ),
            ),
            models.CheckConstraint(
                name="a_rejected_question_has_its_reason",
                condition=~Q(state="rejected") | ~Q(reason=""),
            ),
        )

    def __str__(self) -> str:
        return self.text

    @property
    def is_public(self) -> bool:
        return self.state in self.PUBLIC


class Answer(models.Model):
    """What the office of a speaker wrote to a question after the session; it is published with the session."""

    question = models.OneToOneField(
        Question, on_delete=models.CASCADE, related_name="written", verbose_name=_("question")
    )
    text = ParagraphField(_("answer"), max_length=4000)
    # Whoever corrects it names the version they began with.
    version = models.PositiveIntegerField(_("version"), default=1)
    written_at = models.DateTimeField(_("written"))

    class Meta:
        verbose_name = _("written answer")
        verbose_name_plural = _("written answers")

    def __str__(self) -> str:
        return self.text


class Support(models.Model):
    """*That* somebody wants a question to be asked too."""

    pk = models.CompositePrimaryKey("question_id", "person_id")
    question = models.ForeignKey(
        Question,
        on_delete=models.CASCADE,
        db_index=False,
        related_name="supporters",
        verbose_name=_("question"),
    )
    person = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="supported", verbose_name=_("person")
    )

    class Meta:
        verbose_name = _("support of a question")
        verbose_name_plural = _("support of questions")


class Rated(models.Model):
    """*That* somebody rated a session. Not when, not how."""

    pk = models.CompositePrimaryKey("session_id", "person_id")
    session = models.ForeignKey(
        Session,
        on_delete=models.CASCADE,
        db_index=False,
        related_name="rated",
        verbose_name=_("session"),
    )
    person = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="rated", verbose_name=_("person")
    )

    class Meta:
        verbose_name = _("rating given")
        verbose_name_plural = _("ratings given")


class Stars(models.Model):
    """How often a session got so many stars. All five rows of a session are rewritten together."""

    pk = models.CompositePrimaryKey("session_id", "stars")
    session = models.ForeignKey(
        Session,
        on_delete=models.CASCADE,
        db_index=False,
        related_name="stars",
        verbose_name=_("session"),
    )
    stars = models.PositiveSmallIntegerField(_("stars"))
    count = models.PositiveIntegerField(_("count"), default=0)

    class Meta:
        verbose_name = _("stars of a session")
        verbose_name_plural = _("stars of sessions")
        constraints = (
            models.CheckConstraint(
                name="there_are_one_to_five_stars", condition=Q(stars__range=(1, 5))
            ),
        )


class Remark(models.Model):
    """What somebody wrote with a rating: written down later and shuffled, so that no row says whose it is."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    session = models.ForeignKey(
        Session, on_delete=models.CASCADE, related_name="remarks", verbose_name=_("session")
    )
    text = ParagraphField(_("remark"), max_length=1000)

    class Meta:
        verbose_name = _("remark")
        verbose_name_plural = _("remarks")
        ordering = ("session", "id")

    def __str__(self) -> str:
        return self.text


class RehearsalReport(models.Model):
    """The last Generalprobe of a stage, and what has to be put back should it break off."""

    stage = models.OneToOneField(
        Stage,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="rehearsal",
        verbose_name=_("stage"),
    )
    began_at = models.DateTimeField(_("began"), null=True, blank=True)  # by the real clock
    viewers = models.PositiveIntegerField(_("simulated viewers"), default=0)
    figures: models.JSONField[Any, Any] = models.JSONField(_("figures"), default=dict, blank=True)
    # While one runs, or where one broke off:
    poll = models.ForeignKey(
        Poll, on_delete=models.SET_NULL, related_name="rehearsal_reports", null=True, blank=True
    )
    set_aside = models.ForeignKey(
        Poll, on_delete=models.SET_NULL, related_name="+", null=True, blank=True
    )
    shown_before = models.ForeignKey(
        Poll, on_delete=models.SET_NULL, related_name="+", null=True, blank=True
    )
    questions_before = models.CharField(max_length=10, blank=True, editable=False)
    moderated_before = models.BooleanField(null=True, editable=False)

    class Meta:
        verbose_name = _("report of a rehearsal")
        verbose_name_plural = _("reports of rehearsals")
        ordering = ("stage",)

    def __str__(self) -> str:
        return f"{self.stage} · {self.viewers}"
