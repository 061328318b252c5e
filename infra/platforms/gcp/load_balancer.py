"""The global load balancer before the cluster's gateway: TLS, firewall, cache of static files."""

from __future__ import annotations

import pulumi
from pulumi_gcp import compute

from infra.place import Place
from infra.platforms.gcp.network import Network
from infra.platforms.gcp.node_account import NodeAccount
from infra.platforms.gcp.waf import waf

FRONT_ENDS = ["35.191.0.0/16", "130.211.0.0/22"]
"""Where Google's load balancers and their health checks come from."""

STATIC = "/static/*"
LONGEST_ANSWER_S = 600
"""Event streams and answers that are waited for stay open this long."""

SCHEME = "EXTERNAL_MANAGED"


class LoadBalancer(pulumi.ComponentResource):
    """Sends to endpoint groups that are made here, empty, one in each zone.

    The Service of the gateway names the group (`cloud.google.com/neg`) and Kubernetes fills it with addresses
    of pods. So the whole way in is declared, protected and destroyed with the platform, before any workload is
    there, whichever gateway the workload brings; Kubernetes Engine's own Gateway would make it from inside,
    with objects of Google's only, and has no cache for static files.
    """

    def __init__(
        self,
        name: str,
        *,
        place: Place,
        domain: str,
        fronted: bool,
        certificates: pulumi.Output[str],
        address: compute.GlobalAddress,
        network: Network,
        account: NodeAccount,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("costate:gcp:LoadBalancer", name, None, opts)
        self._place, self._domain = place, domain
        self.group = f"{place.name}-gateway"
        groups = [self._group(network, zone) for zone in place.zones]
        self._let_in(network, account)
        self._policy = waf(place, fronted=fronted, parent=self)
        self._health = compute.HealthCheck(
            f"{place.name}-gateway",
            check_interval_sec=10,
            timeout_sec=5,
            # The gateway is asked whether it listens: it knows the service by name, which a check does not give.
            tcp_health_check=compute.HealthCheckTcpHealthCheckArgs(port_specification="USE_SERVING_PORT"),
            opts=pulumi.ResourceOptions(parent=self),
        )
        service = self._service("api", groups, cached=False)
        static = self._service("static", groups, cached=True)
        self._listen_https(service, static, certificates, address)
        self._listen_http(address)
        self.register_outputs({})

    def _group(self, network: Network, zone: str) -> compute.NetworkEndpointGroup:
        return compute.NetworkEndpointGroup(
            f"{self.group}-{zone.rsplit('-', 1)[-1]}",
            # The same in each zone: the Service names one.
            name=self.group,
            # Kubernetes takes a group over whose description is neither empty nor another Service's.
            description=f"Gateway of {self._place.name}",
            zone=zone,
            network=network.network.id,
            subnetwork=network.private.id,
            network_endpoint_type="GCE_VM_IP_PORT",
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )

    def _let_in(self, network: Network, account: NodeAccount) -> None:
        compute.Firewall(
            f"{self._place.name}-in-gateway",
            network=network.network.id,
            direction="INGRESS",
            priority=1000,
            source_ranges=FRONT_ENDS,
            target_service_accounts=[account.email],
            # Which port the gateway's pods have is the workload's business; none is below these.
            allows=[compute.FirewallAllowArgs(protocol="tcp", ports=["1024-65535"])],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _service(
        self, kind: str, groups: list[compute.NetworkEndpointGroup], *, cached: bool
    ) -> compute.BackendService:
        cache = compute.BackendServiceCdnPolicyArgs(
            # What the service says of how long a file stays true is kept to.
            cache_mode="USE_ORIGIN_HEADERS",
            negative_caching=False,
            serve_while_stale=86400,
            cache_key_policy=compute.BackendServiceCdnPolicyCacheKeyPolicyArgs(
                include_host=True, include_protocol=True, include_query_string=True
            ),
        )
        return compute.BackendService(
            f"{self._place.name}-{kind}",
            load_balancing_scheme=SCHEME,
            # The gateway's own certificate is checked for the domain.
            protocol="HTTPS",
            tls_settings=compute.BackendServiceTlsSettingsArgs(sni=self._domain),
            timeout_sec=LONGEST_ANSWER_S,
            connection_draining_timeout_sec=60,
            backends=[
                compute.BackendServiceBackendArgs(
                    group=group.id,
                    balancing_mode="RATE",
                    max_rate_per_endpoint=500,
                    capacity_scaler=1.0,
                )
                for group in groups
            ],
            health_checks=self._health.id,
            security_policy=self._policy.id,
            enable_cdn=cached,
            cdn_policy=cache if cached else None,
            compression_mode="AUTOMATIC" if cached else "DISABLED",
            custom_response_headers=["Strict-Transport-Security: max-age=63072000; includeSubDomains"],
            log_config=compute.BackendServiceLogConfigArgs(enable=True, sample_rate=1.0),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _listen_https(
        self,
        service: compute.BackendService,
        static: compute.BackendService,
        certificates: pulumi.Output[str],
        address: compute.GlobalAddress,
    ) -> None:
        """Any host: health checks of other clouds ask for the cell by its own name, and the gateway knows."""
        place, parent = self._place, pulumi.ResourceOptions(parent=self)
        paths = compute.URLMap(
            f"{place.name}-https",
            default_service=service.id,
            host_rules=[compute.URLMapHostRuleArgs(hosts=["*"], path_matcher="service")],
            path_matchers=[
                compute.URLMapPathMatcherArgs(
                    name="service",
                    default_service=service.id,
                    path_rules=[compute.URLMapPathMatcherPathRuleArgs(paths=[STATIC], service=static.id)],
                )
            ],
            opts=parent,
        )
        policy = compute.SSLPolicy(
            f"{place.name}-tls", profile="MODERN", min_tls_version="TLS_1_2", opts=parent
        )
        proxy = compute.TargetHttpsProxy(
            f"{place.name}-https",
            url_map=paths.id,
            certificate_map=certificates,
            ssl_policy=policy.id,
            quic_override="ENABLE",
            opts=parent,
        )
        self._forward("https", "443", proxy.id, address)

    def _listen_http(self, address: compute.GlobalAddress) -> None:
        """Answers only where HTTPS is."""
        place, parent = self._place, pulumi.ResourceOptions(parent=self)
        paths = compute.URLMap(
            f"{place.name}-http",
            default_url_redirect=compute.URLMapDefaultUrlRedirectArgs(
                https_redirect=True,
                redirect_response_code="MOVED_PERMANENTLY_DEFAULT",
                strip_query=False,
            ),
            opts=parent,
        )
        proxy = compute.TargetHttpProxy(f"{place.name}-http", url_map=paths.id, opts=parent)
        self._forward("http", "80", proxy.id, address)

    def _forward(
        self, kind: str, port: str, target: pulumi.Output[str], address: compute.GlobalAddress
    ) -> None:
        compute.GlobalForwardingRule(
            f"{self._place.name}-{kind}",
            load_balancing_scheme=SCHEME,
            ip_address=address.address,
            ip_protocol="TCP",
            port_range=port,
            target=target,
            labels=dict(self._place.tags),
            opts=pulumi.ResourceOptions(parent=self),
        )
