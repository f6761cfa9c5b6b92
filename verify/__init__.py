"""Expected against actual: what switches and nodes report, compared with what the fabric file promises."""
