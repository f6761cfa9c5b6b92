"""The lab's ``nv``: what FRR refuses of a configuration that is written anew."""

from __future__ import annotations

import pytest

from lab.nv.revisions import refused

GRACEFUL = "line 45: Failure to communicate[13] to bgpd, line:  neighbor 172.20.0.11 graceful-restart-disable\n"
OTHER = "line 46: Failure to communicate[13] to bgpd, line:  neighbor 172.20.0.11 remote-as 65009\n"
SAID = {
    "what stands already, the second time": (GRACEFUL + "\n" + GRACEFUL.replace("172.20.0.11", "fd00:1::12"), False),
    "something else beside it": (GRACEFUL + OTHER, True),
    "something else": (OTHER, True),
    "no line": ("vtysh is not there\n", True),
}


@pytest.mark.parametrize(("said", "is_refused"), SAID.values(), ids=SAID)
def test_frr_has_refused_what_it_has_not_taken_already(said: str, *, is_refused: bool) -> None:
    assert refused(said) is is_refused
