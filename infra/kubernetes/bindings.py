"""How processes reach database, cache and object store: variables, secrets, certificates from a cell's facts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import core, meta

from infra.contracts import Account, CellFacts, SharedVolume
from infra.kubernetes.secrets import external

VOLUME = "results"
"""Name of the claim on a shared volume."""

DATABASE = "/etc/costate/database"
"""Where the Secret with the database's password is mounted: a file that follows when the password is changed."""

CACHE = "/etc/costate/cache"
"""And with that of the cache, where it has one."""

PASSWORD = "password"  # noqa: S105 - the name of the file

AUTHORITIES = "/etc/costate/authorities"
"""Where certificates of the data stores' signers are mounted."""


@dataclass(frozen=True)
class Bindings:
    """What a container is given: variables, and ConfigMaps (`mounts`) and Secrets (`files`) by folder."""

    environment: Mapping[str, pulumi.Input[str]]
    mounts: Mapping[str, str]
    volumes: Mapping[str, str]
    """PersistentVolumeClaims by folder."""
    revision: pulumi.Input[str]
    """Changes with what is in the secrets, where that is known here."""
    files: Mapping[str, str]
    """Secrets by folder: what is changed in one is soon in the file."""
    secrets: tuple[str, ...] = ()
    """Secrets whose keys become variables."""


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
    checked_cache = _checked("ssl_ca_certs", "cache", cache.authority is not None)
    environment["COSTATE_REDIS_URL"] = pulumi.Output.concat(
        "rediss://", cache.user, "@", cache.host, f":{cache.port}/0?ssl_cert_reqs=required{checked_cache}"
    )
    if "identity" in (database.authentication, cache.authentication):
        environment["COSTATE_IDENTITY"] = identity
    environment["COSTATE_DATABASE_URL"] = pulumi.Output.concat(
        "postgresql://", user.apply(_quoted), "@", place
    )
    files: dict[str, str] = {}
    if database.authentication == "secret":
        secret = f"database-{account}"
        external(
            f"{name}-{secret}",
            secret=secret,
            namespace=namespace,
            key=database.secret,
            template={PASSWORD: "{{ .password }}"},
            opts=opts,
        )
        files[secret] = DATABASE
    elif database.password is not None:
        _password(f"{name}-{account}", f"database-{account}", database.password, namespace, opts)
        files[f"database-{account}"] = DATABASE
    if cache.password is not None:
        _password(f"{name}-{account}", f"cache-{account}", cache.password, namespace, opts)
        files[f"cache-{account}"] = CACHE
    for folder, variable in ((DATABASE, "DATABASE"), (CACHE, "REDIS")):
        if folder in files.values():
            environment[f"COSTATE_{variable}_PASSWORD_FILE"] = f"{folder}/{PASSWORD}"
    hidden = dict(facts.store.secrets)
    if hidden:
        core.v1.Secret(
            f"{name}-bindings-{account}",
            metadata=meta.v1.ObjectMetaArgs(name=f"bindings-{account}", namespace=namespace),
            string_data=pulumi.Output.secret(hidden),
            opts=opts,
        )
    return Bindings(
        environment,
        mounts={"authorities": AUTHORITIES} if _authorities(facts) else {},
        # Migrations keep no results.
        volumes={VOLUME: facts.store.volume.path} if facts.store.volume and account != "migrations" else {},
        revision=_digest(hidden) if hidden else "",
        files=files,
        secrets=(f"bindings-{account}",) if hidden else (),
    )


def _password(
    name: str,
    secret: str,
    password: pulumi.Output[str],
    namespace: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> None:
    core.v1.Secret(
        f"{name}-{secret}",
        metadata=meta.v1.ObjectMetaArgs(name=secret, namespace=namespace),
        string_data=pulumi.Output.secret({PASSWORD: password}),
        opts=opts,
    )


def claim(
    name: str,
    *,
    called: str,
    shared: SharedVolume,
    namespace: pulumi.Input[str],
    protect: bool,
    opts: pulumi.ResourceOptions,
) -> None:
    """The claim on a volume that several processes share."""
    core.v1.PersistentVolumeClaim(
        name,
        metadata=meta.v1.ObjectMetaArgs(
            name=called,
            namespace=namespace,
            # Many classes make a volume only when its first pod is placed, which is after this claim.
            annotations={"pulumi.com/skipAwait": "true"},
        ),
        spec=core.v1.PersistentVolumeClaimSpecArgs(
            access_modes=[shared.access],
            storage_class_name=shared.storage_class or None,
            resources=core.v1.VolumeResourceRequirementsArgs(requests={"storage": f"{shared.size_gib}Gi"}),
        ),
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=protect)),
    )


def volume(
    name: str, *, facts: CellFacts, namespace: pulumi.Input[str], protect: bool, opts: pulumi.ResourceOptions
) -> None:
    """The claim on the volume that the processes share, where results are kept on one."""
    if shared := facts.store.volume:
        claim(
            f"{name}-{VOLUME}", called=VOLUME, shared=shared, namespace=namespace, protect=protect, opts=opts
        )


def roles(facts: CellFacts) -> dict[str, pulumi.Input[str]]:
    """Whom the migrations let into the tables, where each account logs in as a user of its own."""
    users = facts.database.users
    if not users:
        return {}

    def listed(*accounts: Account) -> pulumi.Output[str]:
        return pulumi.Output.all(*(users[account] for account in accounts)).apply(json.dumps)

    return {
        "COSTATE_DATABASE_WRITERS": listed("api", "worker"),
        "COSTATE_DATABASE_READERS": listed("backup"),
    }


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
