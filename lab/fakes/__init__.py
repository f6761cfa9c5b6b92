"""Boxes that nobody can start here, played: a command line of our own in front of a real FRR.

A fake knows its platform's grammar as a box would: from the vendor's guide and from real outputs, never from what
leafrack writes. What it has understood goes to FRR in no platform's words (:mod:`lab.fakes.model`), so nodes really
peer, and what it answers about sessions and routes comes from that FRR. It never sees a value of leafrack's otherwise.

How the fake of a platform is written
=====================================
One module, ``lab/fakes/NAME.py``, and one line in :data:`FAKES`. :mod:`lab.fakes.eos` is the example.

1. **A configuration.** What a box keeps: ``Fake[C]`` takes any type that can be copied deeply. For lines inside lines
   (EOS, NX-OS, Comware) there is :class:`~lab.fakes.tree.Place` with a :class:`~lab.fakes.tree.Grammar`: rules by mode,
   each a pattern of the line's *head* (a second line with that head replaces the first) and of its *tail*, what mode
   it opens, and how the box shows it; ``no`` or ``undo`` comes with it. For ``set`` lines a ``dict`` does.
2. **The box**, a :class:`~lab.fakes.box.Fake`. The platform gives it ``read`` (text → configuration), ``shown``
   (configuration → the text that it saves and shows; ``read(shown(c)) == c``), ``understood`` (configuration →
   ``Understood``: defaults of the platform belong here, as that IPv4 is activated by itself), ``login``, and
   ``commands`` where an exec request is not one command a line (``None``: the platform takes no exec request). It
   inherits ``candidate`` (a copy to be changed), ``commit`` (at once, or with a time after which what was before comes
   back), ``confirm``, ``roll_back``, ``pending`` (who waits to be confirmed), ``apply`` (without a candidate),
   ``save``, ``startup``, ``reboot``, ``speaker.sessions()`` and ``speaker.routes(version)``, ``host``, ``clock``,
   ``booted``.
3. **A login**, a :class:`~lab.fakes.box.Login`: ``prompt`` by the mode that it is in, and ``enter(line)``, which
   returns an :class:`~lab.fakes.box.Answer`: text of whole lines, ``failed`` (what a *right* exit status would tell),
   ``ask`` for a dialogue (a :class:`~lab.fakes.box.Question` with who takes the reply), ``closes`` for ``exit``.
   ``page`` is the lines of a page, 0 after the command that switches paging off; ``more`` is what stands below a
   page. All lines of one exec request are one login. ``gone`` is the end of the connection: a private candidate ends
   there.
4. **startup(switch)**: the configuration that an operator has written before leafrack comes, in the platform's words:
   the AS, the uplinks, connected routes, equal paths; nothing of the nodes.

Errors are texts of the platform (their sources in a comment) in an ``Answer`` that ``failed``. A
:class:`~lab.fakes.model.RefusedError` of the speaker is the platform's own words for "cannot commit".

What is played for all of them (:mod:`lab.fakes.server`): login by key, exec and shell channels, echo of a terminal,
prompts, pages until they are switched off, dialogues, exit status. What goes wrong is switched on by a test
(:class:`~lab.fakes.faults.Faults`): slow, cut off before or after the n-th command, started again with what was saved,
exit status missing or wrong, another banner or prompt, an answer in the place of one command (``show version`` of
another platform), commit timers that run faster.

In a unit test
==============
``serving(NxosFake("leaf01", Recorder(), startup))`` (:mod:`lab.fakes.serving`) is a box on a port of 127.0.0.1 without
FRR; ``recorder.runs`` is what it has understood, ``recorder.seen[ADDRESS] = Seen(state="Established", …)`` what its
sessions are. Without SSH: ``fake.boot()``, ``fake.login().enter("show version")``, with a clock that the test turns
(``tests/lab/fakes/clock.py``). In a lab a leaf of the platform is a fake by its platform alone
(``lab/switches/fake.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lab.fakes import comware, eos, junos, nxos
from lab.fakes.box import Fake
from lab.plan import Switch

STARTUP = "/etc/fake/startup-config"
"""Where a fake keeps its saved configuration."""
SOCKET = "ssh.sock"
"""Where it takes connections, in its home."""


@dataclass(frozen=True)
class Kind:
    """The fake of a platform."""

    box: type[Fake[Any]]
    startup: Callable[[Switch], str]
    """What an operator has saved before leafrack comes."""
    by_line: bool = False
    """Whether each line is in force as it is entered: then FRR hears of them together."""


FAKES: Mapping[str, Kind] = {
    "comware": Kind(comware.ComwareFake, comware.startup, by_line=True),
    "eos": Kind(eos.EosFake, eos.startup),
    "junos": Kind(junos.JunosFake, junos.startup),
    "nxos": Kind(nxos.NxosFake, nxos.startup, by_line=True),
}
"""By platform, as a fabric file has it."""
