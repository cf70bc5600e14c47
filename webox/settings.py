"""All of WeBox's settings, read from the environment and `.env` here and nowhere else.

Each one has a line in README.md's table. Without any of them WeBox runs on loopback with SQLite.
"""

import os
import re
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from common.data.secret_file import read_or_make
from common.pages.static_version import static_version
from common.process.logs import logging_settings
from webox.launcher.words import say
from webox.settings_accounts import *  # noqa: F403  # how people sign in, which no environment changes

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
# Another file instead, so that the tests do not see the settings of the person who runs them.
env.read_env(os.environ.get("WEBOX_ENV_FILE", BASE_DIR / ".env"))


def one_of(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """A setting from a closed set of words; any other word stops the start."""
    value = (env.str(name, "") or default).strip().lower()
    if value not in allowed:
        raise ImproperlyConfigured(say("setting_word", name=name, value=value, allowed=", ".join(allowed)))
    return value


def is_on(name: str) -> bool:
    """A setting that is true or false (false unless set); any other word stops the start."""
    on_words, off_words = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
    return one_of(name, "false", on_words + off_words) in on_words


def whole_number(name: str, default: int, minimum: int = 1) -> int:
    """A setting that is a whole number of at least `minimum`; anything else stops the start."""
    value = env.str(name, "").strip() or str(default)
    if not value.isdecimal() or int(value) < minimum:
        raise ImproperlyConfigured(say("setting_number", name=name, minimum=minimum))
    return int(value)


def redis_database(url: str) -> str:
    """The number of the Redis database that an address names, in its query or its path; 0 without."""
    parts = urlsplit(url)
    return parse_qs(parts.query).get("db", [parts.path.strip("/") or "0"])[0]


# --- Where things are ---------------------------------------------------------------------------------
VAR_DIR = Path(env.str("WEBOX_VAR", "") or BASE_DIR / "var")
# What people wrote is in it, too: the database of the embedded mode.
VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)

# --- Safety -------------------------------------------------------------------------------------------
SECRET_KEY = env.str("SECRET_KEY", "") or read_or_make(VAR_DIR / "secret.key")
DEBUG = is_on("DEBUG")
STATICFILES_DIRS = [BASE_DIR / "static"]
# Browsers keep what has the version in its address. To ask whether each of a page's ninety modules is still
# the same took longer than all else of opening it.
_words = sorted((BASE_DIR / "locale").glob("*/LC_MESSAGES/djangojs.mo"))
STATIC_VERSION = static_version(BASE_DIR / "static", BASE_DIR / "requirements.txt", *_words)
STATIC_URL = "/static/" if DEBUG else f"/static/{STATIC_VERSION}/"
LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[]) or LOOPBACK_HOSTS
HTTPS = is_on("WEBOX_HTTPS")
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
PROXY_COUNT = whole_number("WEBOX_PROXIES", 0, minimum=0)

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
# With it browsers take a cookie from this very host over https alone.
_prefix = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{_prefix}webox_session"
CSRF_COOKIE_NAME = f"{_prefix}webox_csrf"
LANGUAGE_COOKIE_NAME = f"{_prefix}webox_language"
THEME_COOKIE_NAME = f"{_prefix}webox_theme"
MESSAGES_COOKIE_NAME = f"{_prefix}webox_messages"
MESSAGE_STORAGE = "common.pages.messages.Messages"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
CSRF_FAILURE_VIEW = "webox.views.csrf_failure"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS and PROXY_COUNT else None
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# What is encrypted in the database (vendors' keys), the newest first; the file is made at the first start.
ENCRYPTION_KEYS: list[str] = env.list("WEBOX_ENCRYPTION_KEYS", default=[])
ENCRYPTION_KEY_FILE = VAR_DIR / "encryption.key"

# --- Applications -------------------------------------------------------------------------------------
INSTALLED_APPS = [
    # daphne brings Twisted (a second of start, 39 MB): only its own runserver needs it.
    *(["daphne"] if sys.argv[1:2] == ["runserver"] else []),
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "accounts",
    "chat",
    "dashboard",
    "operations",
]

MIDDLEWARE = [
    "common.http.request_id.RequestIdMiddleware",
    "common.http.middleware.HeadersMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "common.data.database.ConnectionPlacesMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.PersonMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.middleware.StaffSecondStepMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "common.http.body_limit.BodyLimitMiddleware",
]

ROOT_URLCONF = "webox.urls"
ASGI_APPLICATION = "webox.asgi.application"
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

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
                "webox.context.page",
            ],
            "libraries": {"modules": "common.pages.modules"},
            "builtins": ["common.pages.icons"],
        },
    }
]

