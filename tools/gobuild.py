"""Building programs from Go modules whose versions and checksums are committed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from tools.beside import is_roomy
from tools.catalog import SOURCES, Embed, GoBuild, ModuleCopy, Program
from tools.progress import ToolError, run_logged

COMPILE = ("-trimpath", "-buildvcs=false", "-gcflags=all=-dwarf=false")
"""How all is compiled: what is compiled in the same way comes out of Go's cache.

``-w`` drops at the end what debuggers read, and ``-dwarf=false`` does not make it."""

_LESS_OFTEN = "400"
"""GOGC of the compiler: a seventh less processor time for some memory more."""

_USUAL_PLACES = ("/usr/local/go/bin", "/usr/lib/go/bin", "/snap/bin")
"""sudo's own PATH leaves these out."""

_NO_MODULES = re.compile(
    r"403 Forbidden|404 Not Found|dial tcp|no such host|i/o timeout|connection refused|"
    r"TLS handshake|proxyconnect|module lookup disabled|server misbehaving",
)


def find_go() -> str | None:
    """The ``go`` to build with: from PATH, else from where it is usually installed."""
    return shutil.which("go") or shutil.which("go", path=os.pathsep.join(_USUAL_PLACES))


def required_version(programs: list[Program]) -> tuple[int, int]:
    """The highest Go version that the ``go.mod`` files of these programs ask for."""
    versions = [(1, 0)]
    for folder in {folder for program in programs for folder in program.folders()}:
        found = re.search(r"^go (\d+)\.(\d+)", (folder / "go.mod").read_text(), re.MULTILINE)
        if found:
            versions.append((int(found[1]), int(found[2])))
    return max(versions)


def missing_go(programs: list[Program]) -> str | None:
    """The line that says what is wrong with ``go`` for building these programs; None if nothing is."""
    major, minor = required_version(programs)
    names = ", ".join(program.name for program in programs)
    go = find_go()
    if go is None:
        return f"go is missing: install Go {major}.{minor} or newer and put it on PATH (builds {names})"
    # From the root: a go.mod in the way would make `go` fetch another toolchain before it answers.
    asked = subprocess.run(
        [go, "env", "GOVERSION", "GOTOOLCHAIN"],
        cwd="/",
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    version, _, toolchain = asked.stdout.strip().partition("\n")
    found = re.match(r"go(\d+)\.(\d+)", version)
    if not found:
        return f"{go} does not work ({asked.stderr.strip() or version}): install Go {major}.{minor} or newer"
    has = (int(found[1]), int(found[2]))
    if has >= (major, minor) or (has >= (1, 21) and not toolchain.startswith("local")):
        return None
    return f"{go} is {version}: install Go {major}.{minor} or newer and put it first on PATH (builds {names})"


def build(program: Program, folder: Path, log: Path) -> None:
    """Make all files of a program in ``folder``. Raises ``ToolError`` with the end of the build's output."""
    for number, recipe in enumerate(program.builds):
        workplace = folder / f"source-{number}"
        shutil.copytree(SOURCES / recipe.folder, workplace)
        if isinstance(recipe, ModuleCopy):
            _copy(recipe, workplace, folder / recipe.output, program, log)
        else:
            _compile(recipe, workplace, folder / recipe.output, program, log)


def _compile(recipe: GoBuild, workplace: Path, output: Path, program: Program, log: Path) -> None:
    for embed in recipe.embeds:
        _embed(embed, workplace, program, log)
    flags = "-w -s"
    if recipe.version_variable:
        flags += f" -X {recipe.version_variable}={recipe.version}"
    command = ["go", "build", "-v", "-mod=readonly", *COMPILE, "-ldflags", flags]
    _go([*command, "-o", str(output), recipe.package], workplace, program, log)


def _copy(recipe: ModuleCopy, workplace: Path, output: Path, program: Program, log: Path) -> None:
    source = _module_folder(recipe.module, workplace, program, log) / recipe.source
    if source.is_dir():
        shutil.copytree(source, output)
    else:
        shutil.copyfile(source, output)
        output.chmod(0o755)


def _embed(embed: Embed, workplace: Path, program: Program, log: Path) -> None:
    source = _module_folder(embed.module, workplace, program, log) / embed.source
    content = json.loads(source.read_bytes())
    if embed.version:
        content["version"] = embed.version
    (workplace / embed.output).write_text(json.dumps(content, separators=(",", ":")))


def _module_folder(module: str, workplace: Path, program: Program, log: Path) -> Path:
    _go(["go", "mod", "download", module], workplace, program, log)
    _go(["go", "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", module], workplace, program, log)
    return Path(log.read_text().splitlines()[-1])


def _go(command: list[str], workplace: Path, program: Program, log: Path) -> None:
    env = {name: value for name, value in os.environ.items() if name not in {"GOOS", "GOARCH", "GOFLAGS", "GOBIN"}}
    env |= {"CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": ""}
    if is_roomy():
        env.setdefault("GOGC", _LESS_OFTEN)
    go = find_go()
    if go is None:
        raise ToolError(missing_go([program]) or "go is missing")
    run_logged(
        [go, *command[1:]],
        title=str(program),
        log=log,
        cwd=workplace,
        env=env,
        describe=_describe,
        advice=_advice,
    )


def _describe(lines: list[str]) -> str:
    """With -v every line is a package that was compiled, after those about downloads."""
    if not lines:
        return "resolving modules"
    if lines[-1].startswith("go: "):
        return lines[-1].removeprefix("go: ")
    return f"{len(lines)} packages, {lines[-1]}"


def _advice(output: str) -> str:
    if "no space left" in output:
        return "The disk is full: make space, or point LEAFRACK_TOOLS, GOCACHE, GOTMPDIR elsewhere."
    if "signal: killed" in output:
        return "The compiler was killed, most likely for want of memory; run it again, it goes on from there."
    if _NO_MODULES.search(output):
        return "Go modules cannot be fetched: set GOPROXY to a proxy that this machine reaches, run it again."
    return ""
