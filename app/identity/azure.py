"""Tokens of Entra: the pod's Kubernetes token is exchanged for one of its managed identity."""

from __future__ import annotations

import base64
import json
from functools import cache
from typing import TYPE_CHECKING

from app.identity.login import IdentityError
from app.identity.token import Token

if TYPE_CHECKING:
    from azure.identity import WorkloadIdentityCredential

DATABASE_SCOPE = "https://ossrdbms-aad.database.windows.net/.default"
CACHE_SCOPE = "https://redis.azure.com/.default"
REMEDY = (
    "Check that the pod has the label azure.workload.identity/use and its service account the annotation "
    "azure.workload.identity/client-id, and that the identity trusts that account of this cluster."
)


def token(scope: str) -> Token:
    """An access token of one scope: a password for PostgreSQL or Redis."""
    try:
        from azure.core.exceptions import AzureError
    except ImportError as error:
        raise IdentityError("token of Entra", str(error), "Install costate[azure].") from error
    try:
        given = credential().get_token(scope)
    except (AzureError, ValueError) as error:
        raise IdentityError("token of Entra", str(error), REMEDY) from error
    return Token(given.token, float(given.expires_on))


def object_id(given: Token) -> str:
    """The object in Entra that a token is of: the user's name at Azure Managed Redis."""
    try:
        body = given.value.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return str(claims["oid"])
    except (IndexError, KeyError, ValueError) as error:
        raise IdentityError("object id in the token of Entra", repr(error), REMEDY) from error


@cache
def credential() -> WorkloadIdentityCredential:
    """Keeps what it was given, and reads the pod's own token anew for each exchange."""
    from azure.identity import WorkloadIdentityCredential

    return WorkloadIdentityCredential()
