"""Comware 7 of H3C and HPE: switches that are driven through a shell channel of SSH."""
