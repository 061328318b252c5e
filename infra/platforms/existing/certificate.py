"""A server's certificate, signed by itself: whoever is given it trusts this server and no other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider

VALID = timedelta(days=5 * 365)
RENEWED_BEFORE = timedelta(days=365)
"""An `up` in the last year of a certificate makes another; clients read theirs anew at every connection."""


class _Provider(ResourceProvider):
    """Pickled by reference, as in `password.py`."""

    serialize_as_secret_always = False

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(props["hosts"][0], {**props, **_made(props["hosts"], datetime.now(UTC))})

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        late = datetime.fromisoformat(_olds["until"]) < datetime.now(UTC) + RENEWED_BEFORE
        return DiffResult(
            changes=late or _olds["hosts"] != _news["hosts"],
            replaces=["hosts"] if late or _olds["hosts"] != _news["hosts"] else [],
        )


class Certificate(Resource, module="existing", name="Certificate"):
    """`certificate` and `key` as PEM; both are kept as secrets, though only the key is one."""

    certificate: pulumi.Output[str]
    key: pulumi.Output[str]

    def __init__(self, name: str, *, hosts: Sequence[str], opts: pulumi.ResourceOptions) -> None:
        """`hosts` are the DNS names that the server is asked by, the first being its own."""
        given = ["certificate", "key"]
        opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(additional_secret_outputs=given))
        props = {"hosts": list(hosts), "until": None, **dict.fromkeys(given)}
        super().__init__(_Provider(), name, props, opts)


def _made(hosts: Sequence[str], now: datetime) -> dict[str, str]:
    """A key on the curve P-256 and its certificate."""
    # Only the engine's own process needs the library, not every look at a stack.
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    until = now + VALID
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))  # clocks differ
        .not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return {
        "certificate": certificate.public_bytes(serialization.Encoding.PEM).decode(),
        "key": key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        "until": until.isoformat(),
    }
