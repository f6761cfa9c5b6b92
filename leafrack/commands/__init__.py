"""The commands: `leafrack …` for people and pipelines, and what Pulumi's commands run."""

FOR_PEOPLE = {
    "check": "check a fabric file: no cluster, no switch and no Pulumi needed",
    "prove": "show which racks' pods reach each other, before anything is changed",
    "status": "compare every expected session and route with what switches and nodes report",
    "adopt": "write the fabric file of a cluster and leaves that are configured already",
    "render": "print leafrack's part of a leaf's configuration",
    "host-keys": "show the host keys of leaves and jump hosts beside the pinned ones",
    "schema": "print the JSON Schema of the fabric file",
}
"""Commands that a person or a pipeline runs, each with what it does."""
FOR_PULUMI = ("gate", "step", "reflectors", "password", "switch", "hand-over")
"""Commands that stand in Pulumi's state: their names and arguments are a contract (docs/develop/ARCHITECTURE.md)."""
