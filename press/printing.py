"""Releases as PDF, on the paper of the host."""

from __future__ import annotations

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from congress import markdown, pdf
from congress.templatetags.kern import day, moment
from press import queries
from press.models import PressRelease

RELEASE = "press/typst/release.typ"


def release_pdf(release: PressRelease, *, embargoed: bool) -> bytes:
    """In the language of the release. Raises `congress.pdf.CannotBePrinted`."""
    edition = release.edition
    with translation.override(release.language):
        until = {"moment": moment(release.embargo_until)}
        files = [
            {
                "title": file.title,
                "url": settings.SITE_URL + file.get_absolute_url(),
                "more": " · ".join(filter(None, (file.caption, file.credit, file.terms))),
            }
            for file in release.files.all()
        ]
        data = {
            "title": release.title,
            "author": edition.organiser or str(edition.host_state.official_name),
            "sender": edition.organiser or str(edition.host_state.official_name),
            "line": edition.header_line,
            "accent": edition.accent,
            "kind": _("Press release"),
            "label": _("No. %(number)s") % {"number": release.label},
            "practice": _("EXERCISE: not to be published") if edition.practice else "",
            "embargo": _("Embargo until %(moment)s") % until if embargoed else "",
            "dateline": f"{edition.city}, {day(release.published_at) or _('draft')}",
            "teaser": release.teaser,
            "body": markdown.blocks(release.body),
            "elsewhere": release.elsewhere,
            "files": files,
            "contact": release.contact or _office(release),
            "words": {
                "elsewhere": _("The whole release:"),
                "files": _("Pictures and papers"),
                "contact": _("Contact for questions"),
            },
        }
        return pdf.make(RELEASE, data, language=release.language)


def _office(release: PressRelease) -> str:
    desk = queries.desk(release.edition)
    return "\n".join(filter(None, (release.edition.organiser, desk.mailbox, desk.phone)))
