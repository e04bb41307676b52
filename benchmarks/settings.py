"""The product's settings, with the comparison view beside the product's own."""

from neobank.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
