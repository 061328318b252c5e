"""Audit trail: who did what in the account and who read which result, encrypted and signed."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.place import Place
from infra.platforms.aws import iam
from infra.platforms.aws.bucket import Bucket
from infra.platforms.aws.keys import Keys


class Audit(pulumi.ComponentResource):
    """CloudTrail into a bucket of its own."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        keys: Keys,
        results: pulumi.Output[str],
        days: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`results` is the ARN of the bucket whose objects are watched.

        `days` is how long the trail is kept: never less than a year in production.
        """
        super().__init__("costate:aws:Audit", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        trail = pulumi.Output.format(
            "arn:aws:cloudtrail:{0}:{1}:trail/{2}", place.region, keys.account, place.name
        )
        only = {"StringEquals": {"aws:SourceArn": trail}}
        service = {"Service": "cloudtrail.amazonaws.com"}
        bucket = Bucket(
            f"{place.name}-audit",
            place=place,
            key=keys.logs,
            rules=[
                aws.s3.BucketLifecycleConfigurationRuleArgs(
                    id="old",
                    status="Enabled",
                    filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
                    expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(
                        days=max(days, 365) if place.production else days
                    ),
                )
            ],
            grants=lambda arn: [
                iam.allow(["s3:GetBucketAcl"], arn, who=service, when=only, sid="TrailLooks"),
                iam.allow(
                    ["s3:PutObject"],
                    pulumi.Output.format("{0}/AWSLogs/{1}/*", arn, keys.account),
                    who=service,
                    when={
                        "StringEquals": {**only["StringEquals"], "s3:x-amz-acl": "bucket-owner-full-control"}
                    },
                    sid="TrailWrites",
                ),
            ],
            opts=child,
        )
        aws.cloudtrail.Trail(
            name,
            name=place.name,
            s3_bucket_name=bucket.name,
            kms_key_id=keys.logs,
            enable_log_file_validation=True,
            include_global_service_events=True,
            # What nobody asked for is started where nobody looks.
            is_multi_region_trail=True,
            advanced_event_selectors=[
                _selector("management", {"eventCategory": ["Management"]}),
                _selector(
                    "results",
                    {"eventCategory": ["Data"], "resources.type": ["AWS::S3::Object"]},
                    within=pulumi.Output.concat(results, "/"),
                ),
            ],
            opts=child,
        )
        self.register_outputs({})


def _selector(
    name: str, equal: dict[str, list[str]], within: pulumi.Output[str] | None = None
) -> aws.cloudtrail.TrailAdvancedEventSelectorArgs:
    """Events whose fields equal these, on resources whose ARN begins with `within`."""
    field = aws.cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs
    fields = [field(field=key, equals=values) for key, values in equal.items()]
    if within is not None:
        fields.append(field(field="resources.ARN", starts_withs=[within]))
    return aws.cloudtrail.TrailAdvancedEventSelectorArgs(name=name, field_selectors=fields)
