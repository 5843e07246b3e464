"""The Celery application. The broker is only an alarm clock: what is due stands in the database."""

import os

from celery import Celery

from .observe import tasks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
tasks.connect()
