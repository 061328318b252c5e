"""Front Door before all cells of a domain: TLS certificate, WAF, cache of static assets, and the choice of a cell.

It probes every cell, in whatever cloud, and asks the nearest primary that is well, a standby where none is. This
is why there is no Traffic Manager: it would choose by DNS, minutes later, and could point past the WAF.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_azure_native import cdn

from infra import naming
from infra.contracts import Endpoint
from infra.place import Place
from infra.platforms.azure.group import Group
from infra.platforms.azure.logs import Logs
from infra.platforms.azure.waf import waf

STATIC = "/static/*"
HEALTH = "/ready"
"""Fails when the cell cannot take jobs, so that requests go elsewhere."""

PRIORITY = {"primary": 1, "standby": 2}

SILENCE_S = 60
"""Longest silence of a cell; a request that waits for a job is answered earlier."""

COMPRESSED = ("text/css", "text/html", "text/javascript", "application/javascript", "image/svg+xml")

LOGS = ("FrontDoorAccessLog", "FrontDoorWebApplicationFirewallLog", "FrontDoorHealthProbeLog")


class Front(pulumi.ComponentResource):
    """`endpoint` is the id of what the domain points to, `proof` the token that its zone has to show."""

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        group: Group,
        logs: Logs,
        domain: str,
        zone: pulumi.Output[str],
        origins: Mapping[str, Endpoint],
        needs: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`origins` are cells by host name; `needs` are the records of those names."""
        super().__init__("costate:azure:Front", name, None, opts)
        self._name, self._place, self._group = name, place, group
        self._child = pulumi.ResourceOptions(parent=self)
        self._profile = self._front()
        endpoint = cdn.AFDEndpoint(
            naming.named("azure:front-door-endpoint", place.name, suffix=naming.AUTO_SUFFIX),
            profile_name=self._profile.name,
            resource_group_name=group.name,
            location="Global",
            enabled_state=cdn.EnabledState.ENABLED,
            tags=place.tags,
            opts=self._child,
        )
        own = self._domain(domain, zone)
        cells = self._cells(domain, origins, needs)
        self._route("api", endpoint, own, cells, ["/*"], cache=None)
        self._route("static", endpoint, own, cells, [STATIC], cache=_cached())
        self._guard(own)
        logs.collect(name, target=self._profile.id, searched=LOGS, parent=self)
        self.endpoint = endpoint.id
        self.identifier = self._profile.front_door_id
        self.proof = own.validation_properties.apply(lambda properties: properties.validation_token)
        self.register_outputs({"endpoint": self.endpoint, "identifier": self.identifier})

    def _front(self) -> cdn.Profile:
        """Premium, which alone has managed WAF rules, costs ten times Standard: production has it."""
        kinds = cdn.SkuName
        return cdn.Profile(
            self._name,
            resource_group_name=self._group.name,
            location="Global",
            sku=cdn.SkuArgs(
                name=(
                    kinds.PREMIUM_AZURE_FRONT_DOOR
                    if self._place.production
                    else kinds.STANDARD_AZURE_FRONT_DOOR
                )
            ),
            origin_response_timeout_seconds=SILENCE_S,
            tags=self._place.tags,
            opts=self._child,
        )

    def _domain(self, domain: str, zone: pulumi.Output[str]) -> cdn.AFDCustomDomain:
        """The domain with a certificate that Azure issues and renews."""
        return cdn.AFDCustomDomain(
            self._name,
            custom_domain_name=domain.replace(".", "-"),
            host_name=domain,
            profile_name=self._profile.name,
            resource_group_name=self._group.name,
            azure_dns_zone=cdn.ResourceReferenceArgs(id=zone),
            tls_settings=cdn.AFDDomainHttpsParametersArgs(
                certificate_type=cdn.AfdCertificateType.MANAGED_CERTIFICATE,
                minimum_tls_version=cdn.AfdMinimumTlsVersion.TLS12,
            ),
            opts=self._child,
        )

    def _cells(
        self, domain: str, origins: Mapping[str, Endpoint], needs: Sequence[pulumi.Resource]
    ) -> tuple[cdn.AFDOriginGroup, list[pulumi.Resource]]:
        """The group that is asked, and its cells, which have to be there before a route."""
        group = cdn.AFDOriginGroup(
            self._name,
            origin_group_name="cells",
            profile_name=self._profile.name,
            resource_group_name=self._group.name,
            session_affinity_state=cdn.EnabledState.DISABLED,
            health_probe_settings=cdn.HealthProbeParametersArgs(
                probe_path=HEALTH,
                probe_protocol=cdn.ProbeProtocol.HTTPS,
                probe_request_type=cdn.HealthProbeRequestType.GET,
                probe_interval_in_seconds=30,
            ),
            load_balancing_settings=cdn.LoadBalancingSettingsParametersArgs(
                sample_size=4, successful_samples_required=3, additional_latency_in_milliseconds=50
            ),
            opts=self._child,
        )
        made: list[pulumi.Resource] = [
            cdn.AFDOrigin(
                f"{self._name}-{cell.cell}",
                origin_name=cell.cell,
                origin_group_name=group.name,
                profile_name=self._profile.name,
                resource_group_name=self._group.name,
                host_name=host,
                origin_host_header=domain,
                https_port=443,
                # Front Door checks the certificate for `host_name`. GCP's balancer has one for the domain only.
                enforce_certificate_name_check=cell.platform != "gcp",
                priority=PRIORITY[cell.role],
                weight=100,
                enabled_state=cdn.EnabledState.ENABLED,
                opts=pulumi.ResourceOptions(parent=self, depends_on=needs),
            )
            for host, cell in origins.items()
        ]
        return group, made

    def _route(
        self,
        part: str,
        endpoint: cdn.AFDEndpoint,
        own: cdn.AFDCustomDomain,
        cells: tuple[cdn.AFDOriginGroup, list[pulumi.Resource]],
        patterns: list[str],
        *,
        cache: cdn.AfdRouteCacheConfigurationArgs | None,
    ) -> None:
        group, origins = cells
        cdn.Route(
            f"{self._name}-{part}",
            route_name=part,
            endpoint_name=endpoint.name,
            profile_name=self._profile.name,
            resource_group_name=self._group.name,
            custom_domains=[cdn.ActivatedResourceReferenceArgs(id=own.id)],
            origin_group=cdn.ResourceReferenceArgs(id=group.id),
            patterns_to_match=patterns,
            supported_protocols=[cdn.AFDEndpointProtocols.HTTP, cdn.AFDEndpointProtocols.HTTPS],
            https_redirect=cdn.HttpsRedirect.ENABLED,
            forwarding_protocol=cdn.ForwardingProtocol.HTTPS_ONLY,
            # The WAF knows the domain, so there is no other way in.
            link_to_default_domain=cdn.LinkToDefaultDomain.DISABLED,
            cache_configuration=cache,
            enabled_state=cdn.EnabledState.ENABLED,
            opts=pulumi.ResourceOptions(parent=self, depends_on=origins),
        )

    def _guard(self, own: cdn.AFDCustomDomain) -> None:
        policy = waf(
            f"{self._name}-waf",
            place=self._place,
            group=self._group,
            managed=self._place.production,
            parent=self,
        )
        cdn.SecurityPolicy(
            self._name,
            security_policy_name="waf",
            profile_name=self._profile.name,
            resource_group_name=self._group.name,
            parameters=cdn.SecurityPolicyWebApplicationFirewallParametersArgs(
                type="WebApplicationFirewall",
                waf_policy=cdn.ResourceReferenceArgs(id=policy.id),
                associations=[
                    cdn.SecurityPolicyWebApplicationFirewallAssociationArgs(
                        domains=[cdn.ActivatedResourceReferenceArgs(id=own.id)], patterns_to_match=["/*"]
                    )
                ],
            ),
            opts=self._child,
        )


def _cached() -> cdn.AfdRouteCacheConfigurationArgs:
    """Kept as long as the answer's own headers say; names of static assets change with their content."""
    return cdn.AfdRouteCacheConfigurationArgs(
        query_string_caching_behavior=cdn.AfdQueryStringCachingBehavior.USE_QUERY_STRING,
        compression_settings=cdn.CompressionSettingsArgs(
            is_compression_enabled=True, content_types_to_compress=list(COMPRESSED)
        ),
    )
