"""CloudFront before all cells of a domain: TLS certificate, WAF, and a cache of static assets.

One distribution for the domain, not one a cell: a name can belong to one distribution only. It asks the
origin's name, behind which Route 53 knows the cells that are well (`routing.py`).
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.place import Place
from infra.platforms.aws.firewall import firewall
from infra.platforms.aws.front_logs import FrontLogs

STATIC = "/static/*"
ALL = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]

# Policies that AWS keeps under these ids for everyone.
CACHED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
UNCACHED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
AS_ASKED = "216adef6-5c7f-47e4-b989-5492eafa07d3"
"""Origin is sent all that the viewer sent, the host too: the gateway's certificate is for the domain."""
SECURE_HEADERS = "67f7725c-6f97-4210-82d7-5512b31e9d03"

READ_TIMEOUT_S = 60
"""Longest silence of the origin; a request that waits for a job is answered earlier."""


class Front(pulumi.ComponentResource):
    """`domain_name` and `zone` of the distribution are what the domain's records point to."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        domain: str,
        origin: str,
        zone: pulumi.Output[str],
        account: pulumi.Output[str],
        log_days: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("costate:aws:Front", name, None, opts)
        self._name, self._child = name, pulumi.ResourceOptions(parent=self)
        self._origin = origin
        wall = firewall(f"{name}-waf", parent=self)
        distribution = aws.cloudfront.Distribution(
            name,
            comment=f"Entry of {place.stack}",
            enabled=True,
            is_ipv6_enabled=True,
            http_version="http2and3",
            aliases=[domain],
            web_acl_id=wall.arn,
            origins=[
                aws.cloudfront.DistributionOriginArgs(
                    origin_id=origin,
                    domain_name=origin,
                    custom_origin_config=aws.cloudfront.DistributionOriginCustomOriginConfigArgs(
                        http_port=80,
                        https_port=443,
                        origin_protocol_policy="https-only",
                        origin_ssl_protocols=["TLSv1.2"],
                        origin_read_timeout=READ_TIMEOUT_S,
                    ),
                )
            ],
            default_cache_behavior=aws.cloudfront.DistributionDefaultCacheBehaviorArgs(
                target_origin_id=origin,
                viewer_protocol_policy="redirect-to-https",
                allowed_methods=ALL,
                cached_methods=["GET", "HEAD"],
                cache_policy_id=UNCACHED,
                origin_request_policy_id=AS_ASKED,
                response_headers_policy_id=SECURE_HEADERS,
                compress=True,
            ),
            ordered_cache_behaviors=[
                aws.cloudfront.DistributionOrderedCacheBehaviorArgs(
                    path_pattern=STATIC,
                    target_origin_id=origin,
                    viewer_protocol_policy="redirect-to-https",
                    allowed_methods=["GET", "HEAD"],
                    cached_methods=["GET", "HEAD"],
                    cache_policy_id=CACHED,
                    origin_request_policy_id=AS_ASKED,
                    response_headers_policy_id=SECURE_HEADERS,
                    compress=True,
                )
            ],
            restrictions=aws.cloudfront.DistributionRestrictionsArgs(
                geo_restriction=aws.cloudfront.DistributionRestrictionsGeoRestrictionArgs(
                    restriction_type="none"
                )
            ),
            viewer_certificate=aws.cloudfront.DistributionViewerCertificateArgs(
                acm_certificate_arn=self._certificate(domain, zone),
                ssl_support_method="sni-only",
                minimum_protocol_version="TLSv1.2_2021",
            ),
            opts=self._child,
        )
        FrontLogs(
            f"{name}-logs",
            place=place,
            account=account,
            distribution=distribution,
            firewall=wall,
            days=log_days,
            opts=self._child,
        )
        self.domain_name, self.zone = distribution.domain_name, distribution.hosted_zone_id
        self.register_outputs({"domain": self.domain_name})

    def _certificate(self, domain: str, zone: pulumi.Output[str]) -> pulumi.Output[str]:
        """A certificate that AWS renews, proven by a record; CloudFront takes it from us-east-1."""
        certificate = aws.acm.Certificate(
            self._name,
            region="us-east-1",
            domain_name=domain,
            validation_method="DNS",
            opts=self._child,
        )
        proof = certificate.domain_validation_options.apply(lambda options: options[0])
        record = aws.route53.Record(
            f"{self._name}-proof",
            zone_id=zone,
            name=proof.apply(lambda option: str(option.resource_record_name)),
            type=proof.apply(lambda option: str(option.resource_record_type)),
            records=[proof.apply(lambda option: str(option.resource_record_value))],
            ttl=300,
            # A certificate made anew is proven by the same record.
            allow_overwrite=True,
            opts=self._child,
        )
        return aws.acm.CertificateValidation(
            self._name,
            region="us-east-1",
            certificate_arn=certificate.arn,
            validation_record_fqdns=[record.fqdn],
            opts=self._child,
        ).certificate_arn
