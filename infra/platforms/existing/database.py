"""PostgreSQL in the cluster: by CloudNativePG, or one plain server."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import pulumi
from pulumi_kubernetes import core, meta

from infra.config.stack import StackConfig
from infra.contracts import DatabaseFacts, ServerPods
from infra.kubernetes.ordering import after
from infra.place import Place
from infra.platforms.existing import postgres
from infra.platforms.existing.certificate import Certificate
from infra.platforms.existing.network import NAMESPACE, POSTGRES, POSTGRES_PORT, Network, labels
from infra.platforms.existing.operator import Operator, Servers
from infra.platforms.existing.password import Password
from infra.platforms.existing.server import Disk, Server, ServerArgs
from infra.platforms.existing.sizes import DATABASES
from infra.versions import POSTGRES_IMAGES

NAME = "costate"
"""Of the database, and of the user who owns it."""

CERTIFICATE, LOGIN, SETTINGS = "postgres-certificate", "postgres-login", "postgres-settings"
"""Names of the Secrets and the ConfigMap."""


class Database(pulumi.ComponentResource):
    """One database; its password stands in the encrypted state and in Secrets of the cluster only."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        stack: StackConfig,
        network: Network,
        operator: Operator | None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`operator` is None where the server is a plain one."""
        super().__init__("costate:existing:Database", name, None, opts)
        self._name, self._namespace = name, network.namespace
        self._child = pulumi.ResourceOptions(parent=self)
        size, service = DATABASES[stack.database.size], f"{POSTGRES}-rw" if operator else POSTGRES
        image = stack.existing.postgres_image or POSTGRES_IMAGES[stack.database.version]
        password = Password(f"{name}-password", purpose=f"{place.name} database", opts=self._child)
        certificate = Certificate(f"{name}-certificate", hosts=hosts(service), opts=self._child)
        pem = certificate.certificate
        ready: list[pulumi.Resource] = [
            self._secret(
                CERTIFICATE, "kubernetes.io/tls", {"tls.crt": pem, "tls.key": certificate.key, "ca.crt": pem}
            ),
            self._secret(LOGIN, "kubernetes.io/basic-auth", {"username": NAME, "password": password.value}),
        ]
        if operator:
            host = Servers(
                f"{name}-servers",
                stack=stack,
                place=place,
                settings=postgres.settings(size),
                certificate=CERTIFICATE,
                login=LOGIN,
                opts=pulumi.ResourceOptions.merge(self._child, after(operator, network, *ready)),
            ).host
        else:
            files = postgres.files(size)
            ready.append(self._settings(files))
            told = pulumi.Output.all(*files.values(), password.value, pem)
            host = Server(
                f"{name}-{POSTGRES}",
                args=ServerArgs(
                    server=POSTGRES,
                    namespace=self._namespace,
                    image=image,
                    pull=stack.image_pull,
                    command=(
                        "sh",
                        f"{postgres.SETTINGS}/start.sh",
                        postgres.DATA,
                        f"{postgres.LOGIN}/password",
                        f"{postgres.SETTINGS}/postgresql.conf",
                    ),
                    port=POSTGRES_PORT,
                    cpu=size.cpu,
                    memory=size.memory,
                    secrets={CERTIFICATE: postgres.CERTIFICATE, LOGIN: postgres.LOGIN},
                    scripts={SETTINGS: postgres.SETTINGS},
                    scratch={"run": postgres.SOCKET},
                    disk=Disk(
                        path=postgres.DATA,
                        size_gib=size.disk_gib,
                        storage_class=stack.existing.storage_class,
                    ),
                    alive=("pg_isready", f"--host={postgres.SOCKET}", "--quiet"),
                    # The signal to stop alone would wait until every client has gone.
                    stop=("pg_ctl", "stop", f"--pgdata={postgres.DATA}/server", "--mode=fast"),
                    revision=told.apply(digest),
                ),
                protect=place.protect,
                opts=pulumi.ResourceOptions.merge(self._child, after(network, *ready)),
            ).host
        self.facts = DatabaseFacts(
            id=self._namespace,
            host=host,
            port=POSTGRES_PORT,
            name=NAME,
            user=pulumi.Output.from_input(NAME),
            authentication="password",
            secret=pulumi.Output.from_input(""),
            authority=pem,
            password=password.value,
            pods=ServerPods(NAMESPACE, labels(POSTGRES), tools=image, disk_gib=size.disk_gib),
        )
        self.register_outputs({})

    def _secret(self, called: str, kind: str, data: Mapping[str, pulumi.Input[str]]) -> core.v1.Secret:
        return core.v1.Secret(
            f"{self._name}-{called}",
            metadata=meta.v1.ObjectMetaArgs(
                # CloudNativePG reads it anew when it changes.
                name=called, namespace=self._namespace, labels={"cnpg.io/reload": ""},
            ),
            type=kind,
            string_data=pulumi.Output.secret(data),
            opts=self._child,
        )  # fmt: skip

    def _settings(self, files: Mapping[str, str]) -> core.v1.ConfigMap:
        return core.v1.ConfigMap(
            f"{self._name}-{SETTINGS}",
            metadata=meta.v1.ObjectMetaArgs(name=SETTINGS, namespace=self._namespace),
            data=files,
            opts=self._child,
        )


def hosts(service: str) -> tuple[str, ...]:
    """The names that a Service is asked by, the first from anywhere in the cluster."""
    full = f"{service}.{NAMESPACE}.svc"
    return (full, f"{full}.cluster.local", f"{service}.{NAMESPACE}", service)


def digest(told: list[str]) -> str:
    """Of what a server is told, so that it is restarted when that changes."""
    return hashlib.sha256("\0".join(told).encode()).hexdigest()[:12]
