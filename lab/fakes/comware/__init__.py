"""A Comware 7 box of H3C's: command references as a grammar, views, and the timer that takes back."""

from lab.fakes.comware.box import ComwareFake, startup

__all__ = ["ComwareFake", "startup"]
