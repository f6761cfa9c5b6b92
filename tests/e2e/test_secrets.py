"""No secret is told anywhere in the life of a fabric: outputs, logs, state, files, reports, process lists, switches.

Each is looked for in clear and in every form in which it may be encoded or escaped (``tests.e2e.secrets``).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from lab.paths import CLONE, home_of
from lab.project import OF_THE_ENGINE, Project, Run, environment, settings
from lab.site import example
from tests.conftest import Lab
from tests.e2e.logins import BY_KEY, BY_PASSWORD, FAILED, forget_keys, fresh_key, logins, take_password
from tests.e2e.secrets import Secrets, Watch
from tests.e2e.world import configure, eventually, peers, running

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.lab,
    pytest.mark.timeout(900),
    pytest.mark.nightly(twin="tests/e2e/test_the_fabric.py"),
]

NEIGHBOURS = ("172.20.0.11", "172.20.0.12")
FIRST, NEXT = "Rr1-$(id)`id`;'&|x\\1", "Rr1-#!%next<>\\n*?{}@END@"
WRONG_PASSWORD = "Ssh-'w\"rong$(id)"
SSH_PASSWORD, PASSPHRASE = "Ssh-'p\"w$(id);\n%d", "Pass \"phrase\" $(id) \\ 'x' é"
SAFE, UNSAFE = ("-v=8", "--logtostderr"), ("-v=9", "--logtostderr")
"""From 9 on Pulumi's engine logs every property that it sends, secrets in clear (docs/own-cluster.md)."""
BY_THE_ENGINE = re.compile(r'"msg":"(Unm|M)arshaling property for RPC\[')
COPY = re.compile(r"kubeconfig\d+")
"""What pulumi-kubernetes leaves in TMPDIR at each run."""

PROGRAM = r"pulumi-language-python-exec|^(/bin/sh -c|/usr/bin/|\S*/)?\W*(ld|gcc|collect2|cc|ldconfig)\b"
"""The program has the stack's settings in its environment, and so has what asyncssh starts to find a library."""
LOGIN = rf"{PROGRAM}|leafrack (gate|reflectors|status|adopt)|ci\.report|ci/drift\.sh|pulumi config|cat |rm "
"""Gates, the step of the reflectors, status and adopt log in to switches; ci/drift.sh hands them the login."""
MAY_CARRY = {"password of rr1": PROGRAM, "next password": PROGRAM, "SSH key": LOGIN, "SSH password": LOGIN,
             "wrong SSH password": PROGRAM}  # fmt: skip

ECHOES = r"""#!/bin/sh
# A switch that takes no password, and repeats the whole configuration in its error.
for last; do :; done
case "$*" in *'-C '*) ;; *'-f '*) grep -q '^ neighbor .* password' "$last" && cat "$last" && exit 1 ;; esac
exec REAL "$@"
"""


