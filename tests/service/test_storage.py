"""Results in object storage: a folder, and S3 as moto serves it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from live import HOST, free_port
from moto.server import ThreadedMotoServer

from app.storage import ObjectMissing, Storage


@pytest.fixture(params=["file", "s3"])
def storage(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Storage]:
    if request.param == "file":
        yield Storage((tmp_path / "with space").as_uri())
        return
    port = free_port()
    server = ThreadedMotoServer(HOST, port)
    server.start()
    endpoint = f"http://{HOST}:{port}"
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
    for name, value in {**keys, "AWS_ENDPOINT_URL": endpoint, "AWS_ALLOW_HTTP": "true"}.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1").create_bucket(Bucket="results")
    yield Storage("s3://results/below")
    server.stop()


def test_an_object_is_read_as_it_was_written(storage: Storage) -> None:
    assert storage.create("results/a/1.json", b'{"cost": 1}')
    assert storage.read("results/a/1.json") == b'{"cost": 1}'


def test_an_object_is_written_once(storage: Storage) -> None:
    assert storage.create("results/b/1.json", b"first")
    assert not storage.create("results/b/1.json", b"second")
    assert storage.read("results/b/1.json") == b"first"


def test_a_missing_object_is_an_error_of_its_own(storage: Storage) -> None:
    with pytest.raises(ObjectMissing):
        storage.read("results/none.json")
