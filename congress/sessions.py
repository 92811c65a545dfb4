"""The session store: Django's, with rows that name their person and their link; and when staff is signed out."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.utils import timezone

ENTERED_KEY = "entered_at"
LINK_KEY = "link"  # id of the AccessLink that this browser entered by
BADGE_KEY = "badge"  # id of the edition, where it entered by a badge: the stages of it are open, and nothing else

# Whoever sees personal data or gives rights is signed out after so long without doing anything, and at the latest
# after so long at all. A page of the stages or the check-in that stands open is doing something until the day ends.
IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
# Not every click is worth a write.
NOTED_EVERY = timedelta(minutes=1)


def staff_session_ends_at(
    entered_at: datetime, seen_at: datetime | None, on_duty_at: datetime | None
) -> datetime:
    """When this session is over if nothing more is done in it. All by the real clock."""
    longest = entered_at + LONGEST
    if on_duty_at is not None:
        day = timezone.localtime(on_duty_at)
        midnight = datetime.combine(day.date() + timedelta(days=1), time(0), day.tzinfo)
        longest = max(longest, midnight)
    active_at = max(moment for moment in (entered_at, seen_at, on_duty_at) if moment is not None)
    return min(active_at + IDLE, longest)


def note_activity(keys: Iterable[str], *, on_duty: bool = False) -> None:
    """Something was done in these sessions; `on_duty`: a page that counts by being open is open."""
    from congress.models import BrowserSession  # the registry is not ready while settings load

    now = timezone.now()  # noqa: TID251  # sessions live by the real clock
    done = {"on_duty_at": now} if on_duty else {"seen_at": now}
    BrowserSession.objects.filter(session_key__in=list(keys)).update(**done)


class SessionStore(DatabaseSessionStore):
    # The row that was loaded, for what stands beside the data.
    row: Any = None

    @classmethod
    def get_model_class(cls) -> Any:
        from congress.models import BrowserSession  # the registry is not ready while settings load

        return BrowserSession

    def _get_session_from_db(self) -> Any:
        self.row = super()._get_session_from_db()  # type: ignore[misc]  # unknown to the stubs
        return self.row

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        # The store writes whole rows, so what must outlive an update travels in the session's own data.
        entered = data.setdefault(
            ENTERED_KEY,
            timezone.now().isoformat(),  # noqa: TID251  # sessions live by the real clock
        )
        row: Any = super().create_model_instance(data)
        row.entered_at = datetime.fromisoformat(entered)
        row.person_id = data.get(SESSION_KEY)
        row.link_id = data.get(LINK_KEY)
        return row
