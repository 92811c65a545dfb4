"""The session store: Django's, with rows that name their person and their link."""

from datetime import datetime
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.utils import timezone

ENTERED_KEY = "entered_at"
LINK_KEY = "link"  # id of the AccessLink that this browser entered by
BADGE_KEY = "badge"  # id of the edition, where it entered by a badge: the stages of it are open, and nothing else


class SessionStore(DatabaseSessionStore):
    @classmethod
    def get_model_class(cls) -> Any:
        from congress.models import BrowserSession  # the registry is not ready while settings load

        return BrowserSession

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
