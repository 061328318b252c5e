"""Valkey in the cluster: one server without a disk, because what it carries is only a hint."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes import core, meta

from infra.config.stack import StackConfig
from infra.contracts import CacheFacts, ServerPods
from infra.kubernetes.ordering import after
from infra.place import Place
from infra.platforms.existing.certificate import Certificate
from infra.platforms.existing.database import digest, hosts
from infra.platforms.existing.network import NAMESPACE, VALKEY, VALKEY_PORT, Network, labels
from infra.platforms.existing.password import Password
from infra.platforms.existing.server import Server, ServerArgs
from infra.platforms.existing.sizes import CACHES

FOLDER = "/etc/valkey"
FILE = "server.conf"


class Cache(pulumi.ComponentResource):
    """TLS only; the password is in a Secret that is the server's configuration."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        stack: StackConfig,
        network: Network,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:existing:Cache", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        size = CACHES[stack.cache.size]
        password = Password(f"{name}-password", purpose=f"{place.name} cache", opts=child)
        certificate = Certificate(f"{name}-certificate", hosts=hosts(VALKEY), opts=child)
        told = pulumi.Output.all(configuration(size.memory[0]), password.value, certificate.certificate)
        given = core.v1.Secret(
            f"{name}-{VALKEY}",
            metadata=meta.v1.ObjectMetaArgs(name=VALKEY, namespace=network.namespace),
            string_data=pulumi.Output.secret(
                {
                    FILE: told.apply(lambda known: f"{known[0]}requirepass {known[1]}\n"),
                    "tls.crt": certificate.certificate,
                    "tls.key": certificate.key,
                }
            ),
            opts=child,
        )
        # The same program under its two names.
        server = "$(command -v valkey-server || command -v redis-server)"
        made = Server(
            f"{name}-server",
            args=ServerArgs(
                server=VALKEY,
                namespace=network.namespace,
                image=stack.existing.valkey_image,
                pull=stack.image_pull,
                command=("sh", "-c", f'exec "{server}" {FOLDER}/{FILE}'),
                port=VALKEY_PORT,
                cpu=size.cpu,
                memory=size.memory,
                secrets={VALKEY: FOLDER},
                scratch={"data": "/data"},
                revision=told.apply(digest),
            ),
            protect=False,
            opts=pulumi.ResourceOptions.merge(child, after(network, given)),
        )
        self.facts = CacheFacts(
            host=made.host,
            port=VALKEY_PORT,
            user=pulumi.Output.from_input(""),
            authentication="password",
            secret=pulumi.Output.from_input(""),
            authority=certificate.certificate,
            password=password.value,
            pods=ServerPods(NAMESPACE, labels(VALKEY)),
        )
        self.register_outputs({})


def configuration(memory_mib: int) -> str:
    """The server's configuration but for its password; a third of `memory_mib` is left for its own work."""
    return f"""\
port 0
tls-port {VALKEY_PORT}
tls-cert-file {FOLDER}/tls.crt
tls-key-file {FOLDER}/tls.key
tls-ca-cert-file {FOLDER}/tls.crt
tls-auth-clients no
tls-protocols "TLSv1.2 TLSv1.3"
maxmemory {memory_mib * 2 // 3}mb
maxmemory-policy noeviction
save ""
appendonly no
dir /data
"""
