"""Letters: how they are written into the outbox, how a row becomes a mail, and how it leaves.

Nobody else talks to SMTP (RFC 5321 gives no exactly-once: what may have left stands as uncertain).
"""

import base64
import hashlib
import json
import logging
import re
import smtplib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.header import Header
from email.utils import formataddr, parseaddr
from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit

import css_inline
from cryptography.fernet import Fernet
from django.apps import apps
from django.conf import settings
from django.core.mail import (
    EmailMultiAlternatives,  # noqa: TID251  # the one place that writes mails
    get_connection,
)
from django.db import Error as DatabaseError
from django.db import models, transaction
from django.db.models import F, Q
from django.template import Context
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import linebreaks, urlize
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from congress import actions, journal, logs, wording, worker
from congress.errors import Refused
from congress.links import masked
from congress.models import AccessLink, Edition, Letter, Role, User
from congress.models.database import StatementNow
from congress.outputs import header_text

logger = logging.getLogger(__name__)

# Longer than a worker may work on one letter (congress.tasks): whose lease is over is dead, not slow.
LEASE = timedelta(seconds=100)
# After a refusal for the moment: about when the next attempt is made. Then a person looks at it.
RETRIES = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)
# A link keeps its two newest tokens good: of letters that may have arrived there are never more.
RESENDS_OF_UNCERTAIN = 1
PAUSE_WHEN_UNCERTAIN = timedelta(seconds=30)
HIDDEN = "…"
LONGEST_SUBJECT = 1000
ONE_LINE = 60  # characters of a subject that fit behind its name (RFC 5322, 2.1.1: 78)


class NotDeliverable(Exception):
    """There is nothing to send, for good; `answer` says why."""

    def __init__(self, answer: str) -> None:
        self.answer = answer
        super().__init__(answer)


class NotToBeSentNow(Refused):
    message = _("This letter is being sent at this moment, or was withdrawn.")


class SecretForgotten(Refused):
    message = _(
        "What was confidential in this letter has been forgotten. The person can ask for a new one."
    )


class AlreadyOnItsWay(Refused):
    message = _("This letter has been sent or is being sent; it cannot be withdrawn.")


def post_letter(
    template: str,
    *,
    once: str,
    edition: Edition | None,
    person: User | None = None,
    to: str = "",
    language: str = "",
    due_at: datetime | None = None,
    bulk: bool = False,
    secret: dict[str, str] | None = None,
    **named: models.Model,
) -> Letter:
    """Write a letter in the caller's transaction; it leaves after the commit.

    `template` is a text file whose first line is the subject; the same `once` is the same letter. `named`
    rows are loaded again when it is sent. An `AccessLink` among them gets a fresh token then: `access_url`.
    `secret` holds what must not be kept readable; it is sealed, and forgotten once sent.
    """
    to = to or (person.mailbox if person else "")
    about: dict[str, list[Any] | None] = {
        name: [row._meta.label_lower, row.pk] for name, row in named.items()
    }
    letter, created = Letter.objects.get_or_create(
        once=once,
        defaults={
            "template": template,
            "edition": edition,
            "person": person,
            "to": to,
            "language": language or (person.language if person else "de"),
            "objects_named": about | dict.fromkeys(secret or {}),
            "sealed": _seal().encrypt(json.dumps(secret).encode()) if secret else None,
            "due_at": due_at,
            "bulk": bulk,
            "message_id": Letter.new_message_id(
                urlsplit(settings.SITE_URL).hostname or "localhost"
            ),
        },
    )
    if created and edition is not None and edition.clock_shift:
        written_at = StatementNow() + edition.clock_shift
        Letter.objects.filter(pk=letter.pk).update(written_at=written_at)
    if created and due_at is None:
        _wake(letter)
    return letter


