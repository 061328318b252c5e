"""Who pods are in the cloud: one service account of Google for each of Kubernetes, and no key of any."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_gcp import projects, serviceaccount

from infra import naming
from infra.contracts import ACCOUNTS, NAMESPACES, Account, IdentityFacts, ServiceAccountFacts
from infra.place import Place
from infra.platforms.gcp.agents import Agents
from infra.platforms.gcp.cluster import Cluster


class Identity(pulumi.ComponentResource):
    """Workload identities. What each may do is said by the resource it is done to, not here.

    Cloud SQL knows users by service account of Google only, so every account has one and pods act as it.
    """

    facts: IdentityFacts

    def __init__(
        self, name: str, *, place: Place, agents: Agents, cluster: Cluster, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("costate:gcp:Identity", name, None, opts)
        made = {account: self._account(place, account) for account in ACCOUNTS}
        self.emails: Mapping[Account, pulumi.Output[str]] = {key: it.email for key, it in made.items()}
        self.members: Mapping[Account, pulumi.Output[str]] = {
            key: pulumi.Output.concat("serviceAccount:", it.email) for key, it in made.items()
        }
        for account, it in made.items():
            serviceaccount.IAMMember(
                f"{place.name}-{account}",
                service_account_id=it.name,
                role="roles/iam.workloadIdentityUser",
                member=f"serviceAccount:{place.account}.svc.id.goog[{NAMESPACES[account]}/{account}]",
                # The pool of the project's identities is there once it has a cluster.
                opts=pulumi.ResourceOptions(parent=self, depends_on=[cluster.cluster]),
            )
        self._secrets(place, agents)
        self.facts = IdentityFacts(
            accounts={
                account: ServiceAccountFacts(
                    annotations=pulumi.Output.all(**{"iam.gke.io/gcp-service-account": email}),
                    labels=pulumi.Output.from_input({}),
                )
                for account, email in self.emails.items()
            }
        )
        self.register_outputs({})

    def _account(self, place: Place, account: Account) -> serviceaccount.Account:
        return serviceaccount.Account(
            f"{place.name}-{account}",
            account_id=naming.named("gcp:service-account", place.name, account),
            display_name=f"{account} of {place.name}",
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _secrets(self, place: Place, agents: Agents) -> None:
        """Secrets are made by people; those whose name begins with the cell's are the cell's."""
        projects.IAMMember(
            f"{place.name}-secrets",
            project=place.account,
            role="roles/secretmanager.secretAccessor",
            member=self.members["external-secrets"],
            condition=projects.IAMMemberConditionArgs(
                title="secrets-of-the-cell",
                expression=pulumi.Output.format(
                    "resource.name.startsWith('projects/{}/secrets/{}-')", agents.number, place.name
                ),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