# --- Database, Redis: embedded without REDIS_URL, scaled with it ----------------------------------------
DATABASE_URL = env.str("DATABASE_URL", "") or f"sqlite:///{VAR_DIR / 'webox.sqlite3'}"
REDIS_URL = env.str("REDIS_URL", "")
SCALED = bool(REDIS_URL)
# Messages of Redis reach every database of a server, unlike all else in it: their channels name ours.
REDIS_CHANNELS = f"webox:{redis_database(REDIS_URL)}"
try:
    DATABASES = {"default": environ.Env.db_url_config(DATABASE_URL)}
except ValueError:
    # Without its cause: that one quotes the address, and with it the password.
    raise ImproperlyConfigured(say("setting_database")) from None
_database = DATABASES["default"]
if _database.get("ENGINE") not in ("django.db.backends.sqlite3", "django.db.backends.postgresql"):
    raise ImproperlyConfigured(say("setting_database"))
if _database["ENGINE"] == "django.db.backends.sqlite3":
    if SCALED:
        raise ImproperlyConfigured(say("redis_without_postgresql"))
    _database["CONN_MAX_AGE"] = None
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;",
    }
    # A file, not shared memory: the engine's thread must see what the test's thread committed.
    _database["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
else:
    _database["CONN_MAX_AGE"] = 60
    _database["CONN_HEALTH_CHECKS"] = True
    # A server that is cut off without a word is noticed in seconds, not in the kernel's quarter of an hour.
    _database["OPTIONS"] = {
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 15_000,
    }
# How many requests of one web process use the database at once, and how many threads serve its sockets.
REQUEST_CONNECTIONS = whole_number("WEBOX_REQUEST_CONNECTIONS", 16)
SOCKET_THREADS = 4 if SCALED else 1

if SCALED:
    REDIS_ADDRESS = {
        "address": REDIS_URL,
        "socket_timeout": None,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 15,
    }
    CHANNEL_LAYERS = {
        "default": {
            # The core layer drops messages silently past 100; the pub/sub one does not.
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [REDIS_ADDRESS], "prefix": REDIS_CHANNELS},
        }
    }
    # The limits on signing in count for all processes together.
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

CELERY_BROKER_URL = REDIS_URL or None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # What a killed worker had fetched and not begun comes back after so long; the reaper is faster.
    "visibility_timeout": 300,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 15,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# Who sends tries again by itself, where nobody waits (chat.actions.starting).
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "statistics"
CELERY_TASK_ROUTES = {"chat.tasks.run_turn": {"queue": "turns"}}
# Turns: acknowledged when they begin, so that nobody is paid twice. Statistics' tasks say otherwise.
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "reap": {"task": "chat.tasks.reap", "schedule": 15.0},
    "index": {"task": "chat.tasks.index", "schedule": 5.0, "options": {"expires": 5}},
    "count": {"task": "dashboard.tasks.count_new", "schedule": 30.0, "options": {"expires": 30}},
    "tidy": {"task": "chat.tasks.tidy", "schedule": 6 * 3600.0},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")

# --- Signing in ---------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.SignInBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
PASSWORD_LEAST_CHARS = 12
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": PASSWORD_LEAST_CHARS},
    },
    {
        # Django's own list has few of that length (docs/decisions/0031).
        "NAME": "django.contrib.auth.password_validation.CommonPasswordValidator",
        "OPTIONS": {"password_list_path": BASE_DIR / "accounts" / "common-passwords.txt.gz"},
    },
    {
        "NAME": "accounts.signing_in.passwords.SiteNameValidator",
        "OPTIONS": {"min_length": PASSWORD_LEAST_CHARS},
    },
]
SIGNUP = one_of(
    "WEBOX_SIGNUP",
    "open" if set(ALLOWED_HOSTS) <= set(LOOPBACK_HOSTS) else "closed",
    ("open", "invite", "closed"),
)
# Whether administrators need a second step for what is theirs alone.
STAFF_SECOND_STEP = is_on("WEBOX_STAFF_SECOND_STEP")
# Who takes money for plans: a class like accounts.billing.NoBilling.
BILLING = env.str("WEBOX_BILLING", "") or "accounts.billing.NoBilling"
OWNER_EMAIL = env.str("WEBOX_OWNER_EMAIL", "")
OWNER_PASSWORD = env.str("WEBOX_OWNER_PASSWORD", "")

ALLAUTH_TRUSTED_PROXY_COUNT = PROXY_COUNT

JWT_ALGORITHM = one_of("ALGORITHM", "HS256", ("hs256", "hs384", "hs512")).upper()
SIMPLE_JWT = {
    "ALGORITHM": JWT_ALGORITHM,
    # Derived, so that a signed cookie can never pass for a token or a token for a cookie.
    "SIGNING_KEY": salted_hmac("webox.jwt", "", secret=SECRET_KEY, algorithm="sha512").hexdigest(),
    "ISSUER": "webox",
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=whole_number("ACCESS_TOKEN_EXPIRE_MINUTES", 30)),
    # Rotation and revocation are accounts.signing_in.tokens' own.
    "REFRESH_TOKEN_LIFETIME": timedelta(days=14),
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": [
        "common.http.parsers.StrictJSONParser",
        # The browsable API's forms.
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "EXCEPTION_HANDLER": "common.http.api.exception_handler",
    "DEFAULT_SCHEMA_CLASS": "common.http.schema.Schema",
    "VIEW_NAME_FUNCTION": "common.http.schema.view_name",
    "VIEW_DESCRIPTION_FUNCTION": "common.http.schema.view_description",
    "DEFAULT_THROTTLE_CLASSES": ["common.http.throttles.RequestThrottle"],
    "NUM_PROXIES": PROXY_COUNT,
}

