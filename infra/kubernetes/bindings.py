"""How processes reach database, cache and object store: variables, secrets, certificates from a cell's facts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import core, meta

from infra.contracts import Account, CellFacts
from infra.kubernetes.secrets import external

VOLUME = "results"
"""Name of the claim on a shared volume."""

AUTHORITIES = "/etc/costate/authorities"
"""Where certificates of the data stores' signers are mounted."""


@dataclass(frozen=True)
class Bindings:
    """What a container is given: `secrets` become variables, `mounts` are ConfigMaps by folder."""

    environment: Mapping[str, pulumi.Input[str]]
    secrets: tuple[str, ...]
    mounts: Mapping[str, str]
    volumes: Mapping[str, str]
    """PersistentVolumeClaims by folder."""
    revision: pulumi.Input[str]
    """Changes with what is in the secrets, where that is known here."""


def bind(
    name: str,
    *,
    facts: CellFacts,
    account: Account,
    identity: str,
    namespace: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> Bindings:
    """Bindings of one service account; `identity` names the kind of token that stands in for passwords."""
    database, cache = facts.database, facts.cache
    user = database.users.get(account, database.user)
    # A certificate is checked against the system's authorities, unless the data store has its own.
    checked = _checked("sslrootcert", "database", database.authority is not None)
    place = pulumi.Output.concat(
        database.host, f":{database.port}/{database.name}?sslmode=verify-full{checked}"
    )
    environment: dict[str, pulumi.Input[str]] = {
        "COSTATE_STORAGE_URL": facts.store.url,
        **facts.store.variables,
    }
    hidden: dict[str, pulumi.Output[str]] = dict(facts.store.secrets)
    checked_cache = _checked("ssl_ca_certs", "cache", cache.authority is not None)
    cache_place = pulumi.Output.concat(cache.host, f":{cache.port}/0?ssl_cert_reqs=required{checked_cache}")
    if cache.password is not None:
        hidden["COSTATE_REDIS_URL"] = pulumi.Output.concat("rediss://:", cache.password, "@", cache_place)
    else:
        environment["COSTATE_REDIS_URL"] = pulumi.Output.concat("rediss://", cache.user, "@", cache_place)
    if "identity" in (database.authentication, cache.authentication):
        environment["COSTATE_IDENTITY"] = identity
    secrets: tuple[str, ...] = ()
    if database.authentication == "secret":
        secret = f"database-{account}"
        url = pulumi.Output.concat("postgresql://{{ .username }}:{{ .password | urlquery }}@", place)
        external(
            f"{name}-{secret}",
            secret=secret,
            namespace=namespace,
            key=database.secret,
            template={"COSTATE_DATABASE_URL": url},
            opts=opts,
        )
        secrets = (secret,)
    elif database.password is not None:
        hidden["COSTATE_DATABASE_URL"] = pulumi.Output.concat(
            "postgresql://", user, ":", database.password, "@", place
        )
    else:
        environment["COSTATE_DATABASE_URL"] = pulumi.Output.concat(
            "postgresql://", user.apply(_quoted), "@", place
        )
    if hidden:
        secrets = (*secrets, f"bindings-{account}")
        core.v1.Secret(
            f"{name}-bindings-{account}",
            metadata=meta.v1.ObjectMetaArgs(name=f"bindings-{account}", namespace=namespace),
            string_data=pulumi.Output.secret(hidden),
            opts=opts,
        )
    return Bindings(
        environment,
        secrets,
        mounts={"authorities": AUTHORITIES} if _authorities(facts) else {},
        volumes={VOLUME: facts.store.volume.path} if facts.store.volume else {},
        revision=_digest(hidden) if hidden else "",
    )


def volume(
    name: str, *, facts: CellFacts, namespace: pulumi.Input[str], protect: bool, opts: pulumi.ResourceOptions
) -> None:
    """The claim on the volume that the processes share, where results are kept on one."""
    if shared := facts.store.volume:
        core.v1.PersistentVolumeClaim(
            f"{name}-{VOLUME}",
            metadata=meta.v1.ObjectMetaArgs(
                name=VOLUME,
                namespace=namespace,
                # Many classes make a volume only when its first pod is placed, which is after this claim.
                annotations={"pulumi.com/skipAwait": "true"},
            ),
            spec=core.v1.PersistentVolumeClaimSpecArgs(
                access_modes=[shared.access],
                storage_class_name=shared.storage_class or None,
                resources=core.v1.VolumeResourceRequirementsArgs(
                    requests={"storage": f"{shared.size_gib}Gi"}
                ),
            ),
            opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=protect)),
        )


def authorities(
    name: str, *, facts: CellFacts, namespace: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> None:
    """A ConfigMap of the certificates that no system trusts by itself, if there are any."""
    if found := _authorities(facts):
        core.v1.ConfigMap(
            f"{name}-authorities",
            metadata=meta.v1.ObjectMetaArgs(name="authorities", namespace=namespace),
            data=found,
            opts=opts,
        )


def _authorities(facts: CellFacts) -> dict[str, pulumi.Input[str]]:
    given = {"database.pem": facts.database.authority, "cache.pem": facts.cache.authority}
    return {name: pem for name, pem in given.items() if pem is not None}


def _checked(parameter: str, store: str, own: bool) -> str:
    if own:
        return f"&{parameter}={AUTHORITIES}/{store}.pem"
    return f"&{parameter}=system" if parameter == "sslrootcert" else ""


def _digest(hidden: Mapping[str, pulumi.Output[str]]) -> pulumi.Output[str]:
    """Of secrets that nobody could guess from it: they are random."""
    told = pulumi.Output.all(*(hidden[key] for key in sorted(hidden)))
    return pulumi.Output.unsecret(
        told.apply(lambda known: hashlib.sha256("\0".join(known).encode()).hexdigest()[:12])
    )


def _quoted(user: str) -> str:
    """A user as it stands in a URL: identities have `@` in their names."""
    return user.replace("%", "%25").replace("@", "%40").replace("/", "%2F").replace(":", "%3A")
