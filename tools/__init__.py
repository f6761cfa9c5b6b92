"""Getting the programs that leafrack and its lab run: official downloads first, else built from Go modules.

Standard library only: this package runs before there is a virtualenv.
"""
