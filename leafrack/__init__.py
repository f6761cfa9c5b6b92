"""leafrack: Calico's BGP peering with a leaf-spine fabric, from one fabric file."""

__version__ = "0.2.0"
