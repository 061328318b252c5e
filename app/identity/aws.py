"""Tokens of AWS: requests signed beforehand by the role of the pod; RDS and ElastiCache take them as passwords.

Forms: RDS user guide, "IAM database authentication"; ElastiCache user guide, "Authenticating with IAM".
"""

from __future__ import annotations

import time
from urllib.parse import urlencode

from app.identity.login import Address, IdentityError
from app.identity.token import Token

VALID_S = 900
"""AWS takes no longer. It counts when a connection is made, not while it is open."""

REMEDY = (
    "Check that the service account has a Pod Identity association (or AWS_* variables a role and a region), "
    "and that its role allows rds-db:connect or elasticache:Connect."
)


def database_token(address: Address) -> Token:
    """A password for PostgreSQL on RDS; the user must have the role `rds_iam`."""
    return _signed("rds-db", f"{address.host}:{address.port}", {"Action": "connect", "DBUser": address.user})


def cache_token(address: Address) -> Token:
    """A password for ElastiCache, which is asked by the name of the replication group.

    With TLS its primary endpoint is `master.<name>.<hash>.<region>.cache.amazonaws.com`.
    """
    label, _, rest = address.host.partition(".")
    name = rest.partition(".")[0] if label == "master" else label
    return _signed("elasticache", name, {"Action": "connect", "User": address.user})


def _signed(service: str, authority: str, query: dict[str, str]) -> Token:
    try:
        from botocore.exceptions import BotoCoreError
        from botocore.model import ServiceId
        from botocore.session import get_session
        from botocore.signers import RequestSigner
    except ImportError as error:
        raise IdentityError("token of AWS", str(error), "Install costate[aws].") from error
    try:
        session = get_session()
        region = session.get_config_variable("region")
        credentials = session.get_credentials()
        if credentials is None or region is None:
            missing = "credentials" if credentials is None else "region"
            raise IdentityError("token of AWS", f"this process has no {missing}", REMEDY)
        signer = RequestSigner(
            ServiceId(service), region, service, "v4", credentials, session.get_component("event_emitter")
        )
        asked = {
            "method": "GET",
            "url": f"https://{authority}/?{urlencode(query)}",
            "body": {},
            "headers": {},
            "context": {},
        }
        url = signer.generate_presigned_url(asked, operation_name="connect", expires_in=VALID_S)
    except BotoCoreError as error:
        raise IdentityError("token of AWS", str(error), REMEDY) from error
    return Token(url.removeprefix("https://"), time.time() + VALID_S)
