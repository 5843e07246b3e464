"""The settings of a short run: a sweep every two seconds, and passwords that cost nothing to check."""

from tests.invoices.quick_sweep import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
