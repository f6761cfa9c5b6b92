"""A switch with real software in namespaces of its own, and two nodes behind it: what the conformance suite runs on.

The software is started as the lab starts it. No API server, no Calico: a node is a BIRD in a network namespace.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from lab.paths import BIRD2, PATH, SWITCHES
from lab.plan import Switch
from lab.switches import SOFTWARE
from lab.uplinks import Port
from leafrack.addresses import Address
from leafrack.platforms import (
    AnyPlatform,
    Job,
    Listener,
    Neighbour,
    PlayedPlatform,
    SwitchState,
    Way,
    platform_of,
    posix,
)

AS_NUMBER = 65009
NODE_AS = 64512
NODES = {4: ("172.20.0.11", "172.20.0.12"), 6: ("fd00:1::11", "fd00:1::12")}
_LEAF = {4: "172.20.0.254", 6: "fd00:1::fe"}
_DAD = {4: "", 6: " nodad"}
_NUMBERS = (0, 1)
_PATIENCE = 10
"""Seconds until a switch's software knows of a new link or address."""
ANNOUNCED = {4: ("10.233.64.0/26", "10.233.64.64/26"), 6: ("fd00:64::/122", "fd00:64::40/122")}
"""The pod block of each node."""
TRANSIT = {4: "10.233.65.0/26", 6: "fd00:64::80/122"}
"""A block that the first node announces where it is told to, with an AS of others in the path, and its own twice."""
OTHERS_AS = 65010
OTHER = {4: "198.51.100.0/24", 6: "2001:db8:9::/48"}
"""What the first node announces besides, and no list permits."""

_MOUNTS = """\
mount -t tmpfs tmpfs /run
mkdir -p /run/hostproc "$1/upper" "$1/work"
mount --bind /proc /run/hostproc
mount -t tmpfs tmpfs "$1/overlay"
mkdir "$1/overlay/upper" "$1/overlay/work"
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$1/overlay/upper,workdir=$1/overlay/work" /etc
shift
for folder in $MOUNTS; do mkdir -p "$folder"; done
exec unshare --net --uts --pid --fork --kill-child --mount-proc "$@"
"""


