"""The project: settings, addresses, Celery application, health, the demo data."""

from .celery import app as celery_app

__all__ = ["celery_app"]
