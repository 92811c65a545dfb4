"""The page where the code of a sign-in is typed: allauth's, with a pause between two codes; and staying awake."""

import logging
import time
from email.utils import parseaddr
from typing import Any

from allauth.account import views as stock
from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from congress import wording
from congress.models import User
from congress.second_factor import needs_second_factor
from congress.sessions import note_activity

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_CODES = 30


class ConfirmLoginCode(stock.ConfirmLoginCodeView):  # type: ignore[misc]  # allauth ships no types
    """Names sender and subject; sends a new code after 30 seconds, which is good for another 30 minutes."""

    def _resend_form_valid(self, form: Any) -> HttpResponse:
        state = self._process.state
        wait = SECONDS_BETWEEN_CODES - int(time.time() - state["at"])
        if wait > 0 or not self._is_first():
            wait = max(1, wait)
            text = ngettext(
                "We have just sent a code. Please wait %(seconds)d second longer, then we send another one.",
                "We have just sent a code. Please wait %(seconds)d seconds longer, then we send another one.",
                wait,
            )
            messages.warning(self.request, text % {"seconds": wait})
            here = reverse("account_confirm_login_code")
            return redirect(self.passthrough_next_url(here))
        state["at"] = time.time()
        messages.success(self.request, _("We have sent you a new code."))
        return super()._resend_form_valid(form)  # type: ignore[no-any-return]  # allauth ships no types

    def _is_first(self) -> bool:
        """Of several requests at once one sends. Where Redis is down each does: no code would be worse than two."""
        key = f"code-again:{self.request.session.session_key}"
        try:
            return cache.add(key, True, SECONDS_BETWEEN_CODES)
        except Exception:  # noqa: BLE001  # whatever the cache raises
            logger.warning("Requests for another code cannot be counted.")
            return True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["sender"] = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
        language = "en" if (get_language() or "de").startswith("en") else "de"
        context["subject"] = wording.label("congress/emails/login_code.md", language)
        return context


confirm_login_code = ConfirmLoginCode.as_view()


@require_POST
def awake(request: HttpRequest) -> HttpResponse:
    """A page of ours tells that somebody is typing on it, or, with `duty`, that it is open and watched."""
    key = request.session.session_key
    if not isinstance(request.user, User) or key is None:
        return HttpResponse(status=401)
    # That something was done the middleware has noted, of those whom it concerns.
    if "duty" in request.POST and needs_second_factor(request.user):
        note_activity([key], on_duty=True)
    return HttpResponse(status=204)
