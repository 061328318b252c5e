"""Results kept as objects below one URL: `file:///...`, `s3://...`, `gs://...`, `az://...`."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import obstore
from obstore.store import LocalStore, from_url

from app.errors import CostateError
from app.observability.metrics import STORAGE_FAILURES, metrics

if TYPE_CHECKING:
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

CLIENT: ClientConfig = {"connect_timeout": "3s", "timeout": "20s"}
RETRIES: RetryConfig = {"max_retries": 2, "retry_timeout": timedelta(seconds=20)}


class ObjectMissing(CostateError):  # noqa: N818 - a state of the world rather than a fault
    """No object stands under the key."""


class StorageUnreachable(CostateError):  # noqa: N818 - as above
    """The object store does not answer, or refuses."""


def open_store(url: str, client: ClientConfig = CLIENT) -> ObjectStore:
    """The store at a URL; a folder is made where there is none. `client` says how long to wait for it."""
    if url.startswith("file://"):
        folder = Path(unquote(urlsplit(url).path))
        folder.mkdir(parents=True, exist_ok=True)
        return LocalStore(folder)
    # Options given here hide those of the environment; this one is for stores on the same machine.
    plain = os.environ.get("AWS_ALLOW_HTTP", "").lower() in ("true", "1")
    return from_url(url, client_options={**client, "allow_http": plain}, retry_config=RETRIES)


class Storage:
    """Objects by key; an object is written once and never changed."""

    def __init__(self, url: str) -> None:
        self._store = open_store(url)

    def create(self, key: str, content: bytes) -> bool:
        """Write an object that is not there yet; False when it is."""
        try:
            obstore.put(self._store, key, content, mode="create")
        except obstore.exceptions.AlreadyExistsError:
            return False
        except (obstore.exceptions.BaseError, OSError) as error:
            metrics().count(STORAGE_FAILURES)
            raise StorageUnreachable(str(error)) from error
        return True

    def read(self, key: str) -> bytes:
        """The content of an object; ObjectMissing when there is none."""
        try:
            return bytes(obstore.get(self._store, key).bytes())
        except (obstore.exceptions.NotFoundError, FileNotFoundError) as error:
            raise ObjectMissing(f"no object {key!r} in storage") from error
        except (obstore.exceptions.BaseError, OSError) as error:
            metrics().count(STORAGE_FAILURES)
            raise StorageUnreachable(str(error)) from error
