"""Adoption: from a cluster and switches that are there already to the fabric file that describes them."""
