"""How leaf01 lets somebody in: by keys, by a password, and what its sshd has written down of both."""

from __future__ import annotations

import ctypes
from pathlib import Path

import asyncssh

from lab.paths import home_of
from tests.conftest import Lab

BY_KEY, BY_PASSWORD, FAILED = "Accepted publickey", "Accepted password", "Failed password"


def fresh_key(lab: Lab) -> str:
    """A private key that leaf01 takes beside the lab's own."""
    key = asyncssh.generate_private_key("ssh-ed25519", comment="fresh")
    public = key.export_public_key().decode().strip()
    lab.exec("leaf01", "sh", "-c", f"echo '{public}' >> {home_of('leaf01') / 'authorized_keys'}")
    return key.export_private_key().decode()


def take_password(lab: Lab, password: str) -> None:
    """Let root log in to leaf01 with a password too.

    Its sshd, one without PAM, reads its configuration at each login, and the /etc/shadow of its own mount namespace.
    """
    crypt = ctypes.CDLL("libcrypt.so.1").crypt
    crypt.restype = ctypes.c_char_p
    line = f"root:{crypt(password.encode(), b'$6$leafrack$').decode()}:20000:0:99999:7:::\n"
    home = home_of("leaf01")
    put = f"umask 077; cat >{home}/shadow && mount --bind {home}/shadow /etc/shadow"
    options = r"PermitRootLogin yes\nPasswordAuthentication yes"
    there = f"{put} && sed -i '1i {options}' {home}/sshd_config"
    lab.run("python", "-m", "lab", "exec", "leaf01", "--", "sh", "-c", there, stdin=line).check_returncode()
    assert "root:$6$leafrack$" not in Path("/etc/shadow").read_text(encoding="utf-8")


def logins(lab: Lab) -> dict[str, int]:
    """What leaf01's sshd has written down, how often each."""
    log = (lab.dir / "logs" / "leaf01" / "sshd.log").read_text(encoding="utf-8")
    return {what: log.count(f"{what} for root") for what in (BY_KEY, BY_PASSWORD, FAILED)}


def forget_keys(lab: Lab) -> None:
    """Let leaf01 refuse every key."""
    lab.exec("leaf01", "sh", "-c", f": >{home_of('leaf01')}/authorized_keys")
