"""BIRD 2."""
