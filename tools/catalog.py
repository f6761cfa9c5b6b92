"""Every program of the toolchain: its version, its official release, and how it is built from Go modules."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import platform
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).parent
"""Where the Go folders of the recipes are."""

BASES = {
    "github": "https://github.com",
    "kubernetes": "https://dl.k8s.io",
}
"""The hosts that official releases come from."""

PULUMI = "3.259.0"
PULUMI_KUBERNETES = "4.25.0"
PULUMI_COMMAND = "1.2.1"
KUBERNETES = "1.36.3"
ETCD = "3.6.14"
CALICO = "3.31.0"

_ARCHITECTURES = {"x86_64": ("amd64", "x64"), "aarch64": ("arm64", "arm64")}


@dataclass(frozen=True)
class Release:
    """An official release: where the file and its SHA-256 are published, what is taken out of it.

    ``asset`` and ``checksums`` are paths below ``BASES[host]``. ``members`` are the wanted files of an
    archive; without any, the asset is the program itself.
    """

    host: str
    asset: str
    checksums: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class Embed:
    """A JSON file of a module that the program to build embeds; ``version`` is written into it."""

    module: str
    source: str
    output: str
    version: str = ""


@dataclass(frozen=True)
class GoBuild:
    """One ``go build`` in a folder with pinned ``go.mod`` and ``go.sum``."""

    folder: str
    package: str
    output: str
    version_variable: str = ""
    version: str = ""
    embeds: tuple[Embed, ...] = ()


@dataclass(frozen=True)
class ModuleCopy:
    """A file or folder taken as it is out of a Go module."""

    folder: str
    module: str
    source: str
    output: str


@dataclass(frozen=True)
class DebianFile:
    """A file taken out of a Debian package that is not installed; ``source`` may be a pattern below the root."""

    package: str
    source: str
    output: str


@dataclass(frozen=True)
class Program:
    """What is had, stamped and kept together: one or more files of one version.

    ``builds`` is empty where there is only the official release, ``release`` is None where there is none. ``unpacked``
    is for what Debian has and cannot be installed beside something else.
    ``minutes`` is the time of a cold build on two cores.
    """

    name: str
    version: str
    files: tuple[str, ...]
    release: Release | None = None
    builds: tuple[GoBuild | ModuleCopy, ...] = ()
    unpacked: tuple[DebianFile, ...] = ()
    minutes: float = 0

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    def folders(self) -> list[Path]:
        """The Go folders that the build needs."""
        return [SOURCES / folder for folder in dict.fromkeys(build.folder for build in self.builds)]

    def digest(self) -> str:
        """What the stamp holds: changes with version, recipe, pinned modules and this machine's CPU."""
        recipe = dataclasses.asdict(self)
        # Nothing to unpack says nothing: what was built before there was such a recipe need not be built again.
        unpacked = {"unpacked": found} if (found := recipe.pop("unpacked")) else {}
        known = hashlib.sha256(json.dumps([recipe | unpacked, platform.machine()]).encode())
        for folder in self.folders():
            for file in sorted(folder.rglob("*")):
                if file.is_file() and not file.name.endswith(("_test.go", ".md")):
                    known.update(f"\0{file.relative_to(SOURCES)}\0".encode() + file.read_bytes())
        return known.hexdigest()[:16]


def architecture() -> tuple[str, str] | None:
    """This CPU as Go projects and as Pulumi call it; None where neither publishes for it."""
    return _ARCHITECTURES.get(platform.machine())


_GO, _X64 = architecture() or ("amd64", "x64")
_GITHUB = "{0}/releases/download/v{1}/{2}"


def _github(repository: str, version: str, asset: str, checksums: str, *members: str) -> Release:
    return Release(
        "github",
        _GITHUB.format(repository, version, asset),
        _GITHUB.format(repository, version, checksums),
        members,
    )


def _pulumi_plugin(name: str, version: str) -> Release:
    return _github(
        f"pulumi/pulumi-{name}",
        version,
        f"pulumi-resource-{name}-v{version}-linux-{_GO}.tar.gz",
        f"pulumi-{name}_{version}_checksums.txt",
        f"pulumi-resource-{name}",
    )


def _kubernetes(name: str, minutes: float) -> Program:
    binary = f"release/v{KUBERNETES}/bin/linux/{_GO}/{name}"
    return Program(
        name,
        KUBERNETES,
        (name,),
        Release("kubernetes", binary, f"{binary}.sha256"),
        (
            GoBuild(
                "go/kubernetes",
                f"k8s.io/kubernetes/cmd/{name}",
                name,
                "k8s.io/component-base/version.gitVersion",
                f"v{KUBERNETES}",
            ),
        ),
        minutes=minutes,
    )


_SDK = "github.com/pulumi/pulumi/sdk/v3"
_SDK_VERSION = f"{_SDK}/go/common/version.Version"
_CALICO = "github.com/projectcalico/calico"
_CALICO_VERSION = f"{_CALICO}/pkg/buildinfo.Version"
_PROVIDER = "github.com/pulumi/pulumi-kubernetes/provider/v4"

