"""Where results are kept: a volume that all processes share, or a store that speaks S3."""

from __future__ import annotations

from urllib.parse import urlsplit

import pulumi

from infra.config.existing import S3, Existing
from infra.contracts import ObjectStoreFacts, SharedVolume

PATH = "/var/lib/costate/objects"


class Storage:
    """Nothing is declared here: the volume is claimed in the product's namespace, a store is there already."""

    def __init__(self, existing: Existing) -> None:
        self.facts = _s3(existing.s3) if existing.s3 is not None else _volume(existing)


def _volume(existing: Existing) -> ObjectStoreFacts:
    url = pulumi.Output.from_input(f"file://{PATH}")
    volume = existing.results
    shared = SharedVolume(PATH, volume.size_gib, volume.access, volume.storage_class)
    return ObjectStoreFacts(id=url, url=url, volume=shared)


def _s3(given: S3) -> ObjectStoreFacts:
    """The variables are those of `obstore`, the library of `app.storage`."""
    address = urlsplit(given.endpoint)
    url = pulumi.Output.from_input(f"s3://{given.bucket}")
    return ObjectStoreFacts(
        id=url,
        url=url,
        variables={
            "AWS_ENDPOINT": given.endpoint,
            "AWS_REGION": given.region,
            "AWS_ACCESS_KEY_ID": given.access_key,
            **({"AWS_ALLOW_HTTP": "true"} if address.scheme == "http" else {}),
        },
        secrets={"AWS_SECRET_ACCESS_KEY": pulumi.Output.secret(given.secret_key.get_secret_value())},
        port=address.port or (443 if address.scheme == "https" else 80),
    )