class Mail(EmailMultiAlternatives):
    """A mail whose long subject begins on the line of its name; Django's would leave that line empty, which some
    gateways take for a mail without a subject."""

    def message(self, **options: Any) -> Any:
        message = super().message(**options)
        subject = str(self.subject)
        charset = "us-ascii" if subject.isascii() and len(subject) < ONE_LINE else "utf-8"
        message.replace_header("Subject", Header(subject, charset, header_name="Subject"))
        return message


@dataclass
class Written:
    """A row as a mail. `tokens` holds, for each link that got a fresh one, its hashes before and the new one."""

    mail: EmailMultiAlternatives
    subject: str  # without what is secret
    tokens: dict[int, tuple[Any, Any, bytes]] = field(default_factory=dict)


def render(letter: Letter, *, mint: bool) -> EmailMultiAlternatives:
    """The mail of a row: plain text first, HTML from one base. `mint` gives personal links their token.

    Without it nothing secret is in it. Raises `NotDeliverable`.
    """
    return _written(letter, mint=mint).mail


def _written(letter: Letter, *, mint: bool) -> Written:
    tokens: dict[int, tuple[Any, Any, bytes]] = {}
    secrets = unsealed(letter)
    with override(letter.language):
        context = _context(
            letter, secrets if mint else dict.fromkeys(secrets, HIDDEN), tokens, mint
        )
        subject, body = _text(letter, context)
        if not mint:
            subject, body = masked(subject), masked(body)
        edition = letter.edition
        shown = {
            "subject": subject,
            "edition": edition,
            "site_url": settings.SITE_URL,
            "LANGUAGE_CODE": letter.language,
        }
        text = render_to_string("congress/emails/base.txt", shown | {"body": mark_safe(body)})  # noqa: S308  # plain text
        paragraphs = mark_safe(linebreaks(urlize(body, nofollow=False, autoescape=True)))  # noqa: S308  # escaped by urlize
        html = render_to_string("congress/emails/base.html", shown | {"body": paragraphs})
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    answers_to = context.get("reply_to") or (edition.help_email if edition is not None else "")
    mail = Mail(
        subject=subject,
        body=text,
        from_email=formataddr(
            (header_text(edition.title if edition is not None else name), address)
        ),
        to=[letter.to or ""],
        reply_to=[answers_to] if answers_to else [],
        headers={"Message-ID": letter.message_id, "Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(_inliner().inline(html), "text/html")
    for filename, content, kind in context.get("attachments", ()):
        mail.attach(filename, content, kind)
    return Written(mail, _without(secrets, subject), tokens)


def claim(letter_id: int) -> Letter | None:
    """Take a due letter for sending; nobody else gets it while the lease lasts. None where there is nothing to do."""
    # The state is asked twice: who waited for another's claim gets the changed row's own columns looked at once
    # more, but not the sub-select (PostgreSQL, EvalPlanQual), and would claim it a second time.
    taken = Letter.objects.filter(
        pk=letter_id, state=Letter.State.QUEUED, pk__in=Letter.objects.due().values("pk")
    ).update(
        state=Letter.State.SENDING,
        attempts=F("attempts") + 1,
        lease_until=StatementNow() + LEASE,
    )
    if not taken:
        return None
    rows = Letter.objects.select_related("edition__host_state", "person")
    return rows.filter(pk=letter_id).first()


def send(letter: Letter) -> None:
    """Send a claimed letter and write down what became of it."""
    if letter.edition is not None and letter.edition.practice and not settings.DEMO:
        _settle(letter, Letter.State.KEPT)
        return
    if not letter.to:
        _settle(letter, Letter.State.FAILED, answer="there is no mailbox to send it to")
        return
    connection = get_connection()
    try:
        connection.open()
    except (smtplib.SMTPException, OSError) as failure:
        # Not a word of this letter was said: what the server has against us passes, or somebody mends it.
        _later(letter, _words(failure))
        return
    try:
        _send_by(connection, letter)
    finally:
        with suppress(smtplib.SMTPException, OSError):
            connection.close()


def _send_by(connection: Any, letter: Letter) -> None:
    """Every end is either sure, and said so, or uncertain."""
    try:
        written = _written(letter, mint=True)
    except NotDeliverable as refusal:
        _settle(letter, Letter.State.FAILED, answer=refusal.answer)
        return
    except DatabaseError as failure:
        _later(letter, type(failure).__name__)
        return
    except Exception as failure:
        logger.exception("Letter %s (%s) could not be written.", letter.pk, letter.template)
        _settle(letter, Letter.State.FAILED, answer=f"not written: {type(failure).__name__}")
        return
    text_began = _watch(connection)
    try:
        left = connection.send_messages([written.mail])
    except smtplib.SMTPRecipientsRefused as refusal:
        code, _said = next(iter(refusal.recipients.values()))
        _refused(letter, written, code, _words(refusal))
    except smtplib.SMTPResponseException as refusal:
        _refused(letter, written, refusal.smtp_code, _words(refusal))
    except Exception as failure:  # a cut line, the task's time limit: all that counts is when
        if text_began():
            # Nobody can know whether it left: letters to one person go again with the same Message-ID, letters
            # to many wait for a person.
            _settle(letter, Letter.State.UNCERTAIN, answer=_words(failure), subject=written.subject)
        else:
            _take_back(written)
            if isinstance(failure, (smtplib.SMTPException, OSError, DatabaseError)):
                _later(letter, _words(failure))
            else:
                logger.exception("Letter %s (%s) could not be sent.", letter.pk, letter.template)
                _settle(letter, Letter.State.FAILED, answer=type(failure).__name__)
    else:
        if not left:
            _take_back(written)
            _later(letter, "the mail server took nothing")
            return
        _settle(letter, Letter.State.SENT, subject=written.subject)
        if letter.sent_at is not None:
            _end_older_tokens(written)


def settle_forgotten() -> int:
    """Letters whose sender died: uncertain. Those to one person go again, with the same Message-ID."""
    uncertain = Letter.objects.forgotten().update(state=Letter.State.UNCERTAIN, lease_until=None)
    Letter.objects.filter(
        Q(retry_at__isnull=True) | Q(retry_at__lte=StatementNow()),
        state=Letter.State.UNCERTAIN,
        bulk=False,
        attempts__lte=RESENDS_OF_UNCERTAIN,
    ).update(state=Letter.State.QUEUED, retry_at=None)
    return uncertain


@transaction.atomic
def send_again(letter: Letter, *, by: User | None = None, now: datetime | None = None) -> None:
    """A person wants it sent once more, whatever became of it; the same Message-ID.

    A link in it gets a new token; once that has arrived, older ones end. Raises `NotToBeSentNow`, `SecretForgotten`.
    """
    if secret_is_gone(letter):
        raise SecretForgotten
    changed = (
        Letter.objects.filter(pk=letter.pk)
        .exclude(state__in=(Letter.State.SENDING, Letter.State.WITHDRAWN))
        .update(state=Letter.State.QUEUED, retry_at=None, due_at=None, answer="", attempts=0)
    )
    if not changed:
        raise NotToBeSentNow
    _note("letter.sent_again", letter, by, now)
    _wake(letter)


@transaction.atomic
def withdraw(letter: Letter, *, by: User | None = None, now: datetime | None = None) -> None:
    """It shall not be sent (any more), and waits for nobody. Raises `AlreadyOnItsWay`."""
    changed = (
        Letter.objects.filter(pk=letter.pk)
        .exclude(state__in=(Letter.State.SENDING, Letter.State.SENT, Letter.State.WITHDRAWN))
        .update(state=Letter.State.WITHDRAWN, retry_at=None, sealed=None)
    )
    if not changed:
        raise AlreadyOnItsWay
    _note("letter.withdrawn", letter, by, now)


# Whose letters these are, besides those of organisers and help desk: beginning of the template -> kinds of roles.
_READERS: dict[str, set[str]] = {}
READ_ALL = frozenset({Role.Kind.ORGANISER, Role.Kind.HELP_DESK})


def let_read(kind: str, beginning: str) -> None:
    """Let people of a role read the letters of an app: `let_read(Role.Kind.PRESS_OFFICER, "press/")`."""
    _READERS.setdefault(beginning, set()).add(kind)


def readable(edition: Edition, kinds: "frozenset[str] | set[str]") -> "models.QuerySet[Letter]":
    """The edition's letters that people with these kinds of roles may read."""
    letters = Letter.objects.of_edition(edition)
    if not READ_ALL.isdisjoint(kinds):
        return letters
    found = Q(pk__in=[])
    for beginning, theirs in _READERS.items():
        if not theirs.isdisjoint(kinds):
            found |= Q(template__startswith=beginning)
    return letters.filter(found)


def unsealed(letter: Letter) -> dict[str, str]:
    """What was given as `secret`; once it is forgotten, its names with an ellipsis."""
    if letter.sealed is None:
        return {name: HIDDEN for name, about in letter.objects_named.items() if about is None}
    secrets: dict[str, str] = json.loads(_seal().decrypt(bytes(letter.sealed)))
    return secrets


def secret_is_gone(letter: Letter) -> bool:
    return letter.sealed is None and None in letter.objects_named.values()


# --- What became of it -----------------------------------------------------------------------------------


def _settle(letter: Letter, state: str, *, answer: str = "", subject: str = "") -> None:
    values: dict[str, Any] = {"state": state, "answer": _kept(letter, answer), "lease_until": None}
    if subject:
        values["subject"] = subject[:200]
    if state == Letter.State.SENT:
        # People read it beside the edition's other moments.
        values["sent_at"] = StatementNow() + (letter.edition or Edition()).clock_shift
    if state == Letter.State.UNCERTAIN:
        values["retry_at"] = StatementNow() + PAUSE_WHEN_UNCERTAIN
    else:
        values["sealed"] = None
    _of_this_attempt(letter).update(**values)


def _later(letter: Letter, answer: str) -> None:
    if letter.attempts > len(RETRIES):
        _settle(letter, Letter.State.FAILED, answer=answer)
        return
    _of_this_attempt(letter).update(
        state=Letter.State.QUEUED,
        answer=_kept(letter, answer),
        lease_until=None,
        retry_at=StatementNow() + RETRIES[letter.attempts - 1],
    )


def _of_this_attempt(letter: Letter) -> "models.QuerySet[Letter]":
    """The row, unless somebody has taken it since: who comes too late for the lease still knows what became of it."""
    return Letter.objects.filter(pk=letter.pk, attempts=letter.attempts).exclude(
        state=Letter.State.SENT
    )


def _refused(letter: Letter, written: Written, code: int, answer: str) -> None:
    _take_back(written)
    if 500 <= code < 600:
        _settle(letter, Letter.State.FAILED, answer=answer)
    else:
        _later(letter, answer)


def _words(failure: Exception) -> str:
    """What the mail server said, as a person reads it."""
    code: int
    said: bytes | str
    if isinstance(failure, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(failure.recipients.values()))
    elif isinstance(failure, smtplib.SMTPResponseException):
        code, said = failure.smtp_code, failure.smtp_error
    else:
        return str(failure) or type(failure).__name__
    return f"{code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"


def _kept(letter: Letter, answer: str) -> str:
    """Filters quote what they refuse: no token and no code gets into the table this way."""
    return header_text(logs.masked(_without(unsealed(letter), answer)))[:300]


def _watch(connection: Any) -> Callable[[], bool]:
    """Tells afterwards whether the text of a mail was on its way: before that, a cut line has lost nothing."""
    line = getattr(connection, "connection", None)
    if not isinstance(line, smtplib.SMTP):
        return lambda: False  # files and memory take a mail or do not
    began: list[bool] = []
    send_text = line.data

    def data(text: Any) -> tuple[int, bytes]:
        began.append(True)
        return send_text(text)

    line.data = data  # type: ignore[method-assign, assignment]  # for this one mail
    return lambda: bool(began)


def _take_back(written: Written) -> None:
    """Nobody got this letter: its tokens are forgotten, so that those of delivered ones stay good."""
    for link_id, (newest, previous, fresh) in written.tokens.items():
        AccessLink.objects.filter(pk=link_id, token_hash=fresh).update(
            token_hash=newest, previous_token_hash=previous
        )


def _end_older_tokens(written: Written) -> None:
    for link_id, (_newest, _previous, fresh) in written.tokens.items():
        AccessLink.objects.filter(pk=link_id, token_hash=fresh).update(previous_token_hash=None)


def _wake(letter: Letter) -> None:
    transaction.on_commit(
        lambda: worker.start("congress.tasks.send_letter", letter.pk), robust=True
    )


def _note(verb: str, letter: Letter, by: User | None, now: datetime | None) -> None:
    journal.note(
        verb,
        edition=letter.edition,
        now=now or (letter.edition or Edition()).now(),
        by=by,
        about=letter.person,
        target=letter,
    )


# --- Its text --------------------------------------------------------------------------------------------


def _context(
    letter: Letter, secrets: dict[str, str], tokens: dict[int, tuple[Any, Any, bytes]], mint: bool
) -> dict[str, Any]:
    context: dict[str, Any] = {
        "edition": letter.edition,
        "person": letter.person,
        "site_url": settings.SITE_URL,
        "admin_url": settings.SITE_URL + reverse("admin:index"),
        **secrets,
    }
    for name, about in letter.objects_named.items():
        if about is None:
            continue
        label, pk = about
        row = apps.get_model(label)._default_manager.filter(pk=pk).first()
        if row is None:
            raise NotDeliverable("what the letter is about has been erased")
        context[name] = row
        if isinstance(row, AccessLink):
            token = f"{row.kind}_{HIDDEN}"
            if mint:
                token = actions.mint(link=row, now=row.edition.now())
                fresh = AccessLink.objects.values_list("token_hash", flat=True).get(pk=row.pk)
                tokens[row.pk] = (row.token_hash, row.previous_token_hash, bytes(fresh or b""))
            address = reverse(_link_address(row), args=[token])
            context["access_url"] = settings.SITE_URL + (address if mint else unquote(address))
    for enrich in ENRICHERS.get(letter.template, ()):
        context |= enrich(letter, context)
    return context


# template -> functions that add what its text or its attachments need; apps enter theirs beside their letters.
# `reply_to` is where answers go, if not to the help desk; `attachments` are (filename, content, kind).
ENRICHERS: dict[str, list[Any]] = {}


def _text(letter: Letter, context: dict[str, Any]) -> tuple[str, str]:
    """Subject and body: the edition's own wording where it may be used, else the file."""
    template = wording.own_wording(letter) or wording.standard(letter.template, letter.language)
    subject, body = wording.split(template.render(Context(context, autoescape=False)))
    # What was left out by {% if %} leaves its lines behind.
    return header_text(subject)[:LONGEST_SUBJECT], re.sub(r"\n{3,}", "\n\n", body)


def _link_address(link: AccessLink) -> str:
    return "press_access_link" if link.kind == AccessLink.Kind.PRESS else "access_link"


def _without(secrets: dict[str, str], text: str) -> str:
    for secret in secrets.values():
        text = text.replace(secret, HIDDEN) if secret else text
    return masked(text)


@cache
def _seal() -> Fernet:
    return Fernet(
        base64.urlsafe_b64encode(
            hashlib.sha256(b"letters:" + settings.SECRET_KEY.encode()).digest()
        )
    )


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(load_remote_stylesheets=False)
