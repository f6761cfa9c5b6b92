"""The house: which floor may import which, held by the imports themselves."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from leafrack.platforms import platforms

CLONE = Path(__file__).resolve().parents[1]
FLOORS = (
    ("leafrack.addresses", "leafrack.errors"),
    ("leafrack.platforms",),
    ("leafrack.fabric",),
    ("leafrack.proof",),
    ("leafrack.world",),
    ("leafrack.sessions",),
    ("leafrack.preflight", "leafrack.adopt"),
    ("leafrack.commands",),
    ("components",),
    ("config",),
    ("__main__", "leafrack.__main__"),
)
"""Bottom first; a module imports what is below it, and what is of its own room. Docs: docs/develop/ARCHITECTURE.md."""
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
APART = {"lab", "tools", "ci", "bench", "tests"}
"""Rooms for development: nothing of the product knows them."""
PURE = {"leafrack.addresses", "leafrack.errors", "leafrack.fabric", "leafrack.platforms", "leafrack.proof"}
NEITHER = {"pulumi", "pulumi_command", "pulumi_kubernetes", "lightkube", "asyncssh"}
MODULES = [path for room in ("leafrack", "components", "config") for path in sorted((CLONE / room).rglob("*.py"))]


def name_of(path: Path) -> str:
    parts = path.relative_to(CLONE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    package = path.parent.relative_to(CLONE).parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join([*package[: len(package) + 1 - node.level], *([node.module] if node.module else [])])
            found = base if node.level else node.module or ""
            yield from (f"{found}.{alias.name}" for alias in node.names)


def room_of(module: str) -> str | None:
    """Room of a module; the package itself is on its rooms' roof, and nobody imports it."""
    return next((room for room in FLOOR if module == room or module.startswith(f"{room}.")), None)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_only_its_own_room_and_what_is_below(path: Path) -> None:
    own = room_of(name_of(path))
    for module in imports(path):
        there = room_of(module)
        assert there is None or there == own or (own is not None and FLOOR[there] < FLOOR[own]), module


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_the_product_knows_nothing_of_what_develops_it(path: Path) -> None:
    assert {module.partition(".")[0] for module in imports(path)} & APART == set()


@pytest.mark.parametrize(
    "path", [path for room in sorted(APART - {"tests"}) for path in sorted((CLONE / room).rglob("*.py"))], ids=name_of
)
def test_what_develops_it_does_without_the_tests(path: Path) -> None:
    assert "tests" not in {module.partition(".")[0] for module in imports(path)}


@pytest.mark.parametrize("path", [path for path in MODULES if room_of(name_of(path)) in PURE], ids=name_of)
def test_what_is_declared_and_proved_needs_neither_pulumi_nor_kubernetes_nor_ssh(path: Path) -> None:
    assert {module.partition(".")[0] for module in imports(path)} & NEITHER == set()


def test_the_components_import_each_other_relatively_so_that_a_wheel_can_hold_them() -> None:
    absolute = [
        (name_of(path), module)
        for path in MODULES
        if path.is_relative_to(CLONE / "components")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and not node.level and (module := node.module or "")
        if module.partition(".")[0] == "components"
    ]
    assert absolute == []


WORDS = {
    "frr": r"\bfrr|frrouting|vtysh|bgpd\b|router bgp|no neighbor|prefix-list\b|maximum-prefix|ttl-security hops",
    # BIRD itself is also what nodes run.
    "bird": r"birdc|bird\.conf|protocol bgp|action restart|bgppath",
    "comware": r"comware|h3c|less-equal|substitute-as|public-as-only|undo peer",
    "eos": r"\beos\b|maximum-routes|idle-restart-timer|maximum-hops|configure session|missing-policy",
    "junos": r"junos|juniper|peer-as\b|policy-statement|commit confirmed",
    "nxos": r"nx-os|nexus|copy running-config|rollback running-config|feature bgp",
    "sonic": r"sonic",
    "cumulus": r"cumulus|nvue|nv config",
}
"""What a platform says, and nothing outside of the platforms' folders: one that is added adds its own words."""
REGISTRY = CLONE / "leafrack" / "platforms" / "__init__.py"


def test_every_platform_has_its_words() -> None:
    assert set(WORDS) == set(platforms())
    for name, words in WORDS.items():
        own = "".join(path.read_text(encoding="utf-8") for path in (REGISTRY.parent / name).glob("*.py"))
        assert all(re.search(word, own, re.IGNORECASE) for word in words.split("|"))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_platforms_words_are_in_their_folders_only(path: Path) -> None:
    # Some of them speak alike.
    if path == REGISTRY or any(REGISTRY.parent / name in path.parents for name in WORDS):
        return
    text = path.read_text(encoding="utf-8")
    for words in WORDS.values():
        assert re.findall(rf".*(?:{words}).*", text, re.IGNORECASE) == []


def test_the_state_of_a_session_is_a_word_for_its_readers_only() -> None:
    literal = re.compile(r"""["']Established["']""")
    readers = (REGISTRY.parent, CLONE / "leafrack" / "world")
    others = [path for path in MODULES if not any(reader in path.parents for reader in readers)]
    assert [name_of(path) for path in others if literal.search(path.read_text(encoding="utf-8"))] == []


def test_no_module_imports_itself_in_a_circle() -> None:
    names = {name_of(path): path for path in MODULES}
    edges = {
        name: {
            target
            for module in imports(path)
            for target in (module, module.rpartition(".")[0])
            if target in names and target != name and not name.startswith(f"{target}.")
        }
        for name, path in names.items()
    }
    # A package's own front imports its modules; that is no arrow between rooms.
    done: set[str] = set()

    def walk(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " → ".join([*way[way.index(name) :], name])
        if name not in done:
            for target in sorted(edges[name]):
                walk(target, (*way, name))
            done.add(name)

    for name in names:
        walk(name, ())


LONGEST_MODULE = 300
SAME_NAME = {
    "Fabric",  # the component that makes what a fabric file declares; both names are of the contract
}


def classes() -> Iterator[tuple[str, str]]:
    for path in MODULES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield node.name, name_of(path)


def test_no_two_classes_have_one_name() -> None:
    found: dict[str, list[str]] = {}
    for name, module in classes():
        found.setdefault(name, []).append(module)
    assert {name: where for name, where in found.items() if len(where) > 1 and name not in SAME_NAME} == {}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_module_is_longer_than_one_reads_at_a_time(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE
