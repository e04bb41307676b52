"""The environment variables that tests run under, in this process and in every process they start.

Settings are read when Django is first touched, so this comes before it. Whatever the person's own shell holds must not
decide what the tests see, least of all which database they write to.
"""

import base64
import os
from collections.abc import Mapping
from pathlib import Path

#: Settings as in production, but for TLS, for files that only an image collects, and for the price of a password. The
#: secrets belong to this suite alone.
SETTINGS = {
    "DEBUG": "0",
    "HTTPS": "0",
    "COLLECTED_STATIC": "0",
    "ALLOWED_HOSTS": "*",
    "SECRET_KEY": "tests-only-secret-key-" + "s" * 40,
    "JWT_SECRET": "tests-only-jwt-secret-" + "j" * 40,
    "FIELD_KEYS": "1:" + base64.b64encode(b"tests-only-field-key-of-32-bytes").decode(),
    "SEARCH_KEY": "tests-only-search-key-" + "q" * 40,
    "BACKUP_KEY": base64.b64encode(b"tests-only-backup-key-32-bytes-x").decode(),
    "BCRYPT_ROUNDS": "4",
    "LOG_FORMAT": "json",
    "LOG_LEVEL": "INFO",
}

#: What a shell may hold that would change the outcome: other settings of the application, libpq's own variables, and
#: the marks of a test session that is running around this one.
FOREIGN = {
    *("DJANGO_SETTINGS_MODULE", "REDIS_URL", "HOST", "PORT", "DEMO", "RATE_LIMITS", "VAR_DIR"),
    *("TRUSTED_PROXIES", "CSRF_TRUSTED_ORIGINS", "SSL_REDIRECT", "HSTS_SECONDS", "JWT_EXPIRY_HOURS"),
    *("PUBLIC_URL", "TRUST_URL", "TRUST_FINGERPRINT"),
}
FOREIGN_PREFIXES = (
    *("PG", "DATABASE_", "DB_POOL_", "WEB_", "BACKUP_", "EVENT_", "TLS_", "EMAIL_"),
    *("PYTEST_", "NB_TEST_"),
)


def clean(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment without anything that would reach the application, or a test session, from outside."""
    secret_files = {f"{name}_FILE" for name in SETTINGS}
    return {
        name: value
        for name, value in environment.items()
        if name not in FOREIGN | secret_files and not name.startswith(FOREIGN_PREFIXES)
    }


def process_environment(database_url: str, var: Path) -> dict[str, str]:
    """The whole environment for a process that is to use one database, and one folder for its files."""
    return {**clean(os.environ), **SETTINGS, "DATABASE_URL": database_url, "VAR_DIR": str(var)}
