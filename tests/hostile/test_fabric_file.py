"""Whatever text stands anywhere in a fabric file: it is refused with its line, or it does no harm where it arrives.

Where it arrives is everything that the components register: commands run by a real shell, selectors, names of objects,
the input of gates and steps. The places are found by walking the model, so that a new key is among them.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import asyncssh
import pulumi
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pulumi.runtime import rpc

from components.python import python
from leafrack.errors import FabricError, UnreadableError
from leafrack.fabric import Fabric
from leafrack.fabric.load import load
from leafrack.platforms import Way, posix
from leafrack.world.model import endpoints
from leafrack.world.selector import parse
from tests.components.conftest import _loops  # noqa: F401 - a fixture of this module as well
from tests.components.test_fabric import Registered, register
from tests.fabric.fabric_files import ED25519
from tests.hostile.slots import Key, put, slots
from tests.hostile.switch import Switch
from tests.hostile.texts import HOSTILE, MARK, WHOLE, is_plain

SMALL: dict[str, Any] = yaml.safe_load(f"""
name: dc1
calicoNamespace: kube-system
podCIDRs: [10.233.64.0/18]
serviceClusterIPs: [10.233.0.0/18]
jump: {{host: jump.example, user: relay, hostKey: {ED25519}}}
spines: {{spine1: {{asNumber: 65008, routerID: 1.1.1.1}}}}
racks:
  rr1:
    nodeCIDRs: [172.20.0.0/24]
    leaves:
      leaf01:
        address: 172.20.0.254
        asNumber: 65009
        routerID: 2.2.2.2
        peerName: rr1-to-leaf1-peer
        ssh: {{host: leaf01.example, port: 2201, user: root, hostKey: {ED25519}, jump: {{host: near.example}}}}
        uplinks: {{spine1: {{address: 100.0.0.2, peerAddress: 100.0.0.1}}}}
    reflectors: {{node1: 172.20.0.11}}
    members: {{node3: 172.20.0.13}}
""")
SLOTS = dict.fromkeys(slots(SMALL))
PASSWORD = "Word"
REMOTE, LOCAL = "command:remote:Command", "command:local:Command"
COMMANDS = {python(module, way) for module in ("gate", "step", "reflectors", "password") for way in ("forward", "back")}
WORD = re.compile(r"[A-Za-z0-9._:/-]+")
BY_PATH = (
    (r"<key>$", WORD),
    (r"^connection\.(proxy\.)?host$", re.compile(r"[A-Za-z0-9:][A-Za-z0-9:._-]*")),
    # To where no text has a meaning: the SSH protocol, an environment that nothing reads, leafrack's outputs.
    (r"^(connection|leafrack)\.|^environment\.LEAFRACK_RERUN$", re.compile(r"(?s).*")),
    (r"Selector$", re.compile(
        r"[a-z/-]+ (== '[a-z0-9.-]+'( && [a-z/-]+ == '[a-z0-9.-]+')*|in \{('[a-z0-9.-]+'(, )?)+\})"
    )),
    (r"^metadata\.(name|namespace|labels\..+)$", re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")),
    ("", WORD),
)  # fmt: skip
"""What a value may look like, by its way in the inputs of a resource; the first that fits."""
LIGHT = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def switch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Switch]:
    yield Switch(tmp_path_factory.mktemp("switch"))
    pulumi.runtime.reset_options()


@pytest.fixture(scope="module")
def shape(tmp_path_factory: pytest.TempPathFactory, switch: Switch) -> Counter[tuple[str, str]]:
    """What arrives at the switch of the file that all start from."""
    usual = loaded(tmp_path_factory.mktemp("usual"), SMALL)
    assert isinstance(usual, Fabric)
    return shapes(resources(usual), switch)


def loaded(folder: Path, values: Mapping[str, Any], overlay: Mapping[str, Any] | None = None) -> Fabric | list[str]:
    """The fabric of a file with these values, or the lines that say why there is none."""
    file, over = folder / "fabric.yaml", folder / "overlay.yaml"
    # JSON is YAML, and quicker to write.
    file.write_text(json.dumps(values, indent=1, ensure_ascii=False), encoding="utf-8", errors="surrogatepass")
    if overlay is not None:
        over.write_text(json.dumps(overlay, indent=1, ensure_ascii=False), "utf-8", "surrogatepass")
    try:
        return load(file, None if overlay is None else over).fabric
    except FabricError as error:
        return [str(problem) for problem in error.problems]


def resources(fabric: Fabric, password: str = PASSWORD) -> Registered:
    changed = {name: getattr(fabric, name) for name in type(fabric).model_fields}
    return register(dict.fromkeys(fabric.racks, password), **changed)


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a resource's inputs with its way there, keys of mappings included."""
    if rpc.is_rpc_secret(value):
        value = rpc.unwrap_rpc_secret(value)
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield f"{path}.<key>".removeprefix("."), key
            yield from texts(inner, f"{path}.{key}".removeprefix("."))
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner, path)
    elif isinstance(value, str):
        yield path, value


def commands(registered: Registered) -> Iterator[tuple[str, str]]:
    """What is run on switches: each command with its standard input."""
    for resource in registered.values():
        if resource.type == REMOTE:
            given = dict(texts(resource.inputs))
            for when in ("create", "update", "delete"):
                if when in given:
                    yield given[when], given["stdin"]