@dataclass(frozen=True)
class Box:
    """A running switch of a platform, as a fabric file calls it."""

    name: str
    pid: int
    home: Path

    @property
    def platform(self) -> AnyPlatform:
        """The platform under test."""
        return platform_of(self.name)

    def run(self, *command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """A command on the switch, with nothing of this process's environment."""
        inside = ["nsenter", "-t", str(self.pid), "-n", "-m", "-u", "-p", "--", "env", "-i", f"PATH={PATH}"]
        return subprocess.run([*inside, *command], input=stdin, text=True, capture_output=True, timeout=90, check=False)

    def play(self, job: Job, way: Way = Way.FORWARD) -> subprocess.CompletedProcess[str]:
        """Play a job as the command of pulumi-command does."""
        platform = self.platform
        assert not isinstance(platform, PlayedPlatform)
        return self.run("sh", "-c", posix.command(way), stdin=platform.program(job))

    def applied(self, job: Job, way: Way = Way.FORWARD) -> None:
        """Play a job that succeeds."""
        done = self.play(job, way)
        assert done.returncode == 0, done.stderr + done.stdout

    def meets(self, job: Job) -> None:
        """Play a job that succeeds beside a cluster, which tells in which AS its nodes are where a platform asks."""
        self.applied(job)

    @contextmanager
    def taking_back(self) -> Iterator[None]:
        """Around a job that fails: what nobody confirms is taken back before this ends."""
        yield

    def state(self) -> SwitchState:
        """What the switch is read to run."""
        platform = self.platform
        assert not isinstance(platform, PlayedPlatform)
        done = self.run("sh", "-c", platform.read)
        assert done.returncode == 0, done.stderr
        return platform.parse(done.stdout)

    def differences(self, job: Job) -> list[str]:
        """What differs of all that a job declares."""
        state = self.state()
        found = list(self.platform.list_differences(job.lists, state))
        found += self.platform.path_differences(job.paths, state)
        for neighbour in job.neighbours:
            has = state.neighbours.get(neighbour.address)
            found += [f"{neighbour.address} is missing"] if has is None else []
            found += self.platform.neighbour_differences(neighbour, has) if has else []
        return [*found, *self.platform.listener_differences(job, state)]

    def saved(self) -> str:
        """All files of the switch's configuration with owners and modes."""
        folder = SOFTWARE[self.name].mounts[0]
        # FRR notes when it wrote a file.
        tell = r"""find "$0" -type f ! -name '*.sav' | sort | while read -r file; do
            stat -c '%n %U:%G %a' "$file"; sed '/^! *[0-9]/d; /^frr version/d' "$file"; done"""
        return self.run("sh", "-c", tell, folder).stdout

    def files(self) -> list[str]:
        """Paths of everything below the switch's configuration."""
        return sorted(self.run("find", SOFTWARE[self.name].mounts[0]).stdout.split())

    def somebody_adds(self, address: str, description: str) -> None:
        """Somebody else adds a neighbour of their own."""
        _ADD[self.name](self, address, description)

    def somebody_removes(self, address: str) -> None:
        """They take it away again."""
        _REMOVE[self.name](self, address)

    def takes_at_most(self, limit: int | None) -> None:
        """Somebody limits the neighbours of all ranges, or does not any more."""
        _vtysh(self, f"router bgp {AS_NUMBER}", "no bgp listen limit" if limit is None else f"bgp listen limit {limit}")

    def entered(self, text: str) -> None:
        """An operator enters the text for a leaf by hand.

        Who is there to read it knows that some lines find nothing to take away.
        """
        self.run("vtysh", "-f", "/dev/stdin", stdin=text)

    def node(self, number: int, *words: str) -> str:
        """What a node's BIRD answers."""
        inside = ["-s", str(self.home / f"node{number}.ctl"), *words]
        done = subprocess.run([str(BIRD2 / "birdc"), *inside], text=True, capture_output=True, check=False)
        return done.stdout

    def table(self, number: int = 0, version: int = 4, *words: str) -> str:
        """Routes of a node."""
        return self.node(number, "show", "route", "table", f"master{version}", *words)

    def nodes_are(self, as_number: int = NODE_AS, extra: str = "", *, transit: bool = False) -> None:
        """Give the nodes another AS, and their sessions settings of their own; the first may announce others' routes.

        With it both announce their own block with their AS twice.
        """
        for number in _NUMBERS:
            (self.home / f"node{number}.conf").write_text(_node(number, as_number, extra, transit=transit))
            assert "Reconfig" in self.node(number, "configure")

    def as_numbers(self) -> Mapping[Address, int]:
        """AS that each node shows the switch now, by its addresses."""
        found = (re.search(r"local as (\d+);", (self.home / f"node{each}.conf").read_text()) for each in _NUMBERS)
        numbers = [int(one[1]) for one in found if one]
        return {
            ip_address(addresses[each]): number for addresses in NODES.values() for each, number in enumerate(numbers)
        }

    @contextmanager
    def calling(self) -> Iterator[None]:
        """While it lasts, a fake calls a new neighbour: of one that only calls it, FRR 8.4 forgets why it said no."""
        (self.home / "waits").unlink()
        try:
            yield
        finally:
            (self.home / "waits").touch()

    def since(self, node: int = 0, version: int = 4) -> float:
        """When a node's session came up last, in seconds of the day; 0 where it is down."""
        shown = self.node(node, "show", "protocols", f"leaf{version}")
        said = re.search(r"up +(\d+):(\d+):([\d.]+) +Established", shown)
        return 3600 * int(said[1]) + 60 * int(said[2]) + float(said[3]) if said else 0.0

    def comes_up(self, node: int = 0, version: int = 4) -> Any:
        """Wait for a session of a node; returns what :meth:`since` equals as long as it stays up."""
        shown = ("show", "protocols", "all", f"leaf{version}")
        assert eventually(lambda: self.since(node, version) > 0), self.node(node, *shown)
        # BIRD counts in milliseconds from another moment each time.
        return pytest.approx(self.since(node, version), abs=0.05)

    def nobody_peers(self) -> bool:
        """Wait until no node has a session with the switch."""
        ends = [(node, version) for node in _NUMBERS for version in NODES]
        return eventually(lambda: not any(self.since(*end) for end in ends), 30)


def eventually(holds: Callable[[], bool], seconds: float = 60) -> bool:
    """Whether something comes true before the time is over."""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


@contextmanager
def running(name: str, home: Path) -> Iterator[Box]:
    """A switch of a platform with its nodes; all of it ends with the context."""
    from tests.platforms import played

    software = SOFTWARE[name]
    uplink = Port("up0", "spine", 65008, "down0", ("100.0.0.2/30",), ("100.0.0.1/30",))
    switch = Switch("leaf01", AS_NUMBER, "2.2.2.2", "rr1", (), (uplink,), name)
    for mount in software.mounts:
        _made(home, mount, software.owner)
    for file, text in software.files(switch).items():
        path = home / file.removeprefix("/")
        path.write_text(text)
        path.chmod(0o640)
        shutil.chown(path, software.owner, software.owner)
    (home / "logs").mkdir()
    (home / "overlay").mkdir()
    played.make_keys(home)
    # Nodes call each second. FRR 8.4, called while it calls itself, may leave a node in OpenConfirm for minutes.
    (home / "waits").touch()
    given = {
        "HOST": "leaf01",
        "RUN": str(home),
        "LOGS": str(home / "logs"),
        "PATH": PATH,
        **software.environment,
    }
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-euc", _MOUNTS, "sh", str(home)]
    processes: list[subprocess.Popen[bytes]] = []
    try:
        with (home / "logs" / "init.log").open("wb") as log:
            script = [*command, str(SWITCHES / software.script)]
            env = {**given, "MOUNTS": " ".join(software.mounts)}
            processes.append(subprocess.Popen(script, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log))
        for number in _NUMBERS:
            bird = ["unshare", "--net", "env", f"LD_LIBRARY_PATH={BIRD2}", str(BIRD2 / "bird"), "-f"]
            bird += ["-c", str(home / f"node{number}.conf"), "-s", str(home / f"node{number}.ctl")]
            (home / f"node{number}.conf").write_text(_node(number, NODE_AS, ""))
            with (home / "logs" / f"node{number}.log").open("wb") as log:
                processes.append(subprocess.Popen(bird, stdin=subprocess.DEVNULL, stdout=log, stderr=log))
        assert eventually((home / "ready").exists), (home / "logs" / "init.log").read_text()
        assert all(eventually((home / f"node{number}.ctl").exists) for number in _NUMBERS)
        children = Path(f"/proc/{processes[0].pid}/task/{processes[0].pid}/children").read_text().split()
        box = Box(name, int(children[0]), home)
        _connect(box, [process.pid for process in processes[1:]])
        with _reached(box, answers=software.answers) as found:
            yield found
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _reached(box: Box, *, answers: bool) -> AbstractContextManager[Box]:
    from tests.platforms import played

    if answers:
        return played.answering(box)
    return played.with_sshd(box) if isinstance(box.platform, PlayedPlatform) else nullcontext(box)


def _made(home: Path, mount: str, owner: str) -> None:
    folder = home / mount.removeprefix("/")
    folder.mkdir(parents=True)
    shutil.chown(folder, owner, owner)


def _connect(box: Box, nodes: Sequence[int]) -> None:
    """A rack's network on the switch, and a link to it from each node."""
    lines = ["link set lo up", "link add rack0 type bridge forward_delay 0", "link set rack0 up"]
    for number, pid in enumerate(nodes):
        lines += [
            f"link add p{number} type veth peer name eth0 netns {pid}",
            f"link set p{number} master rack0 up",
        ]
    _ip(box.pid, lines)
    # Zebra reads addresses in a thread of its own, and drops those of a link that it has not heard of yet.
    assert eventually(partial(_knows, box, "Interface rack0 is"), _PATIENCE), "the switch does not know its link"
    for version, leaf in _LEAF.items():
        address = _address(leaf, version)
        _ip(box.pid, [f"address add {address} dev rack0{_DAD[version]}"])
        assert eventually(partial(_knows, box, address), _PATIENCE), f"the switch does not know its {address}"
    for number, pid in enumerate(nodes):
        own = ((version, _address(addresses[number], version)) for version, addresses in NODES.items())
        lines = [f"address add {address} dev eth0{_DAD[version]}" for version, address in own]
        _ip(pid, ["link set lo up", *lines, "link set eth0 up"])


def _knows(box: Box, what: str) -> bool:
    """Whether what routes on a switch tells of a link or an address; BIRD reads them anew each second."""
    if box.name == "bird":
        return True
    return what in box.run("vtysh", "-c", "show interface rack0").stdout


def _address(address: str, version: int) -> str:
    return f"{address}/{24 if version == 4 else 64}"


def _ip(pid: int, lines: Sequence[str]) -> None:
    enter = ["nsenter", "-t", str(pid), "-n", "ip", "-batch", "-"]
    subprocess.run(enter, input="\n".join([*lines, ""]), text=True, check=True)


def _node(number: int, as_number: int, extra: str, *, transit: bool = False) -> str:
    """Configuration of a node; ``extra`` is of its sessions."""
    lines = ["log stderr all;", f"router id {NODES[4][number]};", "protocol device { scan time 1; }"]
    for version in NODES:
        routes = [ANNOUNCED[version][number], *([OTHER[version]] * (not number))]
        routes += [TRANSIT[version]] * (transit and not number)
        numbers = f"if net = {TRANSIT[version]} then bgp_path.prepend({OTHERS_AS}); bgp_path.prepend({as_number});"
        own = "where source = RTS_STATIC"
        sends = f"filter {{ if source != RTS_STATIC then reject; {numbers} accept; }}" if transit else own
        said = " ".join(f"route {route} unreachable;" for route in routes)
        lines += [
            f"protocol static {{ ipv{version}; {said} }}",
            f"protocol bgp leaf{version} {{ local as {as_number}; neighbor {_LEAF[version]} as {AS_NUMBER};",
            # FRR 8.4 may forget a session without a word and keep its socket: then only silence ends it here.
            "  connect delay time 1; connect retry time 1; error wait time 1, 2; hold time 15; keepalive time 3;",
            f"  graceful restart off; {extra}",
            f"  ipv{version} {{ import all; export {sends if transit else 'where source = RTS_STATIC'}; }}; }}",
        ]
    return "\n".join([*lines, ""])


def neighbour(number: int = 0, version: int = 4, fabric: str = "dc1", as_number: int | None = NODE_AS) -> Neighbour:
    """A node as a fabric declares it."""
    six = "6" if version == 6 else ""
    return Neighbour(
        ip_address(NODES[version][number]),
        as_number,
        f"leafrack rr1 node{number + 1}",
        f"LEAFRACK-{fabric}-IN{six}",
        f"LEAFRACK-{fabric}-OUT{six}",
        (NODE_AS, 64601),
    )


def listener(prefix: str, fabric: str = "dc1") -> Listener:
    """A range of nodes as a fabric declares it."""
    network = ip_network(prefix)
    six = "6" if network.version == 6 else ""
    return Listener(
        prefix=network,
        group=f"LEAFRACK-{fabric}-NODES{six}",
        as_number=NODE_AS,
        description="leafrack rr1",
        list_in=f"LEAFRACK-{fabric}-IN{six}",
        list_out=f"LEAFRACK-{fabric}-OUT{six}",
        maximum_neighbours=100,
        as_numbers=(NODE_AS, 64601),
    )


def _vtysh(box: Box, *lines: str) -> None:
    words = [word for line in ("configure terminal", *lines, "end", "write memory") for word in ("-c", line)]
    assert box.run("vtysh", *words).returncode == 0


def _add_frr(box: Box, address: str, description: str) -> None:
    peer = f"neighbor {address}"
    _vtysh(box, f"router bgp {AS_NUMBER}", f"{peer} remote-as 65001", f"{peer} description {description}")


def _remove_frr(box: Box, address: str) -> None:
    _vtysh(box, f"router bgp {AS_NUMBER}", f"no neighbor {address}")


_ADD: dict[str, Callable[[Box, str, str], None]] = {"frr": _add_frr, "sonic": _add_frr}
_REMOVE: dict[str, Callable[[Box, str], None]] = {"frr": _remove_frr, "sonic": _remove_frr}
