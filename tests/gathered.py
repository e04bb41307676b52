"""The product's settings with its own static files gathered into the test's folder, hashed and compressed as in an image."""

from neobank.settings import *  # noqa: F403
from neobank.settings import VAR_DIR

STATIC_ROOT = VAR_DIR / "static"
