"""What a value of the environment must look like, where no parser of the library says it.

They raise ValueError with what is wrong, in words that follow the variable's name; `refuse` then stops the start.
"""

import os
import re
import sys
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from environs import validate


def refuse(sentence: str) -> None:
    """Stop the start with a sentence that an operator can act upon."""
    sys.exit(f"The portal does not start: {sentence}")


def broker_socket(var_dir: Path) -> str:
    """The embedded broker's address; in the temporary folder where VAR_DIR's path is too long for a socket."""
    socket = var_dir / "valkey.sock"
    if len(os.fsencode(socket)) > 100:
        socket = Path(tempfile.gettempdir()) / f"portail-{sha256(os.fsencode(var_dir)).hexdigest()[:16]}.sock"
    return f"unix://{quote(str(socket))}"


@dataclass(frozen=True)
class Bucket:
    """A bucket, and where in it: « prefix » without a slash at its ends, empty for the whole bucket."""

    name: str
    prefix: str
    endpoint: str | None
    region: str | None

    def options(self, folder: str = "", **more: Any) -> dict[str, Any]:
        """The OPTIONS of a Django storage for it, or for a folder in it."""
        location = "/".join(part for part in (self.prefix, folder) if part)
        place = {"bucket_name": self.name, "location": location}
        return place | {"endpoint_url": self.endpoint, "region_name": self.region} | more


def bucket_of(url: str) -> Bucket:
    """The bucket of s3://bucket/prefix?endpoint=https://host&region=name; ValueError for what is none."""
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise ValueError(
            "credentials do not belong in it; they are read from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
            "or are the machine's role."
        )
    if (
        parts.scheme != "s3"
        or not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", parts.netloc)
        or not re.fullmatch(r"(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*/?", parts.path)
        or parts.fragment
    ):
        raise ValueError("a bucket must read s3://bucket or s3://bucket/prefix?endpoint=https://host&region=name.")
    asked = parse_qsl(parts.query, keep_blank_values=True)
    given = dict(asked)
    if not given.keys() <= {"endpoint", "region"} or len(given) < len(asked):
        raise ValueError("after the bucket it knows endpoint= and region=, each once, and nothing else.")
    endpoint, region = given.get("endpoint"), given.get("region")
    if endpoint is not None:
        _check_endpoint(endpoint)
    if region is not None and not re.fullmatch(r"[A-Za-z0-9-]+", region):
        raise ValueError("region= must name one, as eu-west-3.")
    if not (find_spec("boto3") and find_spec("storages")):
        raise ValueError("a bucket needs the package django-storages[s3], of the extra s3: install it.")
    return Bucket(parts.netloc, parts.path.strip("/"), endpoint, region)


def _check_endpoint(url: str) -> None:
    parts = urlsplit(url)
    plain = (
        parts.scheme in ("http", "https") and parts.hostname and url.rstrip("/") == f"{parts.scheme}://{parts.netloc}"
    )
    if not plain or "@" in parts.netloc:
        raise ValueError("endpoint= must read https://host or https://host:port.")
    if parts.port == 0:  # reading a port that is not a number raises ValueError by itself
        raise ValueError("port 0 is not one.")


def place_of(url: str, base: Path) -> Bucket | Path:
    """What DOCUMENT_STORAGE_URL names: a bucket, or a folder; ValueError for what is neither."""
    return bucket_of(url) if urlsplit(url).scheme == "s3" else folder_of(url, base)


