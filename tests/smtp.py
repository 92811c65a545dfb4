"""A real mail server for tests: on a thread of its own, with bad days by request.

`with SmtpServer() as server:` then `server.behave("slow")`; `server.mails` holds what was accepted.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session


class _Handler:
    def __init__(self, server: "SmtpServer") -> None:
        self.server = server

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, smtp: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.server.mode == "cut before data":
            self.server.cut(smtp)
            return "250 never read"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, smtp: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answers = {
            "550": "550 5.1.1 mailbox unavailable",
            "421": "421 4.3.2 try again later",
            "450": "450 4.2.0 greylisted",
        }
        if answer := answers.get(self.server.mode):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, smtp: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.original_content or b""
        self.server.tried.append(content)
        mode = self.server.mode
        if mode == "554 with quotation":
            links = [
                word for word in content.decode(errors="replace").split() if "/zugang/" in word
            ]
            return f"554 5.7.1 blocked: {links[0] if links else ''}"[:500]
        if mode == "cut after data, taken":
            self.server.accept(content)
            self.server.cut(smtp)
            return "250 never read"
        if mode == "cut after data, lost":
            self.server.cut(smtp)
            return "250 never read"
        if self.server.seconds_for_a_mail:
            await asyncio.sleep(self.server.seconds_for_a_mail)
        self.server.accept(content)
        return "250 taken"


class SmtpServer:
    """Listens on a free port of this machine."""

    def __init__(self) -> None:
        self.mode = "ok"
        self.seconds_for_a_mail = 0.0
        self.taken: list[bytes] = []
        self.tried: list[bytes] = []
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def behave(self, mode: str, *, seconds_for_a_mail: float = 0.0) -> None:
        self.mode, self.seconds_for_a_mail = mode, seconds_for_a_mail

    @property
    def mails(self) -> list[EmailMessage]:
        return [_read(content) for content in list(self.taken)]

    def message_ids(self) -> list[str]:
        return [str(mail["Message-ID"]) for mail in self.mails]

    def accept(self, content: bytes) -> None:
        self.taken.append(content)

    def cut(self, smtp: SMTP) -> None:
        transport = smtp.transport
        if transport is not None:
            transport.abort()

    def wait_for(self, condition: Callable[[], Any], seconds: float = 30) -> bool:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if condition():
                return True
            time.sleep(0.05)
        return False

    def __enter__(self) -> "SmtpServer":
        self._thread.start()
        assert self._ready.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            self._loop.create_server(
                lambda: SMTP(_Handler(self), hostname="localhost", loop=self._loop),
                host="127.0.0.1",
                port=0,
            )
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()


def _read(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message
