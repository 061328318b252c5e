"""Logging in without a password of one's own: real PostgreSQL and Redis, and stand-ins for who issues tokens."""

from __future__ import annotations

import hashlib
import hmac
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

import boto3
import psycopg
import pytest
from issuers import HOST, KEY, KEY_ID, OBJECT_ID, Issuer, certified, issuer, served
from kombu.exceptions import OperationalError as BrokerError
from live import PASSWORD, DataStores, Service, free_port
from moto.server import ThreadedMotoServer
from redis import Redis
from redis.exceptions import AuthenticationError
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from app.identity import aws
from app.identity.login import Address
from app.identity.sources import cache_login, database_login
from app.jobs.connection import connect, engine
from app.jobs.queue import Queue, celery
from app.settings import Settings
from app.storage import Storage

USER = "api@my-project.iam"


@pytest.fixture(scope="session")
def node() -> Iterator[Issuer]:
    """The metadata server of a node at Google; its library asks the environment only once."""
    with issuer() as made, pytest.MonkeyPatch.context() as patched:
        for name in ("GCE_METADATA_HOST", "GCE_METADATA_IP"):
            patched.setenv(name, f"{HOST}:{made.port}")
        yield made


@pytest.fixture
def metadata(node: Issuer) -> Issuer:
    """The same, as it was at first."""
    node.reset()
    return node


@pytest.fixture
def pod(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Issuer]:
    """What EKS tells a pod that has an association: where its role's keys are."""
    (tmp_path / "token").write_text("of-this-pod")
    with issuer() as made:
        given = {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://{HOST}:{made.port}/v1/credentials",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "token"),
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        yield made


@pytest.fixture
def entra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Issuer]:
    """Entra, and what AKS tells a pod that is to act as an identity."""
    (tmp_path / "token").write_text("of-this-pod")
    certificate = certified(tmp_path)
    with issuer(certificate) as made:
        given = {
            "AZURE_AUTHORITY_HOST": f"https://{HOST}:{made.port}",
            "AZURE_TENANT_ID": "11111111-2222-3333-4444-555555555555",
            "AZURE_CLIENT_ID": "66666666-7777-8888-9999-000000000000",
            "AZURE_FEDERATED_TOKEN_FILE": str(tmp_path / "token"),
            "SSL_CERT_FILE": str(certificate),
        }
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        yield made


@pytest.fixture
def database(stores: DataStores) -> Iterator[str]:
    """Address of a database without password; only `token-1` lets in at first."""
    say(
        stores,
        f"""CREATE ROLE "{USER}" LOGIN PASSWORD 'token-1' IN ROLE pg_read_all_data, pg_write_all_data""",
    )
    url = stores.new_database()
    yield url.replace(f"costate:{PASSWORD}@", f"{quote(USER, safe='')}@")
    say(stores, f'DROP ROLE "{USER}"')


@pytest.fixture
def cache(stores: DataStores) -> Iterator[Redis]:
    """Redis, as whoever administers it; users that a test makes are gone after it."""
    with closing(Redis(host=HOST, port=stores.redis_port, db=63)) as made:
        yield made
        for user in made.acl_users():
            if user != "default":
                made.acl_deluser(user)


def say(stores: DataStores, statement: str) -> None:
    with psycopg.connect(stores.database_url(), autocommit=True) as connection:
        connection.execute(statement.encode())


def let_in(cache: Redis, user: str, password: str) -> None:
    """The password is the user's only one from now on."""
    cache.acl_setuser(user, enabled=True, reset_passwords=True, passwords=[f"+{password}"], keys=["*"],
                      channels=["*"], commands=["+@all"])  # fmt: skip


def told(**given: str) -> Settings:
    """Settings with addresses that hold no password."""
    return Settings(**{  # type: ignore[arg-type] - pydantic makes its own types of texts
        "database_url": "postgresql://h/d", "redis_url": "redis://h/0", "storage_url": "file:///s",
        "cache_dir": "/c", **given,
    })  # fmt: skip


def who(pool: Engine) -> str:
    with pool.connect() as connection:
        return str(connection.scalar(text("SELECT current_user")))


