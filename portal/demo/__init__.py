"""The demo data: the same companies, people, dossiers and deposits every time (`python manage.py demo`).

    people, places ─▶ dossiers ─▶ deposits (with papers) ─▶ loading

Importing this package needs neither settings nor a database: the launcher and the log-in page list
`ACCOUNTS`.
"""

from .people import ACCOUNTS, PASSWORD, DemoAccount

__all__ = ["ACCOUNTS", "PASSWORD", "DemoAccount"]
