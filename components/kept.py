"""Resources of a leaf that nothing stands behind any more, and that the state still has.

Pulumi deletes what a program registers no more, after all updates and by the ``delete`` of the state. That of a leaf's
sessions takes them away: on a leaf that is somebody else's now, or whose jobs are run in another way (its platform, or
leafrack, has changed), it would take away what stands. So such a resource stays, without commands. Pulumi updates it
then, and there is nothing to run any more.
"""

from __future__ import annotations

from collections.abc import Iterable

import pulumi
from pulumi_command import local, remote

from .state import LOCAL, REMOTE

BOUNDED = pulumi.CustomTimeouts(create="2m", update="2m", delete="2m")
"""For a switch that stops answering in the middle: more than all tries to connect and what one command may take."""


def keep(parent: pulumi.Resource, name: str, kinds: Iterable[str], host: str) -> None:
    """Take the commands out of what the state has under a leaf's name, of these types."""
    opts = pulumi.ResourceOptions(parent=parent, custom_timeouts=BOUNDED, delete_before_replace=True)
    for kind in kinds:
        if kind == REMOTE:
            # Nobody connects where nothing runs, and no secret is needed for it.
            remote.Command(
                name,
                connection=remote.ConnectionArgs(host=host),
                add_previous_output_in_env=False,
                logging=remote.Logging.NONE,
                opts=opts,
            )
        elif kind == LOCAL:
            local.Command(name, opts=opts)
