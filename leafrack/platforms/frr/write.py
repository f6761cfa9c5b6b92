"""FRRouting, as tried on 8.4: ``vtysh`` behind a POSIX shell over SSH.

Facts of the platform that shape this file:

* ``vtysh`` fed by plain stdin always returns 0; ``vtysh -f FILE`` returns the last error code and goes on
  after errors, so a syntax check (``-C``) runs first.
* ``vtysh -f`` says nothing and returns 0 when bgpd does not run, and ``router bgp N`` with removals only
  creates an empty instance: both are guarded by reading the running configuration first.
* messages repeat the failing line, password included: they are cut there.
* ``no neighbor X`` drops every line of that neighbour and is idempotent; attributes must not be removed
  one by one (``% Specify remote-as or peer-group commands first``).
"""

from __future__ import annotations

from collections.abc import Sequence

from leafrack.addresses import Address, Network
from leafrack.platforms.base import Neighbour, PrefixList
from leafrack.platforms.state import Timers

# The AS of a neighbour that exists already is left alone, but for one that nobody has a session with: see Neighbour.
# FRR refuses to switch graceful restart to what it is already (% The Graceful Restart command used is not valid at this
# moment). Entries of our prefix lists that are no longer given go after the new ones are in, so that a list is never
# empty. `write memory` makes what was applied survive a restart of the switch.
# The program may be cut off anywhere, by a connection that ends, and its folder may be on a full disk: so nothing is
# applied before its last lines, and only after every file was written whole.
BOUND = 60
"""Seconds for everything that one command does on a switch, where the switch has ``timeout`` (coreutils, BusyBox)."""
_PATIENT = f'bound=$(command -v timeout) && bound="$bound {BOUND}"'
_SAY_LATE = f"echo 'the switch has not answered within {BOUND} s: see whether vtysh and bgpd do' >&2"
RUN = (
    "umask 077; work=$(mktemp -d) || exit 1; trap 'rm -rf \"$work\"' EXIT; "
    f'cat >"$work/program" || exit 1; {_PATIENT}; $bound sh "$work/program" "$work" </dev/null; code=$?; '
    f"[ $code -ne 124 ] || {_SAY_LATE}; exit $code"
)
_APPLY = r"""
set -u; work=$1
full() { echo "cannot write to $work: is its disk full? Nothing was changed" >&2; exit 1; }
stands() { vtysh -c "show bgp vrf default neighbors $1 json" 2>&1 | grep -q '"bgpState": *"Established"'; }
quiet() { sed -e 's/password .*/password (hidden)/' "$work/said" >&2; exit 1; }
running=$(vtysh -c 'show running-config bgpd' 2>"$work/said") || quiet
cat >"$work/running" <<END-OF-RUNNING || full
$running
END-OF-RUNNING
instance=$(sed -n 's/^router bgp \([0-9]*\).*/\1/p' "$work/running" | head -n 1)
cat >"$work/given" <<'END-OF-CONFIGURATION' || full
@GIVEN@END-OF-CONFIGURATION
wanted=$(sed -n 's/^router bgp \([0-9]*\).*/\1/p' "$work/given" | head -n 1)
if [ -n "$wanted" ] && [ "$wanted" != "$instance" ]; then
  echo "this switch runs BGP as AS ${instance:-(none)}, the fabric file says $wanted: nothing was changed" >&2; exit 1
fi
neighbour=$(sed -n 's/^ neighbor \([^ ]*\) remote-as .*/\1/p' "$work/given" | head -n 1)
has=$(awk -v who="$neighbour" '$1 == "neighbor" && $2 == who && $3 == "remote-as" { print $4; exit }' "$work/running")
known() { [ "$has" = external ] || grep -qE "^! may be in AS( [0-9]+)* $has( |$)" "$work/given"; }
if [ -n "$has" ] && { known || stands "$neighbour"; }; then
  sed '/^ neighbor [^ ]* remote-as /d' "$work/given" >"$work/config" || full
else
  cp "$work/given" "$work/config" || full
fi
graceful=" neighbor $neighbour graceful-restart-disable"
grep -qxF -- "$graceful" "$work/running" && same=$graceful || same=" no$graceful"
grep -vxF -- "$same" "$work/config" >"$work/rest" && mv "$work/rest" "$work/config" || full
awk '$2 != "prefix-list" { next }
  NR == FNR { ours[$1, $3] = 1; kept[$1, $3, $5] = 1; next }
  ours[$1, $3] && !kept[$1, $3, $5] { print "no " $0 }' "$work/given" "$work/running" >>"$work/config" || full
vtysh -C -f "$work/config" >"$work/said" 2>&1 || quiet
vtysh -f "$work/config" >"$work/said" 2>&1 || quiet
vtysh -c 'write memory' >"$work/said" 2>&1 || quiet
"""

