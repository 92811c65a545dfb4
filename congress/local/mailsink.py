"""Takes every mail of the demonstration and writes it to a file; nothing leaves the machine.

python -m congress.local.mailsink PORT DIRECTORY
"""

import asyncio
import itertools
import signal
import sys
import time
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

KEPT = 1000
LARGEST_MAIL = 40_000_000


class Sink:
    """One file per mail, named by the moment it came; complete as soon as it has its name."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.number = itertools.count(1)

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        second = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        moment = f"{second}-{time.time_ns() % 10**9:09d}-{next(self.number):04d}"
        recipients = ", ".join(envelope.rcpt_tos).replace("\r", "").replace("\n", "")
        content = envelope.original_content or b""
        unfinished = self.directory / f"{moment}.part"
        unfinished.write_bytes(f"X-Envelope-To: {recipients}\r\n".encode() + content)
        unfinished.rename(unfinished.with_suffix(".eml"))
        self._forget_oldest()
        return "250 kept"

    def _forget_oldest(self) -> None:
        for old in sorted(self.directory.glob("*.eml"))[:-KEPT]:
            old.unlink(missing_ok=True)


async def serve(port: int, directory: Path) -> None:
    sink = Sink(directory)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(
            sink, hostname="localhost", data_size_limit=LARGEST_MAIL, enable_SMTPUTF8=True
        ),
        host="127.0.0.1",
        port=port,
    )
    ended = asyncio.Event()
    for which in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(which, ended.set)
    async with server:
        await ended.wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
