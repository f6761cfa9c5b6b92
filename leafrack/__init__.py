"""The leaf-spine fabric of a cluster: declared, proved, expected, observed."""
