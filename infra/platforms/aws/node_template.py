"""Launch template of nodes: metadata for the node alone, disks encrypted with our key."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.place import Place


def node_template(
    name: str, *, place: Place, disk_gib: int, key: pulumi.Output[str], parent: pulumi.Resource
) -> aws.ec2.LaunchTemplate:
    """A template without image: EKS adds its own, in the release the node group names."""
    return aws.ec2.LaunchTemplate(
        name,
        update_default_version=True,
        metadata_options=aws.ec2.LaunchTemplateMetadataOptionsArgs(
            http_endpoint="enabled",
            http_tokens="required",
            # One hop ends at the node: pods do not reach its credentials.
            http_put_response_hop_limit=1,
        ),
        block_device_mappings=[
            aws.ec2.LaunchTemplateBlockDeviceMappingArgs(
                device_name="/dev/xvda",
                ebs=aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
                    volume_size=disk_gib,
                    volume_type="gp3",
                    encrypted="true",
                    kms_key_id=key,
                    delete_on_termination="true",
                ),
            )
        ],
        monitoring=aws.ec2.LaunchTemplateMonitoringArgs(enabled=True),
        # Default tags end at the template; what is launched from it is tagged by it.
        tag_specifications=[
            aws.ec2.LaunchTemplateTagSpecificationArgs(resource_type=kind, tags={**place.tags, "Name": name})
            for kind in ("instance", "volume", "network-interface")
        ],
        opts=pulumi.ResourceOptions(parent=parent),
    )
