"""Tokens of Google Cloud: the pod's service account is proven by the metadata server of its node."""

from __future__ import annotations

from datetime import UTC

from app.identity.login import IdentityError
from app.identity.token import Token

DATABASE_SCOPE = "https://www.googleapis.com/auth/sqlservice.login"
CACHE_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
REMEDY = (
    "Check that the Kubernetes service account is tied to one of Google (iam.gke.io/gcp-service-account, "
    "roles/iam.workloadIdentityUser) and that pods may reach the metadata server."
)


def token(scope: str) -> Token:
    """An access token of one scope: a password for Cloud SQL or Memorystore."""
    try:
        from google.auth.compute_engine import Credentials
        from google.auth.exceptions import GoogleAuthError
        from google.auth.transport.requests import Request
    except ImportError as error:
        raise IdentityError("token of Google Cloud", str(error), "Install costate[gcp].") from error
    try:
        # The library says no types.
        credentials = Credentials(scopes=[scope])  # type: ignore[no-untyped-call]
        credentials.refresh(Request())  # type: ignore[no-untyped-call]
    except GoogleAuthError as error:
        raise IdentityError("token of Google Cloud", str(error), REMEDY) from error
    if credentials.token is None or credentials.expiry is None:
        raise IdentityError("token of Google Cloud", "the answer holds none", REMEDY)
    return Token(credentials.token, credentials.expiry.replace(tzinfo=UTC).timestamp())
