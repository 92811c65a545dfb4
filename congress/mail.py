"""Letters: how they are written into the outbox, how a row becomes a mail, and how it leaves.

Nobody else talks to SMTP (RFC 5321 gives no exactly-once: what may have left stands as uncertain).
"""

import base64
import hashlib
import json
import smtplib
from datetime import datetime, timedelta
from email.utils import formataddr, parseaddr
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import css_inline
from cryptography.fernet import Fernet
from django.apps import apps
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import models, transaction
from django.db.models import F
from django.template import Context, Engine, Template
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import linebreaks, urlize
from django.utils.safestring import mark_safe
from django.utils.translation import override

from congress import actions, worker
from congress.models import AccessLink, Edition, Letter, LetterText, User
from congress.models.database import StatementNow

LEASE = timedelta(seconds=60)
# After a refusal for the moment: about when the next attempt is made. Then a person looks at it.
RETRIES = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)
RESENDS_OF_UNCERTAIN = 2


class NotDeliverable(Exception):
    """The mail server refused for good; `answer` holds its words."""

    def __init__(self, answer: str) -> None:
        self.answer = answer
        super().__init__(answer)


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
    letter, created = Letter.objects.get_or_create(
        once=once,
        defaults={
            "template": template,
            "edition": edition,
            "person": person,
            "to": to,
            "language": language or (person.language if person else "de"),
            "objects_named": {name: [row._meta.label_lower, row.pk] for name, row in named.items()},
            "sealed": _seal().encrypt(json.dumps(secret).encode()) if secret else None,
            "due_at": due_at,
            "bulk": bulk,
            "message_id": Letter.new_message_id(
                urlsplit(settings.SITE_URL).hostname or "localhost"
            ),
        },
    )
    if created and due_at is None:
        transaction.on_commit(
            lambda: worker.start("congress.tasks.send_letter", letter.pk), robust=True
        )
    return letter