# PostgreSQL


def test_a_token_that_changes_is_used_at_the_next_connection(
    metadata: Issuer, database: str, stores: DataStores
) -> None:
    metadata.lifetime_s = 60  # so short that it is asked for at each connection
    pool = engine(database, database_login(told(identity="gcp", database_url=database)), pool_size=2)
    with pool.connect() as first:
        assert first.scalar(text("SELECT current_user")) == USER
        say(stores, f"""ALTER ROLE "{USER}" PASSWORD 'token-2'""")
        metadata.token = "token-2"
        assert who(pool) == USER  # another connection, for the first is in use
        assert first.scalar(text("SELECT 1")) == 1  # and that one lives on
    pool.dispose()
    assert any("sqlservice.login" in path for path in metadata.asked)


def test_a_token_that_holds_serves_many_connections(metadata: Issuer, database: str) -> None:
    pool = engine(database, database_login(told(identity="gcp", database_url=database)), pool_size=1)
    for _ in range(3):
        assert who(pool) == USER
        pool.dispose()
    assert len([path for path in metadata.asked if "/token" in path]) == 1


async def _listening(url: str, settings: Settings) -> str:
    async with await connect(url, database_login(settings)) as connection:
        found = await (await connection.execute("SELECT current_user")).fetchone()
        return str(found[0]) if found else ""


def test_who_listens_logs_in_with_a_token_too(metadata: Issuer, database: str) -> None:
    import asyncio

    settings = told(identity="gcp", database_url=database)
    assert asyncio.run(_listening(database, settings)) == USER


def test_a_login_that_is_not_to_be_had_is_a_database_out_of_reach_and_names_the_remedy(
    metadata: Issuer, database: str
) -> None:
    metadata.broken = True
    pool = engine(database, database_login(told(identity="gcp", database_url=database)))
    with pytest.raises(
        OperationalError, match=r"no token of Google Cloud: .*iam\.gke\.io/gcp-service-account"
    ):
        who(pool)


