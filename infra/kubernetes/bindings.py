"""How processes reach database, cache and object store: variables, secrets, certificates from a cell's facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes import core, meta

from infra.contracts import Account, CellFacts
from infra.kubernetes.secrets import external

AUTHORITIES = "/etc/costate/authorities"
"""Where certificates of the data stores' signers are mounted."""


@dataclass(frozen=True)
class Bindings:
    """What a container is given: `secrets` become variables, `mounts` are ConfigMaps by folder."""

    environment: Mapping[str, pulumi.Input[str]]
    secrets: tuple[str, ...]
    mounts: Mapping[str, str]


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
        "COSTATE_IDENTITY": identity,
        "COSTATE_REDIS_URL": pulumi.Output.concat(
            "rediss://",
            cache.user,
            "@",
            cache.host,
            f":{cache.port}/0?ssl_cert_reqs=required",
            _checked("ssl_ca_certs", "cache", cache.authority is not None),
        ),
    }
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
    else:
        environment["COSTATE_DATABASE_URL"] = pulumi.Output.concat(
            "postgresql://", user.apply(_quoted), "@", place
        )
    return Bindings(environment, secrets, {"authorities": AUTHORITIES} if _authorities(facts) else {})


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


def _quoted(user: str) -> str:
    """A user as it stands in a URL: identities have `@` in their names."""
    return user.replace("%", "%25").replace("@", "%40").replace("/", "%2F").replace(":", "%3A")
