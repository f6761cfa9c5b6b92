"""TCP MD5 passwords (RFC 2385) on Calico's side: a Secret, and the right of calico-node to read it."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes.core.v1 import Secret
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs
from pulumi_kubernetes.rbac.v1 import PolicyRuleArgs, Role, RoleBinding, RoleRefArgs, SubjectArgs

from components.calico import our_annotations, our_labels
from config import Fabric, names


def password_secret(
    fabric: Fabric, passwords: Mapping[str, pulumi.Input[str]], *, parent: pulumi.Resource
) -> tuple[pulumi.Resource, ...]:
    """Secret with a password per rack, and the Role that calico-node's service account needs to read just it.

    calico-node has no right to read secrets by itself, and renders a peer *without* its password when it cannot
    (tigera/docs, bgppeer.mdx), so a BGPPeer that names the Secret depends on all of this.
    """
    name = names.password_secret(fabric.name)
    metadata = ObjectMetaArgs(
        name=name, namespace=fabric.calico_namespace, labels=our_labels(fabric.name), annotations=our_annotations()
    )
    opts = pulumi.ResourceOptions(parent=parent)
    secret = Secret(
        "bgp-passwords",
        metadata=metadata,
        string_data={rack: pulumi.Output.secret(password) for rack, password in passwords.items()},
        opts=opts,
    )
    role = Role(
        "bgp-passwords-role",
        metadata=metadata,
        rules=[
            PolicyRuleArgs(
                api_groups=[""], resources=["secrets"], resource_names=[name], verbs=["get", "list", "watch"]
            )
        ],
        opts=opts,
    )
    binding = RoleBinding(
        "bgp-passwords-binding",
        metadata=metadata,
        role_ref=RoleRefArgs(api_group="rbac.authorization.k8s.io", kind="Role", name=name),
        subjects=[SubjectArgs(kind="ServiceAccount", name="calico-node", namespace=fabric.calico_namespace)],
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[role]),
    )
    return secret, role, binding
