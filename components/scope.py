"""What the resources of one component have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from leafrack.fabric import Fabric

from .access import Access
from .rerun import Watch

Resources = Sequence[pulumi.Resource]


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The component that resources belong to, the fabric, the way to cluster and switches, and what has drifted."""

    parent: pulumi.Resource
    fabric: Fabric
    access: Access
    watch: Watch

    def options(
        self, depends_on: Resources, ignored: Sequence[str] = (), aliases: Sequence[pulumi.Alias] = ()
    ) -> pulumi.ResourceOptions:
        """Options of a resource of the component."""
        return pulumi.ResourceOptions(
            parent=self.parent, depends_on=list(depends_on), ignore_changes=list(ignored), aliases=list(aliases)
        )


def field_manager(part: str = "") -> str:
    """Field manager of this stack's objects, or of one part of them.

    It names project and stack: a manager is an identity, and two stacks of one name would strip each other's fields.
    """
    whose = f"leafrack:{pulumi.get_project()}/{pulumi.get_stack()}"
    return f"{whose}:{part}" if part else whose
