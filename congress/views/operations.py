"""For operators and robots."""

from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from congress.models import Edition


def health(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


def ready(request: HttpRequest) -> JsonResponse:
    """Database, migrations and Redis; 503 where one is missing. Redis may fail without a page noticing."""
    parts = {"database": _database(), "migrations": _migrations(), "redis": _redis()}
    return JsonResponse(parts, status=200 if all(parts.values()) else 503)


def robots(request: HttpRequest) -> HttpResponse:
    lines = [
        "User-agent: *",
        f"Disallow: /{settings.ADMIN_PATH}/",
        "Disallow: /konto/",
        "Disallow: /zugang/",
    ]
    if settings.DEMO:
        lines = ["User-agent: *", "Disallow: /"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain")


def security_txt(request: HttpRequest) -> HttpResponse:
    """RFC 9116: Contact and Expires are mandatory."""
    edition = Edition.objects.current()
    mailbox = (edition.help_email if edition else "") or "sicherheit@fachkongress.example"
    expires = timezone.now() + timedelta(days=180)  # noqa: TID251  # a promise of this installation, not of an edition
    lines = (
        f"Contact: mailto:{mailbox}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: de, en",
        f"Canonical: {settings.SITE_URL}/.well-known/security.txt",
    )
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain")


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _migrations() -> bool:
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return False


def _redis() -> bool:
    try:
        cache.set("ready", "1", timeout=5)
    except Exception:  # noqa: BLE001  # whatever the client raises means the same here
        return False
    return True
