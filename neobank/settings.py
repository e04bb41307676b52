"""One settings file, filled from the environment. What is read here is documented in docs/settings.md (a test compares)."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import environ

from neobank.logging import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()
# What belongs to this machine: the SQLite file, backups, the secrets of a demo.
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))

DEBUG = env.bool("DEBUG", default=False)
# What a laptop may start with; in production the system checks refuse these (neobank/checks.py).
# 32 bytes and more, as HS256 wants its key (RFC 7518 section 3.2).
INSECURE = "insecure-for-trying-out-only-never-at-an-event"
INSECURE_FIELD_KEYS = "0:aW5zZWN1cmUtZm9yLXRyeWluZy1vdXQtb25seS0hISE="
SECRET_KEY = env.str("SECRET_KEY", default=INSECURE) or INSECURE
JWT_SECRET = env.str("JWT_SECRET", default=INSECURE)
FIELD_KEYS = env.str("FIELD_KEYS", default=INSECURE_FIELD_KEYS)
SEARCH_KEY = env.str("SEARCH_KEY", default=INSECURE)
BACKUP_KEY = env.str("BACKUP_KEY", default=INSECURE)

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])
HTTPS = env.bool("HTTPS", default=not DEBUG)
# What phones open, and how they come to trust it; it stands in QR codes and on paper.
PUBLIC_URL = env.str("PUBLIC_URL", default="")
TRUST_URL = env.str("TRUST_URL", default="")
TRUST_FINGERPRINT = env.str("TRUST_FINGERPRINT", default="")

INSTALLED_APPS = [
    "neobank.apps.NeobankConfig",
    "neobank.apps.ConsoleConfig",
    "accounts",
    "ledger",
    "casino",
    "passes",
    "identity",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "corsheaders",
    "csp",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_structlog",
]

MIDDLEWARE = [
    "neobank.middleware.RequestIdMiddleware",
    "neobank.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "csp.middleware.CSPMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "accounts.middleware.TenantMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.middleware.SessionUserMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "neobank.middleware.FormMiddleware",
    "neobank.middleware.RefusalMiddleware",
]

ROOT_URLCONF = "neobank.urls"
WSGI_APPLICATION = "neobank.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "neobank.context.world",
            ],
        },
    },
]

# -- Database ----------------------------------------------------------------------------------------------------------
DATABASE_URL = env.str("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'neobank.sqlite3'}")
DATABASE_OWNER_URL = env.str("DATABASE_OWNER_URL", default="")
DATABASE_ROLE = "neobank_app"
DB_POOL_MIN = env.int("DB_POOL_MIN", default=0)
DB_POOL_MAX = env.int("DB_POOL_MAX", default=0)


def _databases() -> dict[str, dict[str, Any]]:
    """``default`` is the application; on PostgreSQL ``owner`` is for migrations and backups only, never for a request."""
    default: dict[str, Any] = {**env.db_url_config(DATABASE_URL)}
    if default["ENGINE"].endswith("sqlite3"):
        # FULL, not NORMAL: on a power cut NORMAL loses money that was already acknowledged.
        default["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 5,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        }
        return {"default": default}
    owner: dict[str, Any] = {**env.db_url_config(DATABASE_OWNER_URL or DATABASE_URL)}
    options: dict[str, Any] = default.setdefault("OPTIONS", {})
    if not DATABASE_OWNER_URL:
        # One login is enough: it steps down to the role that row-level security and grants bind.
        options["options"] = f"{options.get('options', '')} -c role={DATABASE_ROLE}".strip()
    # PgBouncer in transaction mode has no named cursors; the tenant wall sends two statements in one message.
    default["DISABLE_SERVER_SIDE_CURSORS"] = True
    if DB_POOL_MAX:
        options["pool"] = {"min_size": DB_POOL_MIN, "max_size": DB_POOL_MAX, "timeout": 10}
    else:
        default["CONN_MAX_AGE"] = None
        default["CONN_HEALTH_CHECKS"] = True
    return {"default": default, "owner": owner}


DATABASES = _databases()
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- Caches and limits -------------------------------------------------------------------------------------------------
REDIS_URL = env.str("REDIS_URL", default="")
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        # A Redis that stands still must not stop the bank: it is then as good as gone (accounts.limits).
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 50_000}},
}
RATE_LIMITS = env.bool("RATE_LIMITS", default=True)

# -- Who is signed in --------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.CharacterBackend"]
BCRYPT_ROUNDS = env.int("BCRYPT_ROUNDS", default=12)
PASSWORD_HASHERS = ["accounts.hashers.BCryptHasher", "django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("character_name", "display_name")},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
JWT_EXPIRY_HOURS = env.int("JWT_EXPIRY_HOURS", default=24)
JWT_WITH_REFRESH_MINUTES = 15
REFRESH_DAYS = 30
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/bank"
LOGOUT_REDIRECT_URL = "/"
# The cookie carries a sign-in's id under a signature; whether it still holds is a row (LoginSession) checked each time.
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
SESSION_COOKIE_NAME = "neobank_session"
# A signed cookie is refused when it is older than this, whatever its own age says: so it is the longest there is, and how
# long a sign-in really lasts stands in its row.
SESSION_COOKIE_AGE = SESSION_REMEMBER_AGE = 30 * 86400
SESSION_PAGE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "neobank_csrf"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "neobank.views.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

# -- Browser security --------------------------------------------------------------------------------------------------
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS and env.bool("SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^health(/|$)"]
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=31_536_000) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    },
}
# Origins are allowed per tenant (accounts.middleware), never with credentials.
CORS_ALLOWED_ORIGINS: list[str] = []
CORS_ALLOW_CREDENTIALS = False
CORS_URLS_REGEX = r"^/api/.*$"
CORS_ALLOW_HEADERS = (
    "accept",
    "authorization",
    "content-type",
    "idempotency-key",
    "x-device-id",
    "x-device-proof",
    "x-request-id",
)
CORS_EXPOSE_HEADERS = ("x-request-id", "idempotent-replayed", "retry-after")
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
# Pictures, which alone may be larger (neobank/bodies.py), are in memory already: no copy of them lies on a disk.
FILE_UPLOAD_MAX_MEMORY_SIZE = 6_000_000

# -- API ---------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK: dict[str, Any] = {
    # The order matters: a till's key before tokens, tokens before the cookie.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.ApiKeyAuthentication",
        "accounts.authentication.TokenAuthentication",
        "accounts.authentication.CookieAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.Nobody"],
    "DEFAULT_PARSER_CLASSES": ["neobank.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "neobank.pagination.KeysetPagination",
    "DEFAULT_SCHEMA_CLASS": "neobank.schema.NeobankSchema",
    "EXCEPTION_HANDLER": "neobank.problems.exception_handler",
    # Nobody needs OPTIONS to describe an address: the schema does. (CORS answers its own before.)
    "DEFAULT_METADATA_CLASS": None,
    "UNAUTHENTICATED_USER": None,
    "UNICODE_JSON": True,
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "NeoBank",
    "DESCRIPTION": "The in-world economy server for live events. Every `amount` is an integer in minor units: 10050 is 100.50.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    # No badge from somebody else's validator.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}

# -- Languages, time, files --------------------------------------------------------------------------------------------
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
# Of the terminal, of a new event, and of what is said before an event is known.
LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="en")
LOCALE_PATHS = [BASE_DIR / "locale"]
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STATICFILES_DIRS = [BASE_DIR / "neobank" / "static"]
# The image is built with `collectstatic`: hashed names, compressed once. Without it files are served from where they lie.
COLLECTED_STATIC = env.bool("COLLECTED_STATIC", default=not DEBUG)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if COLLECTED_STATIC
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not COLLECTED_STATIC
# What is compressed already, and maps for debuggers: those are most of the work and nobody's download.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (
    "jpg",
    "jpeg",
    "png",
    "gif",
    "webp",
    "woff",
    "woff2",
    "gz",
    "br",
    "zip",
    "map",
)
BACKUP_DIR = env.str("BACKUP_DIR", default=str(VAR_DIR / "backups"))
PG_BIN = env.str("PG_BIN", default="")

# -- Running -----------------------------------------------------------------------------------------------------------
HOST = env.str("HOST", default="127.0.0.1")
PORT = env.int("PORT", default=8000)
DEMO = env.bool("DEMO", default=True)
# One process where several would each count their own rate limits, or fight for SQLite's one writer.
_SEVERAL_WORKERS = not DATABASES["default"]["ENGINE"].endswith("sqlite3") and bool(
    REDIS_URL or not RATE_LIMITS
)
WEB_WORKERS = env.int("WEB_WORKERS", default=2 if _SEVERAL_WORKERS else 1)
WEB_THREADS = env.int("WEB_THREADS", default=8)
# How long a client may keep a thread (neobank/worker.py).
WEB_SILENCE_S = env.int("WEB_SILENCE_S", default=10)
WEB_REQUEST_S = env.int("WEB_REQUEST_S", default=20)
WEB_SEND_S = env.int("WEB_SEND_S", default=60)
# Where no proxy does it; one file may hold both.
TLS_CERT = env.str("TLS_CERT", default="")
TLS_KEY = env.str("TLS_KEY", default="")

# -- One laptop in a field (`manage.py event`) -------------------------------------------------------------------------
EVENT_NAME = env.str("EVENT_NAME", default="")
EVENT_CODE = env.str("EVENT_CODE", default="")
EVENT_GM_NAME = env.str("EVENT_GM_NAME", default="")
EVENT_GM_PASSWORD = env.str("EVENT_GM_PASSWORD", default="")
EVENT_ADDRESSES = env.list("EVENT_ADDRESSES", default=[])
EVENT_HTTP_PORT = env.int("EVENT_HTTP_PORT", default=8080)
EVENT_BACKUP_DIR = env.str("EVENT_BACKUP_DIR", default="")
EVENT_BACKUP_EVERY_S = env.int("EVENT_BACKUP_EVERY_S", default=900)
EVENT_BACKUP_KEEP = env.int("EVENT_BACKUP_KEEP", default=96)

# -- Letters -----------------------------------------------------------------------------------------------------------
# Empty: none are sent, and game masters help whoever has lost a password.
EMAIL_URL = env.str("EMAIL_URL", default="consolemail://" if DEBUG else "")
EMAIL_FROM = env.str("EMAIL_FROM", default="neobank@localhost" if DEBUG else "")
_MAIL: dict[str, Any] = env.email_url_config(EMAIL_URL or "dummymail://")
EMAIL_BACKEND = _MAIL["EMAIL_BACKEND"]
EMAIL_HOST, EMAIL_PORT = _MAIL["EMAIL_HOST"] or "localhost", _MAIL["EMAIL_PORT"] or 25
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _MAIL["EMAIL_HOST_USER"] or "", _MAIL["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS, EMAIL_USE_SSL = _MAIL.get("EMAIL_USE_TLS", False), _MAIL.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH = _MAIL["EMAIL_FILE_PATH"] or None
EMAIL_TIMEOUT = 10

# -- What is said of it ------------------------------------------------------------------------------------------------
LOG_FORMAT = env.str("LOG_FORMAT", default="console" if DEBUG else "json")
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING = logging_config(log_format=LOG_FORMAT, level=LOG_LEVEL)
# Who it was is bound where it is found out (accounts), an address only counts from trusted hops (accounts.addresses).
DJANGO_STRUCTLOG_USER_ID_FIELD = None
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = logging.INFO

SILENCED_SYSTEM_CHECKS = [
    # Names are unique per tenant, not over all; accounts.backends looks them up within one.
    "auth.W004",
]