def document_stores(place: Bucket | Path, pictures: str, imports: str) -> dict[str, dict[str, Any]]:
    """Django's STORAGES of the documents; of their pictures, and of files to import, in the folders of these names.

    A document has no address but its own, which asks who may see it.
    """
    if isinstance(place, Bucket):
        bucket = "invoices.storage.bucket.DocumentBucket"
        return {
            "documents": {"BACKEND": bucket, "OPTIONS": place.options()},
            "pictures": {"BACKEND": bucket, "OPTIONS": place.options(pictures, impatient=True)},
            "imports": {"BACKEND": bucket, "OPTIONS": place.options(imports)},
        }
    folder = "invoices.storage.folder.DocumentFolder"
    options: dict[str, Any] = {"base_url": None, "file_permissions_mode": 0o640}
    return {
        "documents": {"BACKEND": folder, "OPTIONS": options | {"location": place}},
        "pictures": {"BACKEND": folder, "OPTIONS": options | {"location": place / pictures, "allow_overwrite": True}},
        "imports": {"BACKEND": folder, "OPTIONS": options | {"location": place / imports}},
    }


def handover_of(url: str, base: Path, documents: Bucket | Path) -> Bucket | Path | None:
    """What HANDOVER_URL names, or None for no hand-over.

    ValueError for what is neither folder nor bucket, and where it and the documents would lie among each other: what is
    handed over is taken away by others, and would pass for orphans.
    """
    if not url:
        return None
    place = place_of(url, base)
    if isinstance(place, Bucket) and isinstance(documents, Bucket):
        one, other = PurePosixPath(place.prefix), PurePosixPath(documents.prefix)
        same = (place.name, place.endpoint) == (documents.name, documents.endpoint)
        among = same and (one.is_relative_to(other) or other.is_relative_to(one))
    elif isinstance(place, Path) and isinstance(documents, Path):
        among = place.is_relative_to(documents) or documents.is_relative_to(place)
    else:
        among = False
    if among:
        raise ValueError("it must lie apart from the documents of DOCUMENT_STORAGE_URL.")
    return place


def handover_stores(place: Bucket | Path | None) -> dict[str, dict[str, Any]]:
    """Django's STORAGES of the place where deposits are handed over: one, or none."""
    if place is None:
        return {}
    if isinstance(place, Bucket):
        return {"handover": {"BACKEND": "invoices.storage.bucket.DocumentBucket", "OPTIONS": place.options()}}
    return {"handover": {"BACKEND": "invoices.handover.folder.HandoverFolder", "OPTIONS": {"location": place}}}


def webhook_address(url: str, secret: str, *, handover: bool) -> str:
    """What HANDOVER_WEBHOOK_URL says; empty: no webhook.

    ValueError, with the variable's name, for what is no address, for a secret that is missing, short or alone, and
    where nothing is handed over. Plain HTTP is for a receiver on this machine.
    """
    if not url and not secret:
        return ""
    if not url or not handover:
        missing = "HANDOVER_URL" if url else "HANDOVER_WEBHOOK_URL"
        raise ValueError(f'environment variable "{missing}" is required with the others of the webhook.')
    if not re.fullmatch(r"[!-~]{32,}", secret):
        raise ValueError(
            'environment variable "HANDOVER_WEBHOOK_SECRET" invalid: 32 characters or more, of ASCII without spaces.'
        )
    parts = urlsplit(url)
    local = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")
    plain = re.fullmatch(r"[!-~]+", url) and parts.hostname and "@" not in parts.netloc and not parts.fragment
    if not (parts.scheme == "https" or local) or not plain:
        raise ValueError('environment variable "HANDOVER_WEBHOOK_URL" invalid: it must read https://host/path.')
    try:
        port = parts.port
    except ValueError as error:
        raise ValueError(f'environment variable "HANDOVER_WEBHOOK_URL" invalid: {error}') from None
    if port == 0:
        raise ValueError('environment variable "HANDOVER_WEBHOOK_URL" invalid: port 0 is not one.')
    return url


def folder_of(url: str, base: Path) -> Path:
    """The folder that DOCUMENT_STORAGE_URL names, a relative one under `base`; ValueError for what is no folder."""
    parts = urlsplit(url)
    if parts.scheme not in ("", "file") or not parts.path or parts.netloc:
        raise ValueError("it must name a folder, as a path or as file:///path, or a bucket, as s3://bucket.")
    return (base / parts.path).resolve()


