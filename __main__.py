"""leafrack: load the declared fabric, hold it against the world, build it, export it."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as kubernetes

from components import Fabric, FabricArgs
from config.entry import CheckedStack

entry = CheckedStack.from_stack()
comparison = entry.check()

cluster = kubernetes.Provider(
    "cluster",
    kubeconfig=entry.access.kubeconfig,
    context=entry.access.context,
    enable_server_side_apply=True,
    # The default of 50 requests a second makes a thousand nodes wait for the client, not for the API server.
    kube_client_settings=kubernetes.KubeClientSettingsArgs(qps=500, burst=1000, timeout=30),
)
fabric = Fabric(
    entry.loaded.fabric.name,
    FabricArgs(
        declared=entry.loaded.fabric,
        access=entry.access,
        passwords=entry.passwords,
        comparison=comparison,
    ),
    pulumi.ResourceOptions(providers=[cluster]),
)
pulumi.export("leafrack", fabric.leafrack)