def render(letter: Letter, *, mint: bool) -> EmailMultiAlternatives:
    """The mail of a row: plain text first, HTML from one base. `mint` gives personal links their token."""
    with override(letter.language):
        context = _context(letter, mint=mint)
        subject, body = _wording(letter, context)
        edition = letter.edition
        shown = {"subject": subject, "edition": edition, "site_url": settings.SITE_URL}
        text = render_to_string("congress/emails/base.txt", shown | {"body": mark_safe(body)})  # noqa: S308  # plain text
        paragraphs = mark_safe(linebreaks(urlize(body, nofollow=False, autoescape=True)))  # noqa: S308  # escaped by urlize
        html = render_to_string("congress/emails/base.html", shown | {"body": paragraphs})
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    reply_to = [edition.help_email] if edition is not None and edition.help_email else []
    mail = EmailMultiAlternatives(
        subject=subject,
        body=text,
        from_email=formataddr((edition.title if edition is not None else name, address)),
        to=[letter.to or ""],
        reply_to=reply_to,
        headers={"Message-ID": letter.message_id, "Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(_inliner().inline(html), "text/html")
    for filename, content, kind in context.get("attachments", ()):
        mail.attach(filename, content, kind)
    return mail


def claim(letter_id: int) -> Letter | None:
    """Take a due letter for sending; nobody else gets it while the lease lasts. None where there is nothing to do."""
    taken = Letter.objects.filter(pk=letter_id, pk__in=Letter.objects.due().values("pk")).update(
        state=Letter.State.SENDING,
        attempts=F("attempts") + 1,
        lease_until=StatementNow() + LEASE,
    )
    if not taken:
        return None
    return Letter.objects.select_related("edition__host_state", "person").get(pk=letter_id)


def send(letter: Letter) -> None:
    """Send a claimed letter and write down what became of it."""
    if letter.edition is not None and letter.edition.practice and not settings.DEMO:
        _settle(letter, Letter.State.KEPT)
        return
    try:
        mail = render(letter, mint=True)
    except NotDeliverable as refusal:
        _settle(letter, Letter.State.FAILED, answer=refusal.answer)
        return
    try:
        with get_connection() as connection:
            connection.send_messages([mail])
    except smtplib.SMTPRecipientsRefused as refusal:
        code, words = next(iter(refusal.recipients.values()))
        _refused(letter, code, words)
    except smtplib.SMTPResponseException as refusal:
        _refused(letter, refusal.smtp_code, refusal.smtp_error)
    except smtplib.SMTPServerDisconnected as cut:
        # Nobody can know whether it left: links and letters to one person go again with the same
        # Message-ID, letters to many wait for a person.
        _settle(letter, Letter.State.UNCERTAIN, answer=str(cut), subject=mail.subject)
    except OSError as failure:
        _later(letter, str(failure))
    else:
        _settle(letter, Letter.State.SENT, subject=mail.subject)


def settle_forgotten() -> int:
    """Letters whose sender died: uncertain. Those to one person go again, with the same Message-ID."""
    uncertain = Letter.objects.forgotten().update(state=Letter.State.UNCERTAIN, lease_until=None)
    Letter.objects.filter(
        state=Letter.State.UNCERTAIN, bulk=False, attempts__lte=RESENDS_OF_UNCERTAIN
    ).update(state=Letter.State.QUEUED, retry_at=None)
    return uncertain


def send_again(letter: Letter) -> None:
    """A person wants it sent once more, whatever became of it; the same Message-ID."""
    Letter.objects.filter(pk=letter.pk).exclude(
        state__in=(Letter.State.SENDING, Letter.State.WITHDRAWN)
    ).update(state=Letter.State.QUEUED, retry_at=None, due_at=None, answer="", attempts=0)


def unsealed(letter: Letter) -> dict[str, str]:
    if letter.sealed is None:
        return {}
    secrets: dict[str, str] = json.loads(_seal().decrypt(bytes(letter.sealed)))
    return secrets


def _settle(letter: Letter, state: str, *, answer: str = "", subject: str = "") -> None:
    done = state in (Letter.State.SENT, Letter.State.FAILED)
    Letter.objects.filter(pk=letter.pk, state=Letter.State.SENDING).update(
        state=state,
        answer=answer[:300],
        lease_until=None,
        **({"subject": subject[:200]} if subject else {}),
        **({"sent_at": StatementNow()} if state == Letter.State.SENT else {}),
        **({"sealed": None} if done else {}),
    )


def _refused(letter: Letter, code: int, words: bytes | str) -> None:
    said = words.decode(errors="replace") if isinstance(words, bytes) else words
    answer = f"{code} {said}"
    if 500 <= code < 600:
        _settle(letter, Letter.State.FAILED, answer=answer)
    else:
        _later(letter, answer)


def _later(letter: Letter, answer: str) -> None:
    if letter.attempts > len(RETRIES):
        _settle(letter, Letter.State.FAILED, answer=answer)
        return
    Letter.objects.filter(pk=letter.pk, state=Letter.State.SENDING).update(
        state=Letter.State.QUEUED,
        answer=answer[:300],
        lease_until=None,
        retry_at=StatementNow() + RETRIES[letter.attempts - 1],
    )


def _context(letter: Letter, *, mint: bool) -> dict[str, Any]:
    context: dict[str, Any] = {
        "edition": letter.edition,
        "person": letter.person,
        "site_url": settings.SITE_URL,
    }
    for name, (label, pk) in letter.objects_named.items():
        row = apps.get_model(label)._default_manager.filter(pk=pk).first()
        if row is None:
            raise NotDeliverable("what the letter is about has been erased")
        context[name] = row
        if isinstance(row, AccessLink):
            token = actions.mint(link=row, now=row.edition.now()) if mint else f"{row.kind}_…"
            context["access_url"] = settings.SITE_URL + reverse("access_link", args=[token])
    context |= unsealed(letter) if mint else dict.fromkeys(unsealed(letter), "…")
    for enrich in ENRICHERS.get(letter.template, ()):
        context |= enrich(letter, context)
    return context


# template -> functions that add what its text or its attachments need; apps enter theirs beside their letters.
ENRICHERS: dict[str, list[Any]] = {}


def _wording(letter: Letter, context: dict[str, Any]) -> tuple[str, str]:
    own = (
        LetterText.objects.filter(
            edition=letter.edition, template=letter.template, language=letter.language
        ).first()
        if letter.edition is not None
        else None
    )
    engine = Engine.get_default()
    if own is not None:
        source = f"{own.subject}\n\n{own.body}"
        template = Template(source, engine=engine)
    else:
        stem = Path(letter.template)
        template = engine.select_template(
            [str(stem.with_suffix(f".{letter.language}{stem.suffix}")), letter.template]
        )
    text = template.render(Context(context, autoescape=False))
    subject, _, body = text.strip().partition("\n")
    return " ".join(subject.split())[:200], body.strip()


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