PULUMI_CLI = Program(
    "pulumi",
    PULUMI,
    ("pulumi", "pulumi-language-python", "pulumi-language-python-exec"),
    _github(
        "pulumi/pulumi",
        PULUMI,
        f"pulumi-v{PULUMI}-linux-{_X64}.tar.gz",
        f"pulumi-{PULUMI}-checksums.txt",
        "pulumi/pulumi",
        "pulumi/pulumi-language-python",
        "pulumi/pulumi-language-python-exec",
    ),
    (
        GoBuild("go/pulumi", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", "pulumi", _SDK_VERSION, f"v{PULUMI}"),
        GoBuild(
            "go/pulumi-language-python",
            "github.com/pulumi/pulumi/sdk/python/cmd/pulumi-language-python/v3",
            "pulumi-language-python",
            _SDK_VERSION,
            f"v{PULUMI}",
        ),
        ModuleCopy("go/pulumi", _SDK, "python/cmd/pulumi-language-python-exec", "pulumi-language-python-exec"),
    ),
    minutes=5,
)

KUBERNETES_PROVIDER = Program(
    "pulumi-resource-kubernetes",
    PULUMI_KUBERNETES,
    ("pulumi-resource-kubernetes",),
    _pulumi_plugin("kubernetes", PULUMI_KUBERNETES),
    (
        GoBuild(
            "go/pulumi-resource-kubernetes",
            ".",
            "pulumi-resource-kubernetes",
            f"{_PROVIDER}/pkg/version.Version",
            f"v{PULUMI_KUBERNETES}",
            tuple(
                Embed(_PROVIDER, f"cmd/pulumi-resource-kubernetes/{name}.json", f"{name}-embed.json", version)
                for name, version in (("schema", PULUMI_KUBERNETES), ("terraform-mapping", ""))
            ),
        ),
    ),
    minutes=6,
)

COMMAND_PROVIDER = Program(
    "pulumi-resource-command",
    PULUMI_COMMAND,
    ("pulumi-resource-command",),
    _pulumi_plugin("command", PULUMI_COMMAND),
)

COMMAND_STAND_IN = Program(
    "pulumi-resource-command-stand-in",
    PULUMI_COMMAND,
    ("pulumi-resource-command",),
    builds=(GoBuild("standin", ".", "pulumi-resource-command", "main.version", PULUMI_COMMAND),),
    minutes=1,
)
"""For machines that cannot download pulumi-command's own provider, and for nothing else."""

CALICO_FILES = Program(
    "calico-files",
    CALICO,
    ("crd", "confd"),
    builds=(
        ModuleCopy("go/calico", _CALICO, "libcalico-go/config/crd", "crd"),
        ModuleCopy("go/calico", _CALICO, "confd/etc/calico/confd", "confd"),
    ),
)
"""Calico's CRDs and confd's templates: no release has the templates outside a container image."""

BIRD2_FILES = Program(
    "bird2",
    "2",
    ("bird", "birdc", "libssh-gcrypt.so.4"),
    unpacked=(
        DebianFile("bird2", "usr/sbin/bird", "bird"),
        DebianFile("bird2", "usr/sbin/birdc", "birdc"),
        DebianFile("libssh-gcrypt-4", "usr/lib/*/libssh-gcrypt.so.4", "libssh-gcrypt.so.4"),
    ),
)
"""BIRD for leaves: Debian's package conflicts with the one of BIRD 1.6, which Calico's nodes are. Debian's revision."""

PROGRAMS = (
    PULUMI_CLI,
    KUBERNETES_PROVIDER,
    Program(
        "etcd",
        ETCD,
        ("etcd",),
        _github(
            "etcd-io/etcd",
            ETCD,
            f"etcd-v{ETCD}-linux-{_GO}.tar.gz",
            "SHA256SUMS",
            f"etcd-v{ETCD}-linux-{_GO}/etcd",
        ),
        (GoBuild("go/kubernetes", "go.etcd.io/etcd/server/v3", "etcd"),),
        minutes=0.5,
    ),
    _kubernetes("kube-apiserver", 3),
    _kubernetes("kube-controller-manager", 1),
    _kubernetes("kubectl", 0.5),
    Program(
        "calicoctl",
        CALICO,
        ("calicoctl",),
        _github("projectcalico/calico", CALICO, f"calicoctl-linux-{_GO}", "SHA256SUMS"),
        (
            GoBuild(
                "go/calico",
                f"{_CALICO}/calicoctl/calicoctl",
                "calicoctl",
                _CALICO_VERSION,
                f"v{CALICO}",
            ),
        ),
        minutes=1,
    ),
    Program(
        "calico-confd",
        CALICO,
        ("calico-confd",),
        builds=(GoBuild("go/calico", f"{_CALICO}/confd", "calico-confd", _CALICO_VERSION, f"v{CALICO}"),),
        minutes=1,
    ),
    Program(
        "calico-status",
        CALICO,
        ("calico-status",),
        builds=(GoBuild("go/calico-status", ".", "calico-status", _CALICO_VERSION, f"v{CALICO}"),),
        minutes=0.5,
    ),
    CALICO_FILES,
    BIRD2_FILES,
)
"""Everything but the command provider, of which one of two is used."""
