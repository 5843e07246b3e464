"""Dockerfile, docker-compose.yml, nginx's configuration: what linters and nginx say of them, and what they promise."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from portal import gunicorn
from tests.catalogue import LIMITS
from tests.containers import (
    COMPOSE,
    DOCKERFILE,
    compose,
    environment_of,
    health_check_of,
    instructions,
    manage_commands,
)
from tests.nginx import TEMPLATE, Proxy, render

SECRETS = {"SECRET_KEY": "a-key", "POSTGRES_PASSWORD": "a-password", "ALLOWED_HOSTS": "depots.example"}
SERVICES = compose(SECRETS)["services"]
BIN = Path(sys.executable).parent


def passes(*command: str | Path) -> None:
    """Fail with what the command printed unless it is content."""
    done = subprocess.run(command, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dockerfile_is_as_its_linter_wants_it() -> None:
    passes(BIN / "hadolint", "--failure-threshold", "style", DOCKERFILE)


def test_the_compose_file_follows_its_specification() -> None:
    passes(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE)


@pytest.fixture
def proxy(tmp_path: Path) -> Proxy:
    return Proxy(tmp_path, upstream="127.0.0.1:8000")


def test_nginx_understands_its_configuration(proxy: Proxy) -> None:
    passes(*proxy.command("-t"))


def test_the_configuration_has_no_known_weakness(tmp_path: Path) -> None:
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(render(environment_of("proxy") | {"NGINX_LOCAL_RESOLVERS": "127.0.0.11"}))
    # `gzip` within `if` is what nginx allows there, and tests/deploy/test_proxy.py shows that it does what it should.
    passes(BIN / "gixy", "--skips", "if_is_evil", configuration)


def test_every_value_of_the_template_is_given() -> None:
    values = environment_of("proxy") | {"NGINX_LOCAL_RESOLVERS": "127.0.0.11"}
    assert re.findall(r"\$\{\w+\}", render(values)) == []


@pytest.mark.parametrize("required", SECRETS)
def test_compose_refuses_to_start_without_what_is_secret_or_ones_own(required: str) -> None:
    with pytest.raises(KeyError, match=required):
        compose(SECRETS | {required: ""})


def test_the_example_names_every_variable_of_the_compose_file_and_no_other() -> None:
    example = set(re.findall(r"^(\w+)=", (settings.BASE_DIR / ".env.example").read_text(), re.M))
    used = set(re.findall(r"(?<!\$)\$\{(\w+)", COMPOSE.read_text()))
    assert example == used - {"DATABASE_URL", "REDIS_URL", "REVISION"}


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_shut_in(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["logging"]["options"]["max-size"]
    assert service["restart"] == ("no" if name == "migrate" else "unless-stopped")
    assert not service.get("privileged")


def test_nobody_is_root() -> None:
    assert dict(instructions("portal"))["USER"] == "10001:10001"
    assert dict(instructions("proxy"))["USER"] == "101:101"
    assert {SERVICES[name]["user"] for name in ("db", "broker")} == {"postgres", "valkey"}


def test_only_nginx_is_reached_from_outside_and_it_reaches_the_web_server_alone() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["nginx"]
    front = set(SERVICES["nginx"]["networks"])
    assert {name for name, service in SERVICES.items() if front & set(service["networks"])} == {"nginx", "web"}
    assert compose(SECRETS)["networks"]["inside"]["internal"] is True
    assert SERVICES["db"]["networks"] == SERVICES["broker"]["networks"] == ["inside"]


def test_whoever_needs_the_tables_waits_for_them() -> None:
    for name in ("web", "worker", "beat"):
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert SERVICES["migrate"]["depends_on"] == {"db": {"condition": "service_healthy"}}


def test_a_step_of_ten_of_the_greatest_files_passes_nginx() -> None:
    limits = re.findall(r"client_max_body_size (\d+)m;", TEMPLATE.read_text())
    assert [int(limit) * 2**20 for limit in limits] == [2**20, 10 * LIMITS.file_bytes + 2**20]


def test_portal_and_nginx_agree_on_the_documents() -> None:
    location = SERVICES["web"]["environment"]["DOCUMENT_ACCEL_LOCATION"]
    assert f"location {location} {{" in TEMPLATE.read_text()
    folder = SERVICES["web"]["environment"]["DOCUMENT_STORAGE_URL"]
    assert folder == environment_of("portal")["DOCUMENT_STORAGE_URL"] == environment_of("proxy")["PORTAL_DOCUMENTS"]
    assert f"documents:{folder}" in SERVICES["web"]["volumes"]
    assert f"documents:{folder}:ro" in SERVICES["nginx"]["volumes"]


@pytest.mark.parametrize("name", ["web", "worker", "beat", "migrate"])
def test_with_a_bucket_the_portal_sends_the_documents_itself(name: str) -> None:
    chosen = {"DOCUMENT_STORAGE_URL": "s3://bucket", "DOCUMENT_ACCEL_LOCATION": "", "AWS_ACCESS_KEY_ID": "id"}
    service = compose(SECRETS | chosen)["services"][name]
    assert service["environment"].items() >= chosen.items()
    assert f"incoming:{environment_of('portal')['VAR_DIR']}/incoming" in service["volumes"]


def test_connections_are_kept_longer_by_gunicorn_than_by_nginx() -> None:
    nginx = re.search(r"keepalive 32;.*?keepalive_timeout (\d+)s;", TEMPLATE.read_text(), re.S)
    assert nginx
    assert "python:portal.gunicorn" in dict(instructions("portal"))["CMD"]
    assert gunicorn.keepalive > int(nginx[1])


def test_all_that_the_image_is_made_of_is_let_through_and_nothing_else() -> None:
    allowed = re.findall(r"^!(.+)$", (settings.BASE_DIR / ".dockerignore").read_text(), re.M)
    assert [name for name in allowed if not (settings.BASE_DIR / name).exists()] == []
    assert {"portal", "invoices", "dossiers", "roles", "templates", "static", "manage.py"} <= set(allowed)
    assert health_check_of("portal")[1] in allowed
    assert "tests" not in allowed
    assert ".env" not in allowed


def test_the_error_pages_are_made_when_the_image_is_built(tmp_path: Path) -> None:
    assert ["error_pages", "/app/error-pages"] in manage_commands()
    call_command("error_pages", tmp_path / "pages")
    assert "choisissez un fichier plus léger" in (tmp_path / "pages/413.html").read_text()
    assert "indisponible" in (tmp_path / "pages/503.html").read_text()
    named = set(re.findall(r"error_page [\d ]+ /erreurs/(\S+);", TEMPLATE.read_text()))
    assert named == {path.name for path in (tmp_path / "pages").iterdir()}
