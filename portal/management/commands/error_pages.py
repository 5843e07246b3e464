"""`manage.py error_pages FOLDER`: the pages that the proxy shows when the portal cannot, as files."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.template.loader import render_to_string

PAGES = ("413.html", "503.html")


class Command(BaseCommand):
    """After `collectstatic`, whose file names the pages refer to. The templates take no context."""

    help = "Write the proxy's error pages (body too large, portal away) to a folder."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name in PAGES:
            (folder / name).write_text(render_to_string(name), encoding="utf-8")
