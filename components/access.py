"""How components reach the cluster and the switches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_command import remote

from leafrack.fabric import Jump, Leaf
from leafrack.world.login import PASSWORD_VARIABLE, PRIVATE_KEY_VARIABLE, private_key
from leafrack.world.model import Cluster

DIAL_ATTEMPTS = 2
"""Times that pulumi-command tries again to connect; with a wrong password each try counts towards a lock-out."""
JUMP_ATTEMPTS = 8
"""The same for a jump host: sshd drops some of many that come at once (MaxStartups), each command is one."""
DIAL_TIMEOUT = 10
"""Seconds for one try."""
UPSERT = "upsert_existing_objects"
"""Argument of the Kubernetes provider from pulumi-kubernetes 4.29 on."""


@dataclass(frozen=True, kw_only=True)
class Access:
    """Where the cluster is and what to log in to switches with.

    ``kubeconfig`` is a path (its text would stand in the state in clear), ``context`` one of its contexts; both are
    for gates and steps, the resources themselves use the Kubernetes provider of the component. ``ssh_private_key``
    and ``ssh_password`` are for every leaf without an ``identityFile`` of its own; of the two only the key is for jump
    hosts: a password that switches take is not for another machine to see.
    """

    kubeconfig: str | None = None
    context: str | None = None
    ssh_private_key: pulumi.Input[str] | None = field(default=None, repr=False)
    ssh_password: pulumi.Input[str] | None = field(default=None, repr=False)

    @property
    def cluster(self) -> Cluster:
        """The cluster, as gates and steps want it."""
        return Cluster(kubeconfig=self.kubeconfig, context=self.context)

    def provider(self, name: str, opts: pulumi.ResourceOptions | None = None) -> kubernetes.Provider:
        """The Kubernetes provider for the cluster, with all that the resources of a fabric need of one.

        Server-side apply, and a create that takes over what exists: that is how a lost state, a killed run and an
        adopted BGPPeer are put right. From pulumi-kubernetes 4.29 on such a create fails (AlreadyExists) unless it is
        asked for; earlier versions have no argument for it, and take over always.
        """
        takes_over: dict[str, Any] = {UPSERT: True} if hasattr(kubernetes.ProviderArgs, UPSERT) else {}
        return kubernetes.Provider(
            name,
            opts,
            kubeconfig=self.kubeconfig,
            context=self.context,
            enable_server_side_apply=True,
            # The default of 50 requests a second makes a thousand nodes wait for the client, not for the API server.
            kube_client_settings=kubernetes.KubeClientSettingsArgs(qps=500, burst=1000, timeout=30),
            **takes_over,
        )

    def connection(self, name: str, leaf: Leaf, jump: Jump | None = None) -> remote.ConnectionArgs:
        """SSH connection to a leaf, by way of a jump host, with host keys pinned where the fabric file gives them."""
        own_key = private_key(name, leaf.ssh.identity_file, None)
        return remote.ConnectionArgs(
            host=leaf.ssh_host,
            port=leaf.ssh.port,
            user=leaf.ssh.user,
            host_key=leaf.ssh.host_key,
            private_key=pulumi.Output.secret(own_key) if own_key else self.ssh_private_key,
            password=self.ssh_password,
            dial_error_limit=DIAL_ATTEMPTS,
            per_dial_timeout=DIAL_TIMEOUT,
            proxy=None if jump is None else self._proxy(name, jump),
        )

    def _proxy(self, name: str, jump: Jump) -> remote.ProxyConnectionArgs:
        own_key = private_key(name, jump.identity_file, None)
        return remote.ProxyConnectionArgs(
            host=jump.host,
            port=jump.port,
            user=jump.user,
            host_key=jump.host_key,
            private_key=pulumi.Output.secret(own_key) if own_key else self.ssh_private_key,
            dial_error_limit=JUMP_ATTEMPTS,
            per_dial_timeout=DIAL_TIMEOUT,
        )

    def environment(self) -> dict[str, pulumi.Input[str]]:
        """Environment of a gate or step: the only way that secrets take to it."""
        given = {PRIVATE_KEY_VARIABLE: self.ssh_private_key, PASSWORD_VARIABLE: self.ssh_password}
        return {name: pulumi.Output.secret(value) for name, value in given.items() if value is not None}
