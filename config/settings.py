"""Every setting, read from the environment (`.env.example` names them all)."""

from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.templatetags.static import static

from config import environment
from config.secrets import local_secrets

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env.read_env(str(BASE_DIR / ".env"))

# What this machine keeps for itself: the demo's data and logs, made secrets.
VAR_DIR = Path(env.str("CONCORD_VAR_DIR", default=str(BASE_DIR / "var")))

# development: what is missing is made once and kept in var/. rehearsal and production: it stops the start.
CONCORD_ENV = env.str("CONCORD_ENV", default=environment.DEVELOPMENT)
environment.check_kind(CONCORD_ENV)
DEVELOPMENT, PRODUCTION = CONCORD_ENV == environment.DEVELOPMENT, CONCORD_ENV == environment.PRODUCTION
if DEVELOPMENT:
    for _name, _value in local_secrets(VAR_DIR / "secrets.json").items():
        env.ENVIRON.setdefault(_name, _value)
else:
    environment.check_presence(env.ENVIRON)

SECRET_KEY = env.str("SECRET_KEY")
ENCRYPTION_KEYS = env.list("CONCORD_ENCRYPTION_KEYS")
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
PUBLIC_URL = env.str("PUBLIC_URL", default="").rstrip("/")  # where others reach us: webhooks go there
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
HTTPS = env.bool("HTTPS", default=not DEVELOPMENT)
environment.check_encryption_keys(ENCRYPTION_KEYS)
if not DEVELOPMENT:
    environment.check_closed(SECRET_KEY, ALLOWED_HOSTS, debug=DEBUG)

INSTALLED_APPS = [
    "config.site.ConsoleSiteConfig",  # is Unfold's
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.simple_history",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_celery_beat",
    "simple_history",
    "config",
    "contacts",
    "companies",
    "connectors",
    "synclog",
]

MIDDLEWARE = [
    "config.health.answer_first",
    "config.trail.note_refusals",
    "config.bodies.refuse_large",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.refusals.Refusals",  # before whatever reads the session
    "config.idle.end_when_idle",
    "config.zone.ReaderZone",
    "simple_history.middleware.HistoryRequestMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

VAR_DIR.mkdir(parents=True, exist_ok=True)
DATABASE_URL = env.str("DATABASE_URL", default="")
# Without an address it is the demo's, wherever that runs (config/local_database).
_LOCAL_DATABASE = {"ENGINE": "config.local_database"}
_database: dict[str, Any] = env.db_url_config(DATABASE_URL) if DATABASE_URL else _LOCAL_DATABASE
environment.check_database(_database["ENGINE"])
_options = {"connect_timeout": 10, **_database.get("OPTIONS", {})}
# For the processes that serve pages alone: a worker, a migration or the pruner may take longer.
WEB_STATEMENT_TIMEOUT_S = env.float("WEB_STATEMENT_TIMEOUT_S", default=10.0)
if env.bool("CONCORD_SERVES_PAGES", default=False):
    _limit = f"-c statement_timeout={WEB_STATEMENT_TIMEOUT_S * 1000:.0f}"
    _options["options"] = f"{_options.get('options', '')} {_limit}".strip()
DATABASES = {"default": {"CONN_MAX_AGE": 60, **_database, "CONN_HEALTH_CHECKS": True, "OPTIONS": _options}}
ATOMIC_REQUESTS = False  # no I/O inside a transaction (connectors/queue/)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

_VALIDATORS = {
    "UserAttributeSimilarityValidator": {},
    "MinimumLengthValidator": {"min_length": 12},
    "CommonPasswordValidator": {},
    "NumericPasswordValidator": {},
}
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in _VALIDATORS.items()
]
AUTHENTICATION_BACKENDS = ["config.logins.BrakedBackend"]
PASSWORD_RESET_TIMEOUT = round(env.float("PASSWORD_LINK_HOURS", default=24.0) * 3600)
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="UTC")

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
STATICFILES_DIRS = [BASE_DIR / "config" / "static"]
# Without collectstatic (demo, development) files are served from where they lie.
WHITENOISE_USE_FINDERS = env.bool("WHITENOISE_USE_FINDERS", default=DEVELOPMENT)

SESSION_COOKIE_AGE = round(env.float("SESSION_IDLE_MINUTES", default=480.0) * 60)  # config/idle.py
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=HTTPS)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000 if HTTPS else 0)
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_REFERRER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "contacts.registration.views.refuse_forgery"
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # sub-domains and the browsers' preload list are
    "security.W021",  # decisions about a whole domain, not about Concord
    "security.W019",  # SAMEORIGIN, like frame-ancestors below
]
X_FRAME_OPTIONS = "SAMEORIGIN"
# A request larger than that is refused before (config/bodies.py). An upload stays in memory: nothing that a
# stranger sends is written to disk. Never an empty list, with which the parser reads 2 GB at once.
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024  # for views that take more than a form; each has its own limit
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # an action on a long page of ticked rows
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, UNSAFE_EVAL],  # Unfold's Alpine evaluates its attributes
        "style-src": [SELF, UNSAFE_INLINE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [SELF],
        "object-src": [NONE],
    }
}