@dataclass
class Life:
    """A project with every secret there is, and what has been said and seen so far."""

    lab: Lab
    project: Project
    secrets: Secrets
    watch: Watch
    key: str = field(repr=False)
    said: dict[str, str] = field(default_factory=dict)

    def pulumi(self, *arguments: str, **env: str) -> Run:
        """The engine; all that it says is kept."""
        run = self.project.pulumi(*arguments, env=env)
        self.said[f"pulumi {' '.join(arguments)} ({len(self.said)})"] = run.said
        return run

    def command(self, *words: str | Path, stdin: str = "", folder: Path | None = None, **env: str) -> Run:
        """A command in the project's folder; all that it says is kept."""
        done = subprocess.run(
            words, cwd=folder or self.project.folder, env={**self.project.env, **env}, input=stdin, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False,
        )  # fmt: skip
        self.said[f"{' '.join(map(str, words))} ({len(self.said)})"] = done.stdout
        return Run(done.returncode, done.stdout)

    def give(self, value: str, *where: str) -> None:
        """A secret as an operator gives it: by standard input."""
        done = self.command("pulumi", "config", "set", "--secret", "--stack", "dev", *where, stdin=value)
        assert done.code == 0, done.said

    def logged_in(self, *words: str | Path, key: str | None = None) -> Run:
        """A command of leafrack's that logs in to the leaves; the login is in its environment."""
        key = self.key if key is None else key
        login = {"LEAFRACK_SSH_PRIVATE_KEY": key, "LEAFRACK_SSH_PASSWORD": SSH_PASSWORD}
        return self.command("python", "-m", "leafrack", *words, folder=CLONE, **login)

    @property
    def cluster(self) -> tuple[str | Path, ...]:
        """Options that name the cluster."""
        return ("--kubeconfig", self.lab.dir / "kubeconfig", "--context", "leafrack")

    @property
    def fabric(self) -> tuple[str | Path, ...]:
        """Options that name the fabric file and its overlay."""
        return ("--fabric", self.lab.fabric_file, "--overlay", self.project.folder / "overlay.yaml")


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    base = tmp_path_factory.mktemp("secrets")
    whole = example()
    del whole["racks"]["rr2"]
    (base / "fabric.yaml").write_text(yaml.safe_dump(whole), encoding="utf-8")
    lab = Lab(base / "lab", base / "fabric.yaml")
    lab.up()
    try:
        folder, key = base / "project", fresh_key(lab)
        take_password(lab, SSH_PASSWORD)
        project = Project.make(folder, {**environment(), "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE}, settings(lab.dir))
        overlay = yaml.safe_load((lab.dir / "overlay.yaml").read_text(encoding="utf-8"))
        del overlay["racks"]["rr1"]["leaves"]["leaf01"]["ssh"]["identityFile"]
        (folder / "overlay.yaml").write_text(yaml.safe_dump(overlay), encoding="utf-8")
        chosen = {"overlay": str(folder / "overlay.yaml"), "fabric": str(lab.fabric_file)}
        project.settings.update(chosen)
        project.configure()
        users = yaml.safe_load((lab.dir / "kubeconfig").read_text(encoding="utf-8"))["users"]
        secrets = Secrets(
            {"SSH key": key, "SSH password": SSH_PASSWORD,
             "wrong SSH password": WRONG_PASSWORD, "passphrase": PASSPHRASE, "password of rr1": FIRST,
             "next password": NEXT, **{f"token of {user['name']}": user["user"]["token"] for user in users}},
        )  # fmt: skip
        with Watch(secrets) as watch:
            own = Life(lab, project, secrets, watch, key=key)
            own.give(WRONG_PASSWORD, "leafrack:sshPassword")
            own.give(FIRST, "--path", "leafrack:bgpPasswords.rr1")
            yield own
    finally:
        lab.down()


def authenticated(lab: Lab) -> bool:
    said = lab.exec("node1", "cat", "/etc/calico/confd/config/bird.cfg")
    return peers(lab, "leaf01")["172.20.0.11"]["state"] == "Established" and (FIRST in said or NEXT in said)


def test_a_wrong_password_is_tried_once_and_told_in_a_line_and_nothing_is_applied(life: Life) -> None:
    before = running(life.lab, "leaf01")
    run = life.pulumi("up", "--yes", "--skip-preview")
    assert run.code != 0
    (line,) = {each.partition("error: ")[2] for each in run.said.splitlines() if "overlay.yaml:" in each}
    port = life.lab.fabric.racks["rr1"].leaves["leaf01"].ssh.port
    refused = f"127.0.0.1 port {port} refuses user root: wrong key or password (leafrack:sshPrivateKey, "
    assert line.endswith(f"racks.rr1.leaves.leaf01.ssh: {refused}leafrack:sshPassword)"), run.said
    assert "Traceback" not in run.said
    assert logins(life.lab)[FAILED] == 1
    assert set(life.project.resources().values()) <= OF_THE_ENGINE
    assert running(life.lab, "leaf01") == before
    life.give(SSH_PASSWORD, "leafrack:sshPassword")


def test_an_update_that_fails_on_a_switch_which_repeats_what_it_was_given(life: Life) -> None:
    lab, home = life.lab, home_of("leaf01")
    lab.exec("leaf01", "sh", "-c", f"cp $(command -v vtysh) {home}/vtysh")
    script = ECHOES.replace("REAL", f"{home}/vtysh").replace("'", "'\\''")
    lab.exec("leaf01", "sh", "-c", f"printf '%s' '{script}' >{home}/echoes; chmod +x {home}/echoes")
    lab.exec("leaf01", "sh", "-c", f"mount --bind {home}/echoes $(command -v vtysh)")
    try:
        run = life.pulumi("up", "--yes", "--skip-preview", *SAFE)
    finally:
        lab.exec("leaf01", "sh", "-c", "umount $(command -v vtysh)")
    assert run.code != 0, run.said
    assert "password (hidden)" in run.said, run.said[-5000:]


def test_an_update_with_its_log(life: Life) -> None:
    run = life.pulumi("up", "--yes", "--skip-preview", *SAFE)
    assert run.code == 0, run.said[-5000:]
    assert eventually(lambda: authenticated(life.lab))


def test_a_leaf_is_written_and_read_by_password_alone(life: Life) -> None:
    found = life.logged_in("status", "--wait", "30", *life.fabric, *life.cluster, key="")
    assert found.code == 0, found.said
    run = life.pulumi("preview", "--expect-no-changes")
    assert run.code == 0, run.said
    assert "warning" not in run.said, run.said
    seen = logins(life.lab)
    assert seen[BY_KEY] == 0
    assert seen[BY_PASSWORD] >= len(NEIGHBOURS)
    assert all(f"neighbor {address} description leafrack" in running(life.lab, "leaf01") for address in NEIGHBOURS)


def test_a_password_is_changed_and_everything_that_can_be_asked_is_asked(life: Life) -> None:
    lab, folder = life.lab, life.project.folder
    life.give(life.key, "leafrack:sshPrivateKey")
    life.give(NEXT, "--path", "leafrack:bgpPasswords.rr1")
    before = logins(lab)
    for arguments in (
        ("preview", "--diff"), ("preview", "--json"), ("up", "--yes", "--diff"), ("refresh", "--yes", "--diff"),
        ("stack", "export"), ("stack", "output", "--json"), ("config",), ("config", "--json"), ("stack", "--show-urns"),
    ):  # fmt: skip
        run = life.pulumi(*arguments)
        assert run.code == 0, run.said
    assert eventually(lambda: authenticated(lab))
    found = life.logged_in("status", "--json", "--wait", "30", *life.fabric, *life.cluster)
    assert found.code == 0, found.said
    ssh = lab.fabric.racks["rr1"].leaves["leaf01"].ssh
    leaf = f"leaf01=root@127.0.0.1:{ssh.port}"
    found = life.logged_in("adopt", folder / "found.yaml", *life.cluster, "--leaf", leaf)
    assert found.code == 0, found.said
    after = logins(lab)
    assert after[BY_PASSWORD] == before[BY_PASSWORD], "of both, the key goes first"
    assert after[BY_KEY] > 0


def test_a_drift_check_of_another_password(life: Life) -> None:
    configure(life.lab, "leaf01", "router bgp 65009", "neighbor 172.20.0.12 password another")
    done = life.command("bash", "ci/drift.sh", "dev", "report.md")
    assert done.code == 7, done.said
    assert "172.20.0.12 (node2) has another password" in done.said


def test_an_update_with_the_log_of_all_that_is_sent_and_a_destroy(life: Life) -> None:
    # From here on the leaf refuses the key, and all that logs in does so by the password that it has beside it.
    forget_keys(life.lab)
    before = logins(life.lab)
    run = life.pulumi("up", "--yes", "--skip-preview", *UNSAFE)
    assert run.code == 0, run.said[-5000:]
    life.said = {name: said for name, said in life.said.items() if said != run.said}
    ours = "\n".join(line for line in run.said.splitlines() if not BY_THE_ENGINE.search(line))
    life.said["-v=9, but for the engine's own"] = ours
    assert len(ours) > 10_000
    run = life.pulumi("destroy", "--yes", *SAFE)
    assert run.code == 0, run.said[-5000:]
    after = logins(life.lab)
    assert after == {**before, BY_PASSWORD: after[BY_PASSWORD]}
    assert after[BY_PASSWORD] > before[BY_PASSWORD]
    assert "leafrack" not in running(life.lab, "leaf01").lower()


def test_nothing_that_was_said_tells_a_secret(life: Life) -> None:
    assert len(life.said) > 15
    assert {name: found for name, said in life.said.items() if (found := life.secrets.named_in(said))} == {}


def test_no_command_line_tells_a_secret(life: Life) -> None:
    assert life.watch.told == {}
    seen = "\n".join(life.watch.seen)
    for command in ("leafrack gate forward", "leafrack step back", "vtysh -f ", "sh -c umask 077", "ci.report drift"):
        assert command in seen, f"{command}: too quick to be looked at"


def test_only_what_needs_a_secret_has_it_in_its_environment(life: Life) -> None:
    carried = life.watch.carried.items()
    for secret, by in MAY_CARRY.items():
        others = [words for words, found in carried for name in found if name.startswith(secret)]
        assert [words for words in others if not re.search(by, words)] == []
        assert others, f"nothing has the {secret} in its environment: is it looked for at all?"
    assert [words for words, found in carried for name in found if name.startswith("token")] == []


def test_no_file_that_is_left_tells_a_secret(life: Life) -> None:
    lab, folder = life.lab, life.project.folder
    left = life.secrets.in_files(folder)
    copies = {file for file in left if COPY.fullmatch(Path(file).name)}
    assert {file: found for file, found in left.items() if file not in copies} == {}
    # Those are for the owner alone; `.lab/env` and the scripts of ci/ put them where they go with the rest.
    assert {Path(file).stat().st_mode & 0o777 for file in copies} == {0o600}
    own = [lab.dir / "kubeconfig"]
    assert life.secrets.in_files(lab.dir, own) == {}


def test_nothing_on_the_switch_tells_a_secret(life: Life) -> None:
    # What a command makes there is a folder of mktemp's, with files in it.
    where = "/tmp/tmp.* ~/.*history* ~/.viminfo /var/log/frr /etc/frr"
    files = "-maxdepth 1 -type f -size -1000k -exec cat {} +"
    found = life.lab.exec("leaf01", "sh", "-c", f"find {where} {files} 2>/dev/null; true")
    assert life.secrets.named_in(found) == set()
    assert life.secrets.named_in(life.lab.exec("leaf01", "vtysh", "-c", "show running-config")) == set()


SECRETS = Secrets({"x": FIRST, "key": "-----BEGIN\nsame for all\nline of it\n-----END"})


@pytest.mark.parametrize("how", sorted(set(SECRETS.forms.values())))
def test_a_secret_is_found_in_every_form(how: str) -> None:
    for form, name in SECRETS.forms.items():
        if name == how:
            assert how in SECRETS.named_in(b"before " + form + b" after")
    assert SECRETS.named_in("before same for all after -----BEGIN -----END Rr1-") == set()


def test_a_secret_in_the_process_list_is_found(tmp_path: Path) -> None:
    shell = shutil.which("sh") or "sh"
    with Watch(SECRETS) as watch:
        subprocess.run([shell, "-c", "sleep 1; :", FIRST], check=True)
        subprocess.run([shell, "-c", "sleep 1; :"], env={**os.environ, "SECRET": FIRST}, check=True)
    assert {words for words in watch.told if words.startswith(shell)} == {f"{shell} -c sleep 1; : {FIRST}"}
    assert {words for words in watch.carried if words.startswith(shell)} == {f"{shell} -c sleep 1; :"}
    (tmp_path / "file").write_text(FIRST)
    assert list(SECRETS.in_files(tmp_path)) == [str(tmp_path / "file")]