def public_address(url: str, hosts: list[str], *, tls: bool) -> str:
    """What PUBLIC_URL says, or what the first of ALLOWED_HOSTS makes of it; ValueError for what is no address."""
    host = hosts[0] if hosts else ""
    if not url and host in ("127.0.0.1", "localhost"):
        return f"http://{host}:8000"
    if not url and re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", host):
        return f"{'https' if tls else 'http'}://{host}"
    parts = urlsplit(url)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.username
        or url.rstrip("/") != (f"{parts.scheme}://{parts.netloc}")
    ):
        raise ValueError("it must read https://host or http://host:port; mails lead there.")
    if parts.port == 0:  # reading a port that is not a number raises ValueError by itself
        raise ValueError("port 0 is not one.")
    return url.rstrip("/")


def networks(listed: list[str]) -> list[IPv4Network | IPv6Network]:
    """The ranges of addresses that ADMIN_NETWORKS names; ValueError for what is none, or names a host in its range."""
    try:
        return [ip_network(text.strip()) for text in listed]
    except ValueError as error:
        raise ValueError(f"{error}; it must read 192.0.2.0/24,2001:db8::/32, ranges separated by commas.") from None


def proconnect_issuer(issuer: str, client_id: str, client_secret: str) -> str:
    """What PROCONNECT_ISSUER says, without a slash at its end; empty: no ProConnect.

    ValueError, with the variable's name, for one of the three without the others, for what is no issuer, and where the
    package is missing. Plain HTTP is for a provider on this machine.
    """
    variables = {
        "PROCONNECT_ISSUER": issuer,
        "PROCONNECT_CLIENT_ID": client_id,
        "PROCONNECT_CLIENT_SECRET": client_secret,
    }
    missing = [name for name, value in variables.items() if not value]
    if len(missing) == len(variables):
        return ""
    if missing:
        raise ValueError(f'environment variable "{missing[0]}" is required with the others of ProConnect.')
    parts = urlsplit(issuer)
    local = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")
    if not (parts.scheme == "https" or local) or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError('environment variable "PROCONNECT_ISSUER" invalid: it must read https://host/path.')
    try:
        port = parts.port
    except ValueError as error:
        raise ValueError(f'environment variable "PROCONNECT_ISSUER" invalid: {error}') from None
    if port == 0:
        raise ValueError('environment variable "PROCONNECT_ISSUER" invalid: port 0 is not one.')
    if find_spec("mozilla_django_oidc") is None:
        raise ValueError(
            'environment variable "PROCONNECT_ISSUER" is set, and the package mozilla-django-oidc is missing: '
            "pip install 'portail-depots[proconnect]'."
        )
    return issuer.rstrip("/")


def check_broker(url: str) -> None:
    """ValueError for what cannot be a REDIS_URL."""
    parts = urlsplit(url)
    database = parts.path.removeprefix("/")
    server = parts.scheme in ("redis", "rediss") and parts.hostname and (not database or database.isdecimal())
    if not server and not (parts.scheme == "unix" and database):
        raise ValueError("it must read redis://host:port/number, rediss://host:port/number or unix:///path.")
    if parts.port == 0:  # reading a port that is not a number raises ValueError by itself
        raise ValueError("port 0 is not one.")


def email_or_nothing(text: str) -> None:
    """ValidationError for what is neither empty nor an e-mail address."""
    if text:
        validate.Email()(text)


def antivirus_address(url: str) -> tuple[str, int] | str | None:
    """Where CLAMAV_URL says that clamd listens: host and port, a socket's path, or None for no antivirus."""
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme == "unix" and not parts.netloc and parts.path:
        return parts.path
    # Reading a port that is not a number raises ValueError by itself.
    if parts.scheme == "tcp" and parts.hostname and parts.port and not parts.path and not parts.username:
        return parts.hostname, parts.port
    raise ValueError("it must read tcp://host:port or unix:///path.")