# Requests a minute to the API: of a person, and of an address where nobody is signed in; 0 for no limit.
API_PER_MINUTE = whole_number("WEBOX_API_PER_MINUTE", 600, minimum=0)
API_ANONYMOUS_PER_MINUTE = whole_number("WEBOX_API_ANONYMOUS_PER_MINUTE", 120, minimum=0)

SPECTACULAR_SETTINGS = {
    "TITLE": "WeBox",
    "VERSION": "1",
    "DESCRIPTION": _("One question, several AIs at once. Errors are problem documents (RFC 9457)."),
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "DEFAULT_GENERATOR_CLASS": "common.http.schema.Generator",
    "PARSER_WHITELIST": ["common.http.parsers.StrictJSONParser"],  # forms are for the browsable API
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": f"{STATIC_URL}webox/icon.svg",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": False, "validatorUrl": None},
    # Its hook that names enums does not know those of msgspec, which have no type.
    "POSTPROCESSING_HOOKS": [],
}

# --- E-mail: without a server they go to the log --------------------------------------------------------
EMAIL_URL = env.str("EMAIL_URL", "") or "consolemail://"
vars().update(environ.Env.email_url_config(EMAIL_URL))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "") or "webox@localhost"

# --- Turns ------------------------------------------------------------------------------------------
# How many turns one worker process runs at once; a turn that waits counts too.
TURNS_PER_WORKER = whole_number("WEBOX_TURNS_PER_WORKER", 256)
# How many answers a provider writes at once, for everybody together, where its row names no other number.
CALLS_PER_PROVIDER = whole_number("WEBOX_CALLS_PER_PROVIDER", 64)
# Seconds that running answers get to end by themselves when a process is told to stop.
STOP_GRACE_S = whole_number("WEBOX_STOP_GRACE_S", 10, minimum=0)

# Seconds a web process serves on once it is told to stop, while /readyz says so to the proxy in front.
DRAIN_S = whole_number("WEBOX_DRAIN_S", 0, minimum=0)

# --- Vendors ------------------------------------------------------------------------------------------
VENDOR_VARIABLES = (
    "OPENAI", "ANTHROPIC", "GOOGLE", "MISTRAL", "COHERE", "PERPLEXITY", "DEEPSEEK", "GROQ", "TOGETHER",
    "REPLICATE", "HUGGINGFACE", "XAI", "OPENROUTER", "OLLAMA",
)  # fmt: skip
# Prefix → key or address; empty where the owner set none.
VENDOR_KEYS = {name: env.str(f"{name}_API_KEY", "") for name in VENDOR_VARIABLES}
VENDOR_BASE_URLS = {name: env.str(f"{name}_BASE_URL", "") for name in VENDOR_VARIABLES}
# Seconds without a byte from a vendor after which an answer ends as interrupted.
VENDOR_SILENCE_S = whole_number("WEBOX_VENDOR_SILENCE_S", 60)
# Seconds after which an answer ends, however lively.
VENDOR_TOTAL_S = whole_number("WEBOX_VENDOR_TOTAL_S", 600)
# What `provider add --key-env` may name: keys alone, so that no provider carries off other secrets.
VENDOR_KEY_NAME = re.compile(r"[A-Z][A-Z0-9_]*_API_(KEY|TOKEN)")
NAMED_VENDOR_KEYS = {name: value for name, value in os.environ.items() if VENDOR_KEY_NAME.fullmatch(name)}

# --- Languages, static files, logs ----------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("fr", _("French")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.str("TIME_ZONE", "") or "UTC"
USE_TZ = True

STATIC_ROOT = VAR_DIR / "static"
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_AUTOREFRESH = DEBUG
SERVESTATIC_ALLOW_ALL_ORIGINS = False
SERVESTATIC_MAX_AGE = 0 if DEBUG else int(timedelta(days=365).total_seconds())

LOGGING = logging_settings(
    one_of("WEBOX_LOG_LEVEL", "info", ("debug", "info", "warning", "error")).upper(),
    one_of("WEBOX_LOG_FORMAT", "text", ("text", "json")),
)
# Who may read /metrics: nobody without a token. A port of its own is for a network that is ours alone.
METRICS_TOKEN = env.str("WEBOX_METRICS_TOKEN", "")
METRICS_PORT = whole_number("WEBOX_METRICS_PORT", 0, minimum=0)
