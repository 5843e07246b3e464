"""The settings of a short run: quick sweeps, mails soon tried again, passwords that cost nothing to check."""

from tests.invoices.quick_sweep import *  # noqa: F403

MAIL_CLAIM_SECONDS = 5
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