RESTART = 1
"""Minutes after which FRR tries a session again that had too many prefixes; without them it never does."""


def _guarded(leaf_as: int, *lines: str) -> str:
    """Command that configures ``lines`` inside the BGP instance, and does nothing where that does not run."""
    chain = " ".join(f"-c '{line}'" for line in ("configure terminal", f"router bgp {leaf_as}", *lines))
    # A BGP that does not answer is not one that does not run: what is to be taken away would stay.
    return _chained(
        f"running=$($bound vtysh -c 'show running-config bgpd'); [ $? -ne 124 ] || {{ {_SAY_LATE}; exit 1; }}; "
        f"""printf '%s\\n' "$running" | grep -qE '^router bgp {leaf_as}( |$)' || exit 0""",
        chain,
    )


def _chained(first: str, chain: str) -> str:
    """Command that does something first, then types lines and saves them, each within its bound."""
    return (
        f"{_PATIENT}; {first}; $bound vtysh {chain} && said=$($bound vtysh -c 'write memory' 2>&1); code=$?; "
        f"""[ $code -eq 0 ] || printf '%s\\n' "${{said:-}}" >&2; [ $code -ne 124 ] || {_SAY_LATE}; exit $code"""
    )


def apply(text: str) -> str:
    """Program that configures a text."""
    return _APPLY.lstrip().replace("@GIVEN@", text)


def render_lists(lists: tuple[PrefixList, ...]) -> str:
    """Lines of prefix lists."""
    return "".join(
        f"{_family(prefixes.version)} prefix-list {prefixes.name} seq {5 * position} permit {prefix}{_le(prefix)}\n"
        for prefixes in lists
        for position, prefix in enumerate(prefixes.prefixes, start=1)
    )


def forget_lists(lists: tuple[PrefixList, ...]) -> str:
    """Command that removes prefix lists."""
    chain = " ".join(f"-c 'no {_family(prefixes.version)} prefix-list {prefixes.name}'" for prefixes in lists)
    return _chained(":", f"-c 'configure terminal' {chain}")


def render(leaf_as: int, neighbour: Neighbour) -> str:
    """Lines of a neighbour."""
    # What is not wanted is said too: otherwise taking it out of the fabric file would leave it on the switch.
    peer, limit = f" neighbor {neighbour.address}", neighbour.maximum_prefix
    family = f"ipv{neighbour.address.version} unicast"
    return "\n".join(
        (
            f"router bgp {leaf_as}",
            f"! may be in AS {' '.join(map(str, neighbour.as_numbers))}",
            f"{peer} remote-as {_remote(neighbour.as_number)}",
            f"{peer} description {neighbour.description}",
            f"{peer} password {neighbour.password}" if neighbour.password else f" no{peer} password",
            f" no{peer} shutdown",
            f"{peer} timers {_seconds(neighbour.timers)}" if neighbour.timers else f" no{peer} timers",
            f" {_no(neighbour.ttl_security)}{peer[1:]} ttl-security hops 1",
            f" {_no(not neighbour.graceful_restart)}{peer[1:]} graceful-restart-disable",
            f" address-family {family}",
            f" {peer} prefix-list {neighbour.list_in} in",
            f" {peer} prefix-list {neighbour.list_out} out",
            f" {peer} maximum-prefix {limit} restart {RESTART}" if limit else f"  no{peer} maximum-prefix",
            f"  {_no(neighbour.as_override)}{peer[1:]} as-override",
            f"  {_no(neighbour.remove_private_as)}{peer[1:]} remove-private-AS all replace-AS",
            f" {peer} activate",
            " exit-address-family",
            "exit",
            "",
        )
    )


def unrender(leaf_as: int, address: Address) -> str:
    """Command that removes a neighbour."""
    return _guarded(leaf_as, f"no neighbor {address}")


def renumber(leaf_as: int, addresses: Sequence[Address], as_number: int | None) -> str:
    """Command that gives neighbours another AS."""
    return _guarded(leaf_as, *(f"neighbor {address} remote-as {_remote(as_number)}" for address in addresses))


def _seconds(timers: Timers) -> str:
    return f"{timers.keepalive} {timers.hold}"


def _remote(as_number: int | None) -> str:
    return "external" if as_number is None else str(as_number)


def _no(wanted: bool) -> str:  # noqa: FBT001 - read as "no, unless wanted"
    return "" if wanted else "no "


def _family(version: int) -> str:
    return "ip" if version == 4 else "ipv6"


def _le(prefix: Network) -> str:
    return "" if prefix.prefixlen in (0, prefix.max_prefixlen) else f" le {prefix.max_prefixlen}"
