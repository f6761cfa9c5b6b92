"""A node's machine, made and taken away where the lab's holder is: ``python -m lab.attach attach|detach GIVEN``.

What is started here is left to the holder, which is the first process of its namespace, and ends with it.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import Any

from lab import network
from lab.daemons import Daemons
from lab.errors import LabError
from lab.hosts import Hosts
from lab.paths import PATH, RUN, Folder, home_of
from lab.plan import Node, Plan


def attach(node: Node, ahead: int) -> int:
    """Make a node's machine and start Calico on it; its first process, as the machine that the lab is on sees it."""
    home_of(node.name).mkdir(parents=True)
    network.attach(node, ahead)
    hosts = Hosts(Plan((), (node,), (), ()), Folder.of_environment().logs, Daemons(RUN / "inits"))
    hosts.start_nodes(ahead)
    return int((home_of(node.name) / "init.pid").read_text(encoding="utf-8"))


def detach(name: str) -> None:
    """Take a machine away whose processes have ended."""
    network.detach(name)
    shutil.rmtree(home_of(name), ignore_errors=True)


def _node(values: dict[str, Any]) -> Node:
    """What :func:`dataclasses.asdict` made of a node, from JSON again."""
    labels = tuple((key, value) for key, value in values.pop("labels"))
    others: dict[str, Any] = {key: tuple(each) if isinstance(each, list) else each for key, each in values.items()}
    return Node(**others, labels=labels)


def main(what: str, given: str) -> int:
    """Run one of the two; exit code 1 with a line of why not."""
    os.environ["PATH"] = PATH
    try:
        if what == "attach":
            values, ahead = json.loads(given)
            print(attach(_node(values), ahead))
        else:
            detach(given)
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
