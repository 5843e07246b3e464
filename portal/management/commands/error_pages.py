"""`manage.py error_pages`: the pages that a proxy shows when it answers in the portal's place."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.template.loader import render_to_string

PAGES = ("413.html", "503.html")


class Command(BaseCommand):
    help = "Writes 413.html and 503.html to the collected static files, in errors/, for the proxy. After collectstatic."

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Path(settings.STATIC_ROOT) / "errors"
        folder.mkdir(parents=True, exist_ok=True)
        for name in PAGES:
            (folder / name).write_text(render_to_string(name), encoding="utf-8")
            self.stdout.write(str(folder / name))
