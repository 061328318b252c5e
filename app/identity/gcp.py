"""Tokens of Google Cloud: the pod's service account is proven by the metadata server of its node.

Form: Compute Engine, "View and query VM metadata", service accounts' tokens; GKE's own server answers alike.
"""

from __future__ import annotations

import os

from app.identity import oauth
from app.identity.token import Token

DATABASE_SCOPE = "https://www.googleapis.com/auth/sqlservice.login"
CACHE_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
SERVER, VARIABLE = "metadata.google.internal", "GCE_METADATA_HOST"
"""Where it answers, unless this variable (that of Google's own libraries) says otherwise."""

REMEDY = (
    "Check that the Kubernetes service account is tied to one of Google (iam.gke.io/gcp-service-account, "
    "roles/iam.workloadIdentityUser) and that pods may reach the metadata server."
)


def token(scope: str) -> Token:
    """An access token of one scope: a password for Cloud SQL or Memorystore."""
    server = os.environ.get(VARIABLE) or SERVER
    return oauth.ask(
        "token of Google Cloud",
        REMEDY,
        "GET",
        f"http://{server}/computeMetadata/v1/instance/service-accounts/default/token",
        params={"scopes": scope},
        headers={"Metadata-Flavor": "Google"},
    )