# A demo that runs here says where its broker is, so that commands in another terminal find it.
_demo_broker = VAR_DIR / "broker.url"
_broker = _demo_broker.read_text() if _demo_broker.exists() else "redis://127.0.0.1:6379/0"
REDIS_URL = env.str("REDIS_URL", default=_broker)
CELERY_BROKER_URL = REDIS_URL
# For workers and beat; the doorbell has its own, shorter ones. Without them a broker that accepts and never
# answers holds a process for good.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 5,
    "socket_timeout": 30,
    "socket_keepalive": True,
}
CELERY_BROKER_CONNECTION_MAX_RETRIES = (
    None  # come back after any outage: the default gives up within the hour
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "concord"
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1  # a ring must not wait behind a connection that hangs
CELERY_BEAT_SCHEDULER = "config.schedule:Scheduler"
CELERY_BEAT_SYNC_EVERY = 1  # each tick is written down: /readyz tells the schedule's age from it
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "connectors.sweep", "schedule": env.float("SWEEP_EVERY_S", default=10.0)},
    "find changed records": {"task": "connectors.find_changed", "schedule": 24 * 3600.0},
    "send messages": {"task": "connectors.send_alerts", "schedule": 10.0},
    "fetch users": {"task": "connectors.refresh_users", "schedule": 6 * 3600.0},
    "repair webhooks": {"task": "connectors.repair_hooks", "schedule": 24 * 3600.0},
    "keep the log": {"task": "connectors.keep_log", "schedule": 60.0},
    "prune the log": {"task": "connectors.prune_log", "schedule": 24 * 3600.0},
}

# Host names and networks inside that a connection may call, if its environment is Rehearsal
# (connectors/addresses.py). Everything else inside is refused: a form must not reach our neighbours.
CONCORD_INSIDE_ALLOWED = env.list(
    "CONCORD_INSIDE_ALLOWED", default=["127.0.0.1", "::1"] if DEVELOPMENT else []
)
# Ports that every connection may call besides 443.
CONCORD_PORTS_ALLOWED = env.list("CONCORD_PORTS_ALLOWED", cast=int, default=[])

# The engine (connectors/queue/). Times in seconds.
CONCORD = {
    # The lease outlives a call by the margin: a killed worker's records go on after 90 s.
    "call_timeout_s": env.float("CALL_TIMEOUT_S", default=60.0),
    "lease_margin_s": env.float("LEASE_MARGIN_S", default=30.0),
    "drain_s": env.float("DRAIN_S", default=30.0),
    "look_every_s": 0.5,  # a talker, for clicks and for requests that were withdrawn
    "flush_s": 2.0,  # answers wait no longer to be stored
    # How long a call that got no answer may still be carried out by the other side.
    "unanswered_s": env.float("UNANSWERED_CALL_S", default=300.0),
    "connection_backoff_s": (
        env.float("CONNECTION_BACKOFF_FIRST_S", default=5.0),
        env.float("CONNECTION_BACKOFF_LAST_S", default=300.0),
    ),
    "record_backoff_s": (
        env.float("RECORD_BACKOFF_FIRST_S", default=30.0),
        env.float("RECORD_BACKOFF_LAST_S", default=14_400.0),
    ),
    "record_attempts": env.int("RECORD_ATTEMPTS", default=12),
    "log_retention_days": env.int("LOG_RETENTION_DAYS", default=90),
    "log_search_s": env.float("LOG_SEARCH_S", default=2.0),  # then a search says how far it came
    # Messages about connections: a pause that ends by itself is told when it has lasted so long, and
    # failures when they are so many within an hour (0: never).
    "alert_after_s": env.float("ALERT_AFTER_S", default=120.0),
    "alert_failures": env.int("ALERT_FAILURES", default=20),
    "alert_webhook_timeout_s": 10.0,  # one that hangs holds one thread of a worker so long
}

# E-mail about connections (connectors/alerts). Without a server it is printed by the worker.
vars().update(env.email("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 10  # s: a mail server that hangs holds one thread of a worker so long
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="concord@localhost")

# The public form (contacts/registration). per_hour: companies from one address; per_hour_network: from
# a /24 or an IPv6 /48; per_hour_all: from all. What comes beyond is held for review, held_per_hour from
# one such network at most.
REGISTRATION = {
    "merchant": env.str("REGISTRATION_MERCHANT", default=""),
    "per_hour": env.int("REGISTRATION_PER_HOUR", default=5),
    "per_hour_network": env.int("REGISTRATION_PER_HOUR_NETWORK", default=20),
    "per_hour_all": env.int("REGISTRATION_PER_HOUR_ALL", default=300),
    "held_per_hour": env.int("REGISTRATION_HELD_PER_HOUR", default=50),
    "min_fill_s": env.float("REGISTRATION_MIN_FILL_S", default=2.0),
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "config.log_lines.OneLine",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "concord.security": {"level": "INFO"},  # the trail, whatever LOG_LEVEL says
        # granian's own, which print a path as it was typed
        "granian.access": {"handlers": ["console"], "propagate": False},
        "_granian": {"handlers": ["console"], "propagate": False},
    },
}

UNFOLD = {
    "SITE_TITLE": "Concord",
    "SITE_HEADER": "Concord",
    "SITE_SYMBOL": "sync_alt",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _: static("concord/favicon.svg")}
    ],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "connectors.admin.overview.overview",
    "SIDEBAR": {"navigation": "connectors.admin.sidebar.navigation"},
    "STYLES": [lambda _: static("concord/concord.css")],
    "SCRIPTS": [lambda _: static("concord/concord.js")],
    "COLORS": {
        "primary": {
            "50": "oklch(97% .014 254.604)",
            "100": "oklch(93.2% .032 255.585)",
            "200": "oklch(88.2% .059 254.128)",
            "300": "oklch(80.9% .105 251.813)",
            "400": "oklch(70.7% .165 254.624)",
            "500": "oklch(62.3% .19 259.815)",
            "600": "oklch(50.5% .19 262.881)",
            "700": "oklch(45% .18 264.376)",
            "800": "oklch(39% .15 265.638)",
            "900": "oklch(34% .12 265.522)",
            "950": "oklch(28.2% .091 267.935)",
        },
    },
}
