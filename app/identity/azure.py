"""Tokens of Entra: the pod's Kubernetes token is exchanged for one of its managed identity.

Form: Microsoft identity platform, "client credentials with a federated credential" (RFC 7523, section 2.2).
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

from app.identity import oauth
from app.identity.login import IdentityError
from app.identity.token import Token

DATABASE_SCOPE = "https://ossrdbms-aad.database.windows.net/.default"
CACHE_SCOPE = "https://redis.azure.com/.default"
REMEDY = (
    "Check that the pod has the label azure.workload.identity/use and its service account the annotation "
    "azure.workload.identity/client-id, and that the identity trusts that account of this cluster."
)
AUTHORITY = "https://login.microsoftonline.com"
"""Unless AKS says otherwise."""
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def token(scope: str) -> Token:
    """An access token of one scope: a password for PostgreSQL or Redis. The pod's own token is read each time."""
    what = "token of Entra"
    try:
        tenant, client = os.environ["AZURE_TENANT_ID"], os.environ["AZURE_CLIENT_ID"]
        own = Path(os.environ["AZURE_FEDERATED_TOKEN_FILE"]).read_text().strip()
    except KeyError as error:
        raise IdentityError(what, f"this process has no {error.args[0]}", REMEDY) from error
    except (OSError, UnicodeDecodeError) as error:
        raise IdentityError(what, str(error), REMEDY) from error
    authority = (os.environ.get("AZURE_AUTHORITY_HOST") or AUTHORITY).rstrip("/")
    return oauth.ask(
        what,
        REMEDY,
        "POST",
        f"{authority}/{tenant}/oauth2/v2.0/token",
        data={
            "grant_type": "client_credentials",
            "client_id": client,
            "scope": scope,
            "client_assertion_type": ASSERTION,
            "client_assertion": own,
        },
    )


def object_id(given: Token) -> str:
    """The object in Entra that a token is of: the user's name at Azure Managed Redis."""
    try:
        body = given.value.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return str(claims["oid"])
    except (IndexError, KeyError, ValueError) as error:
        raise IdentityError("object id in the token of Entra", repr(error), REMEDY) from error