PATHS = re.compile(r"\^\(([\d|.\[\]]+)\)\(_\(\1\)\)\*\$")
"""The expression of a path list: AS numbers and nothing else (leafrack.platforms.paths)."""


def shapes(registered: Registered, switch: Switch) -> Counter[tuple[str, str]]:
    """How many words each line has that arrives at the switch; each of them is looked at."""
    found: Counter[tuple[str, str]] = Counter()
    for command, stdin in commands(registered):
        arrived = switch.run(command, stdin)
        lines = [*arrived.configured.splitlines(), *(line for words in arrived.words for line in words)]
        for line in lines:
            words = line.split()
            # Files of the shell's own have a name that is another each time.
            kept = words if MARK in line or not line.startswith("/") else ["/"]
            assert all(WORD.fullmatch(word) or PATHS.fullmatch(word) or word == "!" for word in kept), line
            found["line", str(len(kept))] += 1
    return found


def harmless(registered: Registered) -> None:
    """Fails for a text that is more than a name or a value where it arrives; those for switches aside."""
    for name, resource in registered.items():
        assert WORD.fullmatch(name), name
        for path, text in texts(resource.inputs):
            assert _does_no_harm(resource.type, path, text), f"{resource.type} {name} {path}: {text!r}"


def _does_no_harm(kind: str, path: str, text: str) -> bool:
    if kind == REMOTE and path in ("create", "update", "delete", "stdin"):
        return True
    if kind == LOCAL and path == "stdin":
        return isinstance(json.loads(text), dict)
    if kind == LOCAL and path in ("create", "update", "delete"):
        return text in COMMANDS
    if path.endswith("Selector"):
        parse(text)
    pattern = next(pattern for where, pattern in BY_PATH if re.search(where, path))
    return pattern.fullmatch(text) is not None and is_plain(text)


def of_endpoints(fabric: Fabric) -> None:
    """Hosts and keys arrive as one line of known_hosts each, and as no option."""
    for endpoint in endpoints(fabric):
        for hop in (endpoint, *([endpoint.jump] if endpoint.jump else ())):
            assert not hop.host.startswith("-")
            assert not hop.user.startswith("-")
            hosts = asyncssh.import_known_hosts(f"[{hop.host}]:{hop.port} {hop.host_key or ED25519}\n")
            assert len(hosts.match(hop.host, "", hop.port)[0]) == 1


def test_the_file_that_all_start_from_is_right_and_does_what_it_says(tmp_path: Path, switch: Switch) -> None:
    fabric = loaded(tmp_path, SMALL)
    assert isinstance(fabric, Fabric), fabric
    registered = resources(fabric)
    harmless(registered)
    of_endpoints(fabric)
    assert sum(shapes(registered, switch).values()) > 30
    assert len(SLOTS) > 45


@pytest.mark.parametrize(
    ("key", "as_name"), SLOTS, ids=[".".join(map(str, key)) + " (name)" * as_name for key, as_name in SLOTS]
)
def test_a_text_is_refused_with_its_line_or_does_no_harm(
    key: Key,
    as_name: bool,  # noqa: FBT001
    tmp_path: Path,
    switch: Switch,
    shape: Counter[tuple[str, str]],
) -> None:
    def check(text: str, over: bool) -> None:  # noqa: FBT001
        overlay = put({}, key, text, as_name=as_name) if over and not as_name and not isinstance(key[-1], int) else None
        found = loaded(tmp_path, SMALL if overlay else put(SMALL, key, text, as_name=as_name), overlay)
        if isinstance(found, list):
            for line in found:
                assert re.match(rf"{re.escape(str(tmp_path))}/(fabric|overlay)\.yaml:[1-9][0-9]*: ", line), line
                assert is_plain(line), line
            return
        of_endpoints(found)
        try:
            registered = resources(found)
        except UnreadableError as error:
            # A file that is named is read.
            unprintable = [] if is_plain(str(error)) else [str(error)]
            assert unprintable == []
            return
        harmless(registered)
        assert shapes(registered, switch) == shape

    # Names get every text in the next test.
    start = list(SLOTS).index((key, as_name)) % 5
    for text in WHOLE[start::5]:
        check(text, over=False)
    LIGHT(given(text=HOSTILE, over=st.booleans())(check))()


@pytest.mark.parametrize("text", WHOLE, ids=ascii)
def test_a_name_that_would_do_harm_is_refused_wherever_a_name_is(text: str, tmp_path: Path) -> None:
    for key, as_name in SLOTS:
        if as_name or key[-1] in ("name", "peerName", "host", "canary", "calicoNamespace"):
            found = loaded(tmp_path, put(SMALL, key, text, as_name=as_name))
            assert isinstance(found, list), (key, found)


PASSWORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters='"'), min_size=1, max_size=80)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(password=PASSWORDS | st.sampled_from([text.replace(" ", "").replace('"', "")[:80] for text in WHOLE]))
def test_a_password_arrives_at_the_switch_as_it_is(password: str, tmp_path: Path, switch: Switch) -> None:
    if not (password.isascii() and is_plain(password)):
        return
    usual = loaded(tmp_path, SMALL)
    assert isinstance(usual, Fabric)
    forward, line = posix.command(Way.FORWARD), " neighbor 172.20.0.11 password "
    (command,) = {each for each in commands(resources(usual, password)) if each[0] == forward and line in each[1]}
    assert f" neighbor 172.20.0.11 password {password}\n" in switch.run(*command).configured
