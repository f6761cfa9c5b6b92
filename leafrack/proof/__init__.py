"""The proof before the change: a declared fabric walked as BGP would, without cluster or switches.

``prove(fabric)`` answers for every pair of racks whether pod routes and service ranges arrive in the tables of all
nodes, leaves and spines, over which path, and whose loss alone would break it. Pure: no input, no output.
"""

from leafrack.proof.proof import Proof, SinglePoint, prove
from leafrack.proof.verdict import Path, Verdict

__all__ = ["Path", "Proof", "SinglePoint", "Verdict", "prove"]