def test_a_rotated_password_file_is_read_at_the_next_connection(
    database: str, stores: DataStores, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text("token-1\n")
    settings = told(identity="aws", database_url=database, database_password_file=str(file))
    pool = engine(database, database_login(settings))
    assert who(pool) == USER
    pool.dispose()
    say(stores, f"""ALTER ROLE "{USER}" PASSWORD 'rotated'""")
    with pytest.raises(OperationalError, match="password authentication failed"):
        who(pool)
    file.write_text("rotated\n")
    assert who(pool) == USER
    pool.dispose()


def test_a_password_file_that_is_missing_or_empty_is_named(database: str, tmp_path: Path) -> None:
    file = tmp_path / "password"
    pool = engine(database, database_login(told(database_url=database, database_password_file=str(file))))
    with pytest.raises(OperationalError, match=rf"{file}.*COSTATE_DATABASE_PASSWORD_FILE"):
        who(pool)
    file.write_text("\n")
    with pytest.raises(OperationalError, match="is empty"):
        who(pool)


def test_a_password_in_the_address_goes_before_any_token(stores: DataStores) -> None:
    url = stores.database_url()
    assert database_login(told(identity="gcp", database_url=url)) is None


# Redis


def test_queue_and_broker_log_in_with_the_current_token(
    metadata: Issuer, cache: Redis, stores: DataStores
) -> None:
    metadata.lifetime_s = 60
    url = f"redis://service@{HOST}:{stores.redis_port}/63"
    queue = Queue(url, cache_login(told(identity="gcp", redis_url=url)))
    let_in(cache, "service", "token-1")
    assert queue.reachable()
    queue.celery.send_task("costate.nothing", queue="first")
    let_in(cache, "service", "token-2")
    metadata.token = "token-2"
    cache.client_kill_filter(_type="normal", skipme=True)
    assert queue.reachable()
    with queue.celery.connection_for_write() as fresh:
        fresh.ensure_connection(max_retries=1)
        assert fresh.default_channel.client.llen("first") == 1
        fresh.default_channel.client.delete("first")


def test_redis_is_told_the_object_id_in_entras_token(entra: Issuer, cache: Redis, stores: DataStores) -> None:
    url = f"redis://{HOST}:{stores.redis_port}/63"
    let_in(cache, OBJECT_ID, entra.jwt())
    login = cache_login(told(identity="azure", redis_url=url))
    assert login is not None
    assert login().user == OBJECT_ID
    assert Queue(url, login).reachable()
    assert "scope=https%3A%2F%2Fredis.azure.com%2F.default" in entra.asked[-1]


def test_postgresql_is_told_entras_token_and_the_name_of_the_identity(entra: Issuer) -> None:
    login = database_login(
        told(identity="azure", database_url="postgresql://prod-azure-eastus-api@h/costate")
    )
    assert login is not None
    assert (login().user, login().password) == ("prod-azure-eastus-api", entra.jwt())
    assert "ossrdbms-aad" in entra.asked[-1]


def test_a_redis_that_takes_no_token_is_out_of_reach(
    metadata: Issuer, cache: Redis, stores: DataStores
) -> None:
    url = f"redis://service@{HOST}:{stores.redis_port}/63"
    login = cache_login(told(identity="gcp", redis_url=url))
    let_in(cache, "service", "another")
    assert not Queue(url, login).reachable()
    metadata.broken = True
    login = cache_login(told(identity="gcp", redis_url=url))
    assert not Queue(url, login).reachable()
    with pytest.raises((AuthenticationError, BrokerError), match=r"roles/iam.workloadIdentityUser"):
        celery(url, login).connection_for_write().ensure_connection(max_retries=1)


def test_broker_and_client_check_the_certificate_of_an_own_authority(
    metadata: Issuer, cache: Redis, stores: DataStores, tmp_path: Path
) -> None:
    let_in(cache, "service", "token-1")
    certificate = certified(tmp_path)
    with encrypting(stores.redis_port, certificate) as port:
        place = f"rediss://service@{HOST}:{port}/63?ssl_cert_reqs=required"
        trusting = f"{place}&ssl_ca_certs={certificate}"
        login = cache_login(told(identity="gcp", redis_url=trusting))
        queue = Queue(trusting, login)
        assert queue.reachable()
        queue.celery.connection_for_write().ensure_connection(max_retries=1)
        assert not Queue(place, login).reachable()
        with pytest.raises(BrokerError, match="CERTIFICATE_VERIFY_FAILED"):
            celery(place, login).connection_for_write().ensure_connection(max_retries=1)


# AWS


def test_tokens_of_aws_are_signed_by_the_role_of_the_pod(pod: Issuer) -> None:
    place = Address("costate.abc.us-east-1.rds.amazonaws.com", 5432, "api", has_password=False)
    token = aws.database_token(place)
    assert token.value.startswith("costate.abc.us-east-1.rds.amazonaws.com:5432/?Action=connect&DBUser=api&")
    assert signature(token.value, "rds-db", pod.token) == dict(parse_qsl(token.value))["X-Amz-Signature"]
    place = Address("master.prod-cache.xyz.use1.cache.amazonaws.com", 6379, "prod-cache", has_password=False)
    token = aws.cache_token(place)
    assert token.value.startswith("prod-cache/?Action=connect&User=prod-cache&")
    assert signature(token.value, "elasticache", pod.token) == dict(parse_qsl(token.value))["X-Amz-Signature"]


def test_a_pod_without_a_role_is_told_of_the_association(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    with pytest.raises(aws.IdentityError, match=r"no credentials.*Pod Identity association"):
        aws.cache_token(Address("master.c.x.use1.cache.amazonaws.com", 6379, "c", has_password=False))


def test_results_are_written_with_the_keys_of_the_pods_role(
    pod: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    server = ThreadedMotoServer(HOST, port)
    server.start()
    endpoint = f"http://{HOST}:{port}"
    boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    ).create_bucket(Bucket="of-the-cell")
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    storage = Storage("s3://of-the-cell/results")
    assert storage.create("1.json", b"{}")
    assert storage.read("1.json") == b"{}"
    assert "/v1/credentials" in pod.asked
    server.stop()


# The whole service


def test_a_service_without_passwords_outlives_a_change_of_all_tokens(
    metadata: Issuer, stores: DataStores, cache: Redis, tmp_path: Path, compiled: Path, quick: object
) -> None:
    say(stores, "CREATE ROLE service LOGIN PASSWORD 'token-1' IN ROLE pg_read_all_data, pg_write_all_data")
    let_in(cache, "service", "token-1")
    metadata.lifetime_s = 60
    made = Service(stores, tmp_path, compiled)
    made.environment |= {
        "COSTATE_IDENTITY": "gcp",
        "COSTATE_DATABASE_URL": made.database_url.replace(f"costate:{PASSWORD}@", "service@"),
        "COSTATE_REDIS_URL": made.redis_url.replace("redis://", "redis://service@"),
        "GCE_METADATA_HOST": f"{HOST}:{metadata.port}",
        "GCE_METADATA_IP": f"{HOST}:{metadata.port}",
    }
    try:
        made.start_api()
        made.start_worker()
        first = made.submit(quick(0.5))  # type: ignore[operator] - a function, see conftest
        assert made.until(first, "completed")["result"]["cost"] == pytest.approx(3.0)
        say(stores, "ALTER ROLE service PASSWORD 'token-2'")
        let_in(cache, "service", "token-2")
        metadata.token = "token-2"
        say(stores, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'service'")
        cache.client_kill_filter(_type="normal", skipme=True)
        second = made.submit(quick(0.25))  # type: ignore[operator] - as above
        assert made.until(second, "completed")["result"]["cost"] == pytest.approx(0.75)
        assert made.http.get("/ready").json()["checks"] == {"database": "ready", "redis": "ready"}
    finally:
        made.stop()
        say(stores, "DROP ROLE service")


def signature(token: str, service: str, session: str) -> str:
    """Signature version 4 of a request signed beforehand, as AWS documents it, computed here again."""
    parts = urlsplit(f"https://{token}")
    given = dict(parse_qsl(parts.query))
    assert given["X-Amz-Security-Token"] == session
    day, scope = given["X-Amz-Date"][:8], given["X-Amz-Credential"].partition("/")[2]
    assert given["X-Amz-Credential"] == f"{KEY_ID}/{day}/us-east-1/{service}/aws4_request"
    assert given["X-Amz-Expires"] == "900"
    query = "&".join(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
        for name, value in sorted(given.items())
        if name != "X-Amz-Signature"
    )
    empty = hashlib.sha256(b"").hexdigest()
    request = "\n".join(["GET", "/", query, f"host:{parts.netloc}", "", "host", empty])
    to_sign = "\n".join(
        ["AWS4-HMAC-SHA256", given["X-Amz-Date"], scope, hashlib.sha256(request.encode()).hexdigest()]
    )
    key = f"AWS4{KEY}".encode()
    for word in (day, "us-east-1", service, "aws4_request"):
        key = hmac.digest(key, word.encode(), "sha256")
    return hmac.digest(key, to_sign.encode(), "sha256").hex()


class encrypting:  # noqa: N801 - used like a function
    """TLS before a server that has none: a port of its own, joined to the server's."""

    def __init__(self, port: int, certificate: Path) -> None:
        self._port = port
        self._listener = served(certificate).wrap_socket(socket.create_server((HOST, 0)), server_side=True)

    def __enter__(self) -> int:
        threading.Thread(target=self._accept, daemon=True).start()
        return int(self._listener.getsockname()[1])

    def __exit__(self, *error: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while self._listener.fileno() != -1:
            try:
                client, _ = self._listener.accept()
            except OSError:  # a client that does not trust the certificate, or the end
                continue
            server = socket.create_connection((HOST, self._port))
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=_pour, args=(source, target), daemon=True).start()


def _pour(source: socket.socket, target: socket.socket) -> None:
    try:
        while content := source.recv(65536):
            target.sendall(content)
    except OSError:
        pass
    finally:
        target.close()
