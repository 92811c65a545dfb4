"""All settings.

What differs between installations comes from the environment (`.env.example`) and is refused if it makes no sense.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
if (BASE_DIR / ".env").is_file():
    env.read_env(str(BASE_DIR / ".env"))

# --- What this installation is -------------------------------------------------------------------
DEMO = env.bool(
    "DEMO", default=False
)  # the demonstration: one-click roles, a clock to turn, mails kept here
TESTING = env.bool("TESTING", default=False)
DEBUG = env.bool("DEBUG", default=False)
LOCAL_DIR = Path(env.str("LOCAL_DIR", default=str(BASE_DIR / ".local")))

SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set. For a try-out run `make demo`; for an installation put a random value of "
        "at least 50 characters into the environment or into .env."
    )
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

# The addresses people type, e.g. https://fachkongress.example; the first one stands in letters.
SITE_URLS = [url.rstrip("/") for url in env.list("SITE_URLS", default=[])]
if not SITE_URLS:
    if not (DEMO or TESTING or DEBUG):
        raise ImproperlyConfigured(
            "SITE_URLS is not set, e.g. SITE_URLS=https://fachkongress.example"
        )
    SITE_URLS = [f"http://127.0.0.1:{env.int('PORT', default=8000)}"]
SITE_URL = SITE_URLS[0]
for _url in SITE_URLS:
    _parts = urlsplit(_url)
    if _parts.scheme not in {"http", "https"} or not _parts.hostname or _parts.path:
        raise ImproperlyConfigured(f"SITE_URLS holds {_url!r}; expected scheme and host only.")
SECURE = SITE_URL.startswith("https://")
if not SECURE and not (DEMO or TESTING or DEBUG):
    raise ImproperlyConfigured(
        "SITE_URLS must begin with an https address outside demonstration and tests."
    )

# The demonstration accepts the host it is called by; everything else only its own names.
ALLOWED_HOSTS = ["*"] if DEMO else [urlsplit(url).hostname or "" for url in SITE_URLS]
if TESTING:
    ALLOWED_HOSTS += ["testserver", "127.0.0.1", "localhost"]
CSRF_TRUSTED_ORIGINS = [url for url in SITE_URLS if url.startswith("https://")]

# --- Applications --------------------------------------------------------------------------------
INSTALLED_APPS = [
    "congress.apps.CongressConfig",  # before staticfiles: its runserver speaks WebSockets
    "registration.apps.RegistrationConfig",
    "programme.apps.ProgrammeConfig",
    "polls.apps.PollsConfig",
    "press.apps.PressConfig",
    "congress.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.forms",
    "channels",
    "csp",
    "django_htmx",
    "simple_history",
    "allauth",
    "allauth.account",
    "allauth.mfa",
]

MIDDLEWARE = [
    "congress.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "congress.middleware.HeadersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "congress.badges.BadgeMiddleware",
    "congress.staff_sessions.StaffSessionMiddleware",
    "congress.second_factor.SecondFactorMiddleware",
    "congress.middleware.QueryMiddleware",
    "congress.middleware.EditionMiddleware",
]

ROOT_URLCONF = "congress.urls"
ASGI_APPLICATION = "congress.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "congress.context.site",
            ],
        },
    },
]
FORM_RENDERER = "congress.kernforms.KernRenderer"

# --- PostgreSQL: the only database and the only truth ----------------------------------------------
if not env.str("DATABASE_URL", default=""):
    raise ImproperlyConfigured(
        "DATABASE_URL is not set and no demonstration has been set up here. "
        "Run `make demo`, or name your PostgreSQL server in DATABASE_URL."
    )
_database = env.db("DATABASE_URL")
if "postgresql" not in _database["ENGINE"]:
    raise ImproperlyConfigured("DATABASE_URL must name a PostgreSQL server (postgres://…).")
DATABASES: dict[str, dict[str, Any]] = {
    "default": _database
    | {
        "ENGINE": "django.db.backends.postgresql",
        "ATOMIC_REQUESTS": False,
        # A connection is kept and asked whether it still lives: a restart of the server costs nobody a page.
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": _database.get("OPTIONS", {})
        | {
            "options": "-c statement_timeout=5000 -c lock_timeout=2000 -c idle_in_transaction_session_timeout=10000",
            "application_name": "fachkongress",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis: wakes people up; holds no votes and no secrets ----------------------------------------
REDIS_URL = env.str("REDIS_URL", default="")
if not REDIS_URL:
    raise ImproperlyConfigured(
        "REDIS_URL is not set. Run `make demo`, or name your Redis server in REDIS_URL."
    )
REDIS_PREFIX = env.str("REDIS_PREFIX", default="fachkongress")
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            "hosts": [
                {
                    "address": REDIS_URL,
                    "socket_timeout": None,  # redis-py 8: its five seconds are the layer's own wait
                    "socket_connect_timeout": 2,
                    "health_check_interval": 30,
                }
            ],
            "prefix": f"{REDIS_PREFIX}-live",
        },
    }
}
CACHES = {
    "default": {
        "BACKEND": "congress.cache.PartOfRedis",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": REDIS_PREFIX,
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
}

# --- Celery ---------------------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": f"{REDIS_PREFIX}-celery:",
    "visibility_timeout": 600,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Kept for a minute, as pages do (congress/celery.py): a new one for each letter costs PostgreSQL more than the letter.
CELERY_DB_REUSE_MAX = 10_000
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_TIMEZONE = "UTC"
# Due times are rows; the clock only looks often enough. Doing a task twice does no harm.
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "close polls whose time is over": {"task": "polls.tasks.close_due_polls", "schedule": 2.0},
    # Older looks are of no use: one that could not be started in time is dropped.
    "watch the streams": {
        "task": "polls.tasks.watch_streams",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "mail releases whose moment has come": {
        "task": "press.tasks.mail_releases",
        "schedule": 20.0,
    },
    "write down how often material was fetched": {
        "task": "press.tasks.count_downloads",
        "schedule": 60.0,
    },
    "send questions that were left open to speakers": {
        "task": "polls.tasks.send_open_questions",
        "schedule": 60.0,
    },
    "send letters that are due": {"task": "congress.tasks.sweep_letters", "schedule": 10.0},
    "ask colleagues whom applicants named": {
        "task": "registration.tasks.ask_colleagues",
        "schedule": 60.0,
    },
    "remind reviewers of old cases": {
        "task": "registration.tasks.remind_reviewers",
        "schedule": timedelta(minutes=20),
    },
    "erase what may no longer be kept": {
        "task": "congress.tasks.erase_personal_data",
        "schedule": timedelta(hours=6),
    },
    "pass on offered places whose time is over": {
        "task": "registration.tasks.sweep_places",
        "schedule": 30.0,
    },
    "compare the counters of places with their rows": {
        "task": "registration.tasks.check_counts",
        "schedule": timedelta(hours=6),
    },
    "send lost links of journalists again": {
        "task": "press.tasks.answer_link_requests",
        "schedule": 30.0,
    },
    "keep the moment at which links of journalists leave": {
        "task": "press.tasks.time_links",
        "schedule": 60.0,
    },
    "forget ended sessions": {
        "task": "congress.tasks.forget_ended_sessions",
        "schedule": timedelta(hours=1),
    },
}

# --- People and sign-in -----------------------------------------------------------------------------
AUTH_USER_MODEL = "congress.User"
AUTHENTICATION_BACKENDS = [
    "congress.auth.RoleBackend",
    "congress.auth.SignInBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "congress.auth.SensiblePassword"},
]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

# A session row names its person and its link, so that rights can be ended where they are held.
SESSION_ENGINE = "congress.sessions"
SESSION_COOKIE_NAME = "__Host-sid" if SECURE else "sid"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = int(timedelta(days=1).total_seconds())
CSRF_FAILURE_VIEW = "congress.views.csrf_failure"
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = SECURE

ACCOUNT_ADAPTER = "congress.auth.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_LOGIN_METHODS = {"email"}
# Nobody signs up, but where there is no password here allauth's sign-in form has none either.
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1"]
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = int(timedelta(minutes=30).total_seconds())
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = 5
# The whole way through code and second factor; allauth's 15 minutes would end codes that live for 30.
ACCOUNT_LOGIN_TIMEOUT = int(timedelta(hours=1).total_seconds())
ACCOUNT_FORMS = {
    "request_login_code": "congress.account_forms.RequestLoginCodeForm",
    "confirm_login_code": "congress.account_forms.ConfirmLoginCodeForm",
}
# Six signs that are read aloud without mistakes, as in the letters of the registration.
ALLAUTH_USER_CODE_FORMAT = {
    "length": 6,
    "numeric": False,
    "dashed": True,
    "allowed_chars": "ABCDEFGHJKLMNPQRSTUVWXYZ23456789",
}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if SECURE else "http"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# State networks leave through few addresses: what is counted per address is a fuse 20 times above the honest
# peak of 2,000 sign-ins in ten minutes; what is counted per mailbox (key) is what slows a guesser.
_FUSE = "40000/10m/ip"
ACCOUNT_RATE_LIMITS = {
    "change_password": "5/m/user",
    "change_phone": "1/m/user",
    "manage_email": "10/m/user",
    "reset_password": f"{_FUSE},5/h/key",
    "reauthenticate": "10/m/user",
    "reset_password_from_key": _FUSE,
    "signup": _FUSE,
    "login": _FUSE,
    "login_failed": f"{_FUSE},10/5m/key",
    "request_login_code": f"{_FUSE},5/10m/key,12/h/key",
    "confirm_email": "1/30s/key",
    "verify_phone": "1/m/key",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE
ALLAUTH_TRUSTED_PROXY_COUNT = env.int(
    "TRUSTED_PROXY_COUNT", default=0 if (DEMO or TESTING or DEBUG) else 1
)
ADMIN_PATH = env.str("ADMIN_PATH", default="admin").strip("/")
# Roles that see personal data or give rights need a second factor. The demonstration has no secrets to guard.
SECOND_FACTOR = env.bool("SECOND_FACTOR", default=not (DEMO or TESTING))

# --- Mail ---------------------------------------------------------------------------------------------
globals().update(env.email_url("EMAIL_URL", default="smtp://localhost:25"))
if TESTING:
    EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str(
    "DEFAULT_FROM_EMAIL", default="Fachkongress <fachkongress@fachkongress.example>"
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- Language and time --------------------------------------------------------------------------------
LANGUAGE_CODE = "de"
LANGUAGES = [("de", _("German")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Berlin"

# --- Files ---------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(LOCAL_DIR / "static")))
MEDIA_URL = "/media/"
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(LOCAL_DIR / "media")))
_collected = not (DEMO or TESTING or DEBUG)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "congress.storage.StaticStorage"
        if _collected
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
# Demonstration and tests serve files from where they lie; an installation collects them once.
WHITENOISE_USE_FINDERS = not _collected
# Looks a file up when it is asked for, instead of reading all of them for every client of a test.
WHITENOISE_AUTOREFRESH = TESTING
FILE_UPLOAD_MAX_MEMORY_SIZE = DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000

# --- Browser security -----------------------------------------------------------------------------------
# What the host's streaming server and we share, for addresses with {token} in them: docs/streams.md.
STREAM_SECRET = env.str("STREAM_SECRET", default="")
STREAM_HOSTS = env.list(
    "STREAM_HOSTS", default=[]
)  # origins of the HLS servers, e.g. https://stream.example
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],  # KERN's icons are data: masks
        "font-src": [SELF],
        "connect-src": [SELF, *STREAM_HOSTS],
        # hls.js begins subtitles with an empty data: track.
        "media-src": [SELF, "blob:", "data:", *STREAM_HOSTS],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    },
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]

SIMPLE_HISTORY_HISTORY_ID_USE_UUID = False
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

# --- Logs: no personal data, no tokens -------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "congress.logs.LineFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django.server": {"handlers": ["stderr"], "propagate": False},
        # At INFO every socket is a line with its address, tickets included.
        "uvicorn.error": {"level": "WARNING"},
    },
}
