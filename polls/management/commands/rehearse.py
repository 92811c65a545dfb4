"""`manage.py rehearse`: the Generalprobe of a stage against the running servers."""

from __future__ import annotations

import signal
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from congress.errors import Refused
from congress.models import Stage
from polls.models import Poll
from polls.rehearsal import running, verdict

_STEPS = {
    "people": gettext_lazy("Simulated viewers are made"),
    "connect": gettext_lazy("They connect"),
    "vote": gettext_lazy("They vote"),
    "step": gettext_lazy("The director steps"),
    "show": gettext_lazy("Their questions are shown"),
    "remove": gettext_lazy("Everything is removed"),
}
_TICKETS = gettext_lazy(
    "%(viewers)s viewers and a moderator in %(file)s; poll %(poll)s is open. When you are done: --cleanup"
)
_BAR = 30


class Command(BaseCommand):
    help = "Generalprobe: simulated viewers connect to a stage and vote; says how it went; leaves nothing behind."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("edition", help="the edition's address, e.g. 2021")
        parser.add_argument("stage", help="the stage's address, e.g. plenum")
        parser.add_argument("--viewers", type=int, default=0, help="how many (at most 15,000)")
        parser.add_argument("--address", default="", help="where the servers are reached")
        parser.add_argument(
            "--kind", choices=Poll.Kind.values, default=Poll.Kind.SINGLE, help="of the poll"
        )
        way = parser.add_mutually_exclusive_group()
        way.add_argument(
            "--tickets", metavar="FILE", type=Path,
            help="only write session cookies for an outside load generator, and open a poll for them",
        )  # fmt: skip
        way.add_argument(
            "--cleanup", action="store_true", help="remove what tickets or a crash left"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # Asked to end, whoever asks: everything is removed first.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        # In both languages, since organisers and operators read it.
        try:
            self._do(**options)
        except Refused as refusal:
            message = refusal.message
            raise CommandError(_both(lambda: str(message))) from refusal
        except KeyboardInterrupt:
            raise CommandError(
                _both(lambda: _("Broken off. Everything was removed.")), returncode=130
            ) from None

    def _do(
        self,
        *,
        edition: str,
        stage: str,
        viewers: int,
        address: str,
        tickets: Path | None,
        cleanup: bool,
        kind: str,
        **_options: Any,
    ) -> None:
        place = (
            Stage.objects.select_related("edition")
            .filter(edition__slug=edition, slug=stage)
            .first()
        )
        if place is None:
            raise CommandError(_both(lambda: _("There is no such stage in this edition.")))
        if cleanup:
            count = running.clean_up(place)
            self.stdout.write(_both(lambda: _("Removed: %s simulated people.") % count))
        elif tickets is not None:
            poll = running.write_tickets(place, viewers=viewers, file=tickets, kind=kind)
            numbers = {"viewers": viewers, "file": tickets, "poll": poll.pk}
            self.stdout.write(_both(lambda: _TICKETS % numbers))
        else:
            self._rehearse(place, viewers, (address or settings.SITE_URL).rstrip("/"), kind)

    def _rehearse(self, place: Stage, viewers: int, address: str, kind: str) -> None:
        report = running.rehearse(
            place, viewers=viewers, address=address, tell=self._progress, kind=kind
        )
        for language in ("de", "en"):
            with override(language):
                judged = verdict.judge(report.figures)
                self.stdout.write("\n" + " ".join(judged.sentences) + "\n")
                lines = verdict.table(report.figures)
                width = max(len(label) for label, _value in lines)
                for label, value in lines:
                    self.stdout.write(f"  {label:{width}}  {value}")
        if judged.grade == verdict.Grade.WRONG:
            raise SystemExit(1)

    _last = ""

    def _progress(self, what: str, done: int, of: int) -> None:
        """A bar on a terminal; elsewhere one line when a step is done."""
        label = _both(lambda: str(_STEPS[what]))
        if self.stdout.isatty():
            filled = _BAR * done // max(of, 1)
            self.stdout.write(
                f"\r{label:<55} [{'#' * filled}{'.' * (_BAR - filled)}] {done}/{of} ", ending=""
            )
            if done >= of:
                self.stdout.write("")
            self.stdout.flush()
        elif done >= of and self._last != what:
            self._last = what
            self.stdout.write(f"{label}: {done}")


def _both(sentence: Any) -> str:
    said = []
    for language in ("de", "en"):
        with override(language):
            said.append(sentence())
    return " / ".join(dict.fromkeys(said))
