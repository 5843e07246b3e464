"""What Dockerfile and docker-compose.yml say, for tests that do the same without an engine."""

import json
import re
import shlex
from typing import Any

import yaml
from django.conf import settings

DOCKERFILE = settings.BASE_DIR / "Dockerfile"
COMPOSE = settings.BASE_DIR / "docker-compose.yml"


def instructions(stage: str) -> list[tuple[str, str]]:
    """The instructions of a stage of the Dockerfile, as (name, rest), with continued lines joined."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE.read_text(), flags=re.M)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    found, current = [], None
    for line in lines:
        name, _, rest = line.partition(" ")
        if name == "FROM":
            current = rest.rpartition(" AS ")[2]
        elif name and current == stage:
            found.append((name, rest))
    assert found, f"The Dockerfile has no stage {stage}"
    return found


def environment_of(stage: str) -> dict[str, str]:
    """The environment that a stage sets."""
    pairs = [part for name, rest in instructions(stage) if name == "ENV" for part in shlex.split(rest)]
    return dict(pair.split("=", 1) for pair in pairs)


def command_of(stage: str) -> list[str]:
    """The command of a stage's image, in its exec form."""
    return json.loads(dict(instructions(stage))["CMD"])


def health_check_of(stage: str) -> list[str]:
    """The command of a stage's health check, in its exec form."""
    return json.loads(dict(instructions(stage))["HEALTHCHECK"].partition("CMD ")[2])


def manage_commands() -> list[list[str]]:
    """What `manage.py` does while the image is built, in order, with its arguments."""
    steps = [step for name, rest in instructions("code") if name == "RUN" for step in rest.split("&&")]
    return [words[2:] for words in map(shlex.split, steps) if words[:2] == ["python", "manage.py"]]


def compose(environment: dict[str, str]) -> dict[str, Any]:
    """docker-compose.yml with the variables in their places, as an engine reads it; KeyError for what is required."""
    return _walk(yaml.safe_load(COMPOSE.read_text()), environment)


def _walk(value: Any, environment: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _walk(item, environment) for key, item in value.items()}
    if isinstance(value, list):
        return [_walk(item, environment) for item in value]
    return interpolate(value, environment) if isinstance(value, str) else value


def interpolate(text: str, environment: dict[str, str]) -> str:
    """Put variables into a string: ${NAME}, ${NAME:-otherwise} with more of them inside, ${NAME:?why}, $$ for $.

    Without the colon, a variable that is there and empty stands as well.
    """
    result = ""
    while "$" in text:
        before, _, text = text.partition("$")
        result += before
        if text.startswith("$"):
            result, text = result + "$", text[1:]
            continue
        assert text.startswith("{"), f"not understood: ${text}"
        depth, end = 1, 0
        while depth:
            end += 1
            depth += {"{": 1, "}": -1}.get(text[end], 0)
        inside, text = text[1:end], text[end + 1 :]
        match = re.fullmatch(r"(\w+)(?:(:?)([-?])(.*))?", inside, re.S)
        assert match, f"not understood: ${{{inside}}}"
        name, colon, operator, rest = match.groups()
        if environment.get(name) or (name in environment and not colon):
            result += environment[name]
        elif operator == "?":
            raise KeyError(f"{name}: {rest}")
        elif operator == "-":
            result += interpolate(rest, environment)
    return result + text
