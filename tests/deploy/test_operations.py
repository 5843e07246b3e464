"""docs/operations.md and deploy/alerts.yml name what is there, and all of it."""

import re
from datetime import timedelta
from typing import Any

import promql_parser
import pytest
import yaml
from celery.schedules import crontab
from django.conf import settings
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from invoices.pdf.problems import PdfProblem
from portal.observe.logs import FIELDS
from tests.deploy.test_restore import MANUAL

RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((settings.BASE_DIR / "deploy/alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]


def section(title: str) -> str:
    (found,) = re.findall(rf"^## {title}\n(.+?)(?=^## |\Z)", MANUAL.read_text(), re.M | re.S)
    return found


@pytest.fixture
def families(db, client: Client, settings) -> dict[str, str]:
    """What /metriques/ shows, each with its kind."""
    settings.METRICS_TOKEN = "a-token-of-the-tests"
    answer = client.get("/metriques/", headers={"Authorization": f"Bearer {settings.METRICS_TOKEN}"})
    shown = text_string_to_metric_families(answer.content.decode())
    ours = (family for family in shown if family.name.startswith("portail_"))
    # The client tells of each counter since when it counts, as a metric of its own.
    return {family.name: family.type for family in ours if not family.name.endswith("_created")}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alarm_is_understood_and_complete(rule: dict[str, Any]) -> None:
    promql_parser.parse(rule["expr"])
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"].endswith(".")
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}


def test_each_alarm_has_its_heading_and_each_heading_its_alarm() -> None:
    headings = re.findall(r"^### (\w+)$", section("Alarms"), re.M)
    assert headings == [rule["alert"] for rule in RULES]


def samples(families: dict[str, str]) -> set[str]:
    suffixes = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",), "info": ("_info",)}
    return {f"{name}{suffix}" for name, kind in families.items() for suffix in suffixes.get(kind, ("",))}


def test_alarms_and_manual_name_metrics_that_are_there(families: dict[str, str]) -> None:
    there = samples(families)
    named = set(re.findall(r"\bportail_\w+", " ".join(rule["expr"] for rule in RULES)))
    assert named
    assert named <= there
    told = re.findall(r"`(portail_\w+)(?:\{[\w,]+\})?`", section("Metrics"))
    assert set(told) == {name.removesuffix("_bucket") for name in there if not name.endswith(("_sum", "_count"))}


def test_alarms_name_reasons_that_are_there() -> None:
    named = re.findall(r'reason="(\w+)"', " ".join(rule["expr"] for rule in RULES))
    assert named == [PdfProblem.NOT_CHECKED.name.lower()]


def test_every_chore_and_its_period_is_told() -> None:
    rows = re.findall(r"^\| (?:(\d+) )?(second|minute|hour|day)s? \| `([\w.]+)` \|", section("Chores"), re.M)
    seconds = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
    told: dict[str, timedelta | crontab] = {
        task: timedelta(seconds=int(count or 1) * seconds[unit]) for count, unit, task in rows
    }
    nights = re.findall(r"^\| night, at (\d+)\.(\d+) \| `([\w.]+)` \|", section("Chores"), re.M)
    told |= {task: crontab(hour=hour, minute=minute) for hour, minute, task in nights}
    planned = {entry["task"]: entry["schedule"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert told == {task: when if isinstance(when, crontab) else when.run_every for task, when in planned.items()}


def test_every_field_of_a_log_line_is_told() -> None:
    told = set(re.findall(r"`(\w+)`", section("Logs")))
    assert set(FIELDS) <= told
