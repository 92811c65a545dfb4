"""The letters of the demonstration, as they arrived in its sink."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage  # noqa: TID251  # it only reads
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from pathlib import Path

from django.conf import settings

SHOWN = 200
_NAME = re.compile(r"[0-9A-Za-z_-]{1,80}")


@dataclass(frozen=True)
class Mail:
    """One letter; `name` stands in its address here."""

    name: str
    to: str
    sender: str
    subject: str
    sent_at: datetime | None
    text: str
    attachments: tuple[str, ...]


def folder() -> Path:
    return Path(settings.LOCAL_DIR) / "mails"


def latest(limit: int = SHOWN) -> list[Mail]:
    """The newest first. The sink names files by the moment they came."""
    return [mail for file in sorted(_files(), reverse=True)[:limit] if (mail := _read(file))]


def count() -> int:
    return len(_files())


def _files() -> list[Path]:
    if not folder().is_dir():
        return []
    return [file for file in folder().glob("*.eml") if _NAME.fullmatch(file.stem)]


def find(name: str) -> Mail | None:
    """The letter of this name; a name is letters and digits, so that none leads out of the folder."""
    if not _NAME.fullmatch(name):
        return None
    file = folder() / f"{name}.eml"
    if file.is_symlink() or not file.is_file():
        return None
    return _read(file)


def _read(file: Path) -> Mail | None:
    try:
        content = file.read_bytes()
    except OSError:
        return None  # the sink has just removed it
    message = BytesParser(EmailMessage, policy=policy.default).parsebytes(content)
    return Mail(
        name=file.stem,
        to=_header(message, "X-Envelope-To") or _header(message, "To"),
        sender=_header(message, "From"),
        subject=_header(message, "Subject"),
        sent_at=_moment(message),
        text=_text(message),
        attachments=tuple(
            part.get_filename() or part.get_content_type() for part in message.iter_attachments()
        ),
    )


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name, ""))
    except (ValueError, IndexError, AttributeError):  # headers nobody can read
        return ""


def _moment(message: EmailMessage) -> datetime | None:
    try:
        moment = parsedate_to_datetime(str(message["Date"]))
    except (TypeError, ValueError):
        return None
    # "-0000" means UTC, and comes without a time zone.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _text(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    try:
        content = str(part.get_content())
    except (LookupError, UnicodeError, KeyError):  # an unknown character set
        payload = part.get_payload(decode=True)
        content = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    return _without_tags(content) if part.get_content_subtype() == "html" else content.strip()


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"style", "script", "title"}:
            self.hidden += 1
        elif tag in {"p", "br", "tr", "li", "h1", "h2", "h3"}:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"style", "script", "title"}:
            self.hidden = max(0, self.hidden - 1)

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.words.append(data)


def _without_tags(html: str) -> str:
    words = _Words()
    words.feed(html)
    return re.sub(r"\n\s*\n\s*\n+", "\n\n", "".join(words.words)).strip()
