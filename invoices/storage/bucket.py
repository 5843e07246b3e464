"""A bucket of documents, S3's or one that speaks as S3 does. Needs django-storages[s3].

Private in all it does: no ACL, no address that would open a file without the portal. What a person downloads is
streamed through the portal, since a signed address outlives a right that is withdrawn, cannot be kept out of the
browser's cache, and shows the bucket.
"""

import base64
import hashlib
import mimetypes
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import lru_cache
from threading import Lock
from typing import Any, BinaryIO, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files.base import File
from storages.backends.s3 import S3Storage
from storages.utils import clean_name

from . import FileStore, StorageAwayError, Stored

# To connect, and again for each part of an answer: a bucket that hangs is given up after 15 seconds, the second
# try included; where someone else waits for the thread or for the answer, after three.
PATIENT: dict[str, Any] = {
    "connect_timeout": 2,
    "read_timeout": 5,
    "retries": {"mode": "standard", "total_max_attempts": 2},
}
IMPATIENT: dict[str, Any] = {
    "connect_timeout": 1,
    "read_timeout": 2,
    "retries": {"mode": "standard", "total_max_attempts": 1},
}
NOT_FOUND = 404
_making = Lock()


class Download(File):
    """A file on its way from the bucket: read once, from the beginning, as it comes. Raises StorageAwayError."""

    def __init__(self, body: Any, name: str, size: int) -> None:
        super().__init__(body, name)
        self.body = body
        self.size = size

    def read(self, size: int | None = None) -> bytes:
        with _asking():
            return cast(bytes, self.body.read(size))


class DocumentBucket(FileStore, S3Storage):
    """django-storages' storage for one that many threads ask: one client for all of them, and errors that are OSError.

    A client of its own for each thread, as the library would have it, is 12 MB for each. `impatient`: for what a
    person can do without, such as pictures.
    """

    impatient: bool

    def get_default_settings(self) -> dict[str, Any]:
        # Nothing is asked twice to find a free name: names are made of a new uuid.
        return super().get_default_settings() | {"impatient": False, "default_acl": None, "file_overwrite": True}

    def exists(self, name: str) -> bool:
        """Whether the bucket holds it; StorageAwayError where it cannot tell."""
        try:
            self._size(name)
        except FileNotFoundError:
            return False
        return True

    def size(self, name: str) -> int:
        return self._size(name)

    def delete(self, name: str) -> None:
        with suppress(FileNotFoundError), _asking():
            self._client.delete_object(Bucket=self.bucket_name, Key=self._key(name))

    def url(self, name: str | None, *args: Any, **kwargs: Any) -> str:
        raise ValueError("This file is not accessible via a URL.")

    def walk(self) -> Iterator[Stored]:
        prefix = f"{self.location}/" if self.location else ""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket_name, Prefix=prefix)
        with _asking():
            for page in pages:
                for entry in page.get("Contents", ()):
                    yield Stored(entry["Key"].removeprefix(prefix), entry["LastModified"])

    def check(self) -> None:
        """Raise OSError where the bucket cannot be reached, or nothing can be written where files arrive.

        Writes nothing there: a bucket of many versions would keep each.
        """
        self._check_bucket(_client(self.endpoint_url, self.region_name, impatient=True))
        settings.INCOMING_ROOT.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.INCOMING_ROOT) as probe:
            probe.write(b"\0")

    def _open(self, name: str, mode: str = "rb") -> Download:
        if mode != "rb":
            raise ValueError("A file in the bucket is written once, by save().")
        with _asking():
            answer = self._client.get_object(Bucket=self.bucket_name, Key=self._key(name))
        return Download(answer["Body"], name, answer["ContentLength"])

    def _save(self, name: str, content: Any) -> str:
        """Send a file in one request, there whole or not at all: the bucket refuses what does not have its hash.

        The hash is the one that was made when the file arrived, where there is one (IncomingFile).
        """
        with _body(content) as body, _asking():
            sha256 = getattr(content, "sha256", None) or hashlib.file_digest(body, "sha256").hexdigest()
            body.seek(0)
            self._client.put_object(
                Bucket=self.bucket_name,
                Key=self._key(name),
                Body=body,
                ContentType=mimetypes.guess_type(name)[0] or self.default_content_type,
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=base64.b64encode(bytes.fromhex(sha256)).decode(),
            )
        return cast(str, clean_name(name))

    def _size(self, name: str) -> int:
        """Raises FileNotFoundError; StorageAwayError also where it is the bucket that is not there."""
        try:
            with _asking():
                return int(self._client.head_object(Bucket=self.bucket_name, Key=self._key(name))["ContentLength"])
        except FileNotFoundError:
            self._check_bucket(self._client)  # the answer does not say what was not found
            raise

    def _check_bucket(self, client: Any) -> None:
        """Raise StorageAwayError where the bucket is not there or cannot be reached."""
        try:
            with _asking():
                client.head_bucket(Bucket=self.bucket_name)
        except FileNotFoundError as error:
            raise StorageAwayError("there is no such bucket") from error

    def _key(self, name: str) -> str:
        return cast(str, self._normalize_name(clean_name(name)))

    @property
    def _client(self) -> Any:
        return _client(self.endpoint_url, self.region_name, impatient=self.impatient)


def _client(endpoint: str | None, region: str | None, *, impatient: bool) -> Any:
    """This process's client; they may be shared by threads, unlike what boto3 makes them with."""
    with _making:
        return _make_client(endpoint, region, impatient)


@lru_cache
def _make_client(endpoint: str | None, region: str | None, impatient: bool) -> Any:
    config = Config(
        **(IMPATIENT if impatient else PATIENT),
        max_pool_connections=settings.WEB_THREADS,
        # A host name for each bucket is Amazon's alone.
        s3={"addressing_style": "path" if endpoint else "auto"},
        # Our own SHA-256 goes with each file; what the library would add, not every bucket understands.
        request_checksum_calculation="when_required",
    )
    # Credentials are found where AWS's own tools find them: the environment, a file, the machine's role.
    return boto3.Session().client("s3", endpoint_url=endpoint, region_name=region, config=config)


def _body(content: Any) -> Any:
    """What is sent, as a context: the file that has arrived, or what the content holds."""
    if hasattr(content, "temporary_file_path"):
        return open(content.temporary_file_path(), "rb")  # noqa: PTH123 - as Django names it; a context
    return nullcontext(cast(BinaryIO, content.file))


@contextmanager
def _asking() -> Iterator[None]:
    """Turn what the library raises into OSError."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if status == NOT_FOUND and code != "NoSuchBucket":
            raise FileNotFoundError(code) from error
        raise StorageAwayError(f"the bucket answered {status}, {code}") from error
    except BotoCoreError as error:
        raise StorageAwayError(type(error).__name__) from error
