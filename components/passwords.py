"""TCP MD5 passwords (RFC 2385) on Calico's side: keys of the Secret that calico-node may read."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping

import pulumi
from pulumi_kubernetes.core.v1 import SecretPatch
from pulumi_kubernetes.meta.v1 import ObjectMetaPatchArgs

from components.calico import our_annotations
from config import Fabric, names


def password_secret(
    fabric: Fabric, passwords: Mapping[str, pulumi.Input[str]], *, parent: pulumi.Resource
) -> tuple[pulumi.Resource, ...]:
    """A password per rack in the Secret ``leafrack-bgp``, which config/rbac.yaml makes.

    The Secret, and the Role by which calico-node reads just it, are an administrator's: making them would need the
    right to grant rights, and deleting a Secret through Pulumi the right to read all of them. calico-node renders a
    peer *without* its password when it cannot read it (tigera/docs, bgppeer.mdx), so BGPPeers depend on this.
    """
    secret = SecretPatch(
        "bgp-passwords",
        metadata=ObjectMetaPatchArgs(
            name=names.PASSWORD_SECRET, namespace=fabric.calico_namespace, annotations=our_annotations()
        ),
        data={rack: pulumi.Output.secret(password).apply(_encoded) for rack, password in passwords.items()},
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return (secret,)


def _encoded(password: str) -> str:
    return b64encode(password.encode()).decode()
