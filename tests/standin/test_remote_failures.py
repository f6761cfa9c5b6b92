"""command:remote:Command: what can be wrong with a connection or a command, and what is said then."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from .harness import Run, Sshd, Stack, free_port, remote

pytestmark = pytest.mark.toolchain

STDIN_SECRET = "neighbor-password-s3cret"
ENVIRONMENT_SECRET = "community-string-s3cret"


class Counter(threading.Thread):
    """A listener that drops every connection at once, and counts them."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.count = 0
        self.start()

    def run(self) -> None:
        while True:
            try:
                self.listener.accept()[0].close()
            except OSError:
                return
            self.count += 1


@dataclass(frozen=True)
class Failures:
    """One run in which nearly every resource fails, and a second one with its one repair."""

    run: Run
    state: dict[str, dict[str, object]]
    texts: str
    dials: int
    unreachable_port: int
    repaired: Run
    repaired_state: dict[str, dict[str, object]]


@pytest.fixture(scope="module")
def failures(make_stack: Callable[[str], Stack], sshd: Sshd) -> Failures:
    stack, good, port, counter = make_stack("failing"), sshd.connection(), free_port(), Counter()
    mute = "exec cat > /dev/null"
    resources = {
        "good": remote(good, create="echo fine"),
        "wrong-host-key": remote(sshd.connection(host_key=sshd.read("stranger.pub")), create=mute),
        "garbled-host-key": remote(sshd.connection(host_key="not a key"), create=mute),
        "wrong-key": remote(sshd.connection(private_key=sshd.read("stranger")), create=mute),
        "wrong-passphrase": remote(
            sshd.connection(private_key=sshd.read("locked"), private_key_password="wrong-s3cret"), create=mute
        ),
        "garbled-key": remote(sshd.connection(private_key="garbled-s3cret"), create=mute),
        "unreachable": remote(sshd.connection(port=port), create=mute),
        "unreachable-proxy": remote(
            sshd.connection(proxy={"host": "127.0.0.1", "port": port, "dial_error_limit": 0}), create=mute
        ),
        "wrong-host-key-of-proxy": remote(
            sshd.connection(proxy=sshd.connection(host_key=sshd.read("stranger.pub"))), create=mute
        ),
        "wrong-key-for-proxy": remote(
            sshd.connection(proxy=sshd.connection(private_key=sshd.read("stranger"))), create=mute
        ),
        "proxy-may-not-forward": remote(
            sshd.connection(proxy=sshd.connection(private_key=sshd.read("locked"), private_key_password="open sesame")),
            create=mute,
        ),
        "unreachable-from-proxy": remote(sshd.connection(port=port, proxy=sshd.connection()), create=mute),
        "wrong-host-key-behind-proxy": remote(
            sshd.connection(host_key=sshd.read("stranger.pub"), proxy=sshd.connection()), create=mute
        ),
        "wrong-key-behind-proxy": remote(
            sshd.connection(private_key=sshd.read("stranger"), proxy=sshd.connection()), create=mute
        ),
        "retried": remote(sshd.connection(port=counter.port, dial_error_limit=2), create=mute),
        "exit-3": remote(
            good,
            create="cat > /dev/null; echo said; echo and-err >&2; exit 3",
            stdin=STDIN_SECRET,
            secret=["stdin"],
        ),
        "no-status": remote(good, create="echo last-words; kill -9 $PPID"),
        "refused-environment": remote(
            good, create=mute, environment={"REFUSED": ENVIRONMENT_SECRET}, secret=["environment"]
        ),
    }
    run = stack.up(resources, "--continue-on-error")
    counter.listener.close()
    state, texts = stack.outputs(), run.text + stack.state_text()
    repaired = stack.up({"good": resources["good"], "exit-3": remote(good, create="echo repaired")})
    return Failures(run, state, texts, counter.count, port, repaired, stack.outputs())


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("wrong-host-key", ["host key mismatch"]),
        ("garbled-host-key", ["key"]),
        ("wrong-key", ["unable to authenticate"]),
        ("wrong-passphrase", ["password incorrect"]),
        ("garbled-key", ["no key found"]),
        ("unreachable", ["127.0.0.1:{port}", "connection refused"]),
        ("unreachable-proxy", ["proxy", "127.0.0.1:{port}", "connection refused"]),
        ("wrong-host-key-of-proxy", ["proxy", "host key mismatch"]),
        ("wrong-key-for-proxy", ["proxy", "unable to authenticate"]),
        ("proxy-may-not-forward", ["proxy", "administratively prohibited"]),
        ("unreachable-from-proxy", ["proxy", "connect failed", "refused"]),
        ("wrong-host-key-behind-proxy", ["proxy", "host key mismatch"]),
        ("wrong-key-behind-proxy", ["proxy", "unable to authenticate"]),
        ("retried", ["after", "failed attempts"]),
        ("exit-3", ["exited with status 3", 'running "cat > /dev/null; echo said;', "said\n", "and-err\n"]),
        ("no-status", ["without exit status", "last-words"]),
        ("refused-environment", ["REFUSED", "AcceptEnv"]),
    ],
)
def test_a_failure_says_what_went_wrong(failures: Failures, name: str, parts: list[str]) -> None:
    said = failures.run.diagnostics(name)
    for part in parts:
        assert part.format(port=failures.unreachable_port) in said


def test_a_failed_create_is_not_in_the_state_and_leaves_the_others_alone(failures: Failures) -> None:
    assert failures.run.code != 0
    assert list(failures.state) == ["good"]


def test_a_failed_create_runs_again(failures: Failures) -> None:
    assert failures.repaired.code == 0, failures.repaired.text
    assert failures.repaired_state["exit-3"]["stdout"] == "repaired"


def test_errors_show_no_secret(failures: Failures) -> None:
    assert "s3cret" not in failures.texts


def test_dial_errors_are_retried_up_to_the_limit(failures: Failures) -> None:
    assert failures.dials == 3


def test_a_server_that_hangs_in_the_handshake_ends_after_the_dial_timeout(
    make_stack: Callable[[str], Stack], sshd: Sshd, standin_only: None
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        direct = sshd.connection(port=port, per_dial_timeout=1)
        run = make_stack("hanging").up(
            {
                "direct": remote(direct, create="true"),
                "proxied": remote({**direct, "proxy": sshd.connection()}, create="true"),
            },
            "--continue-on-error",
        )
    for name in ("direct", "proxied"):
        assert f"127.0.0.1:{port}" in run.diagnostics(name)
        assert "perDialTimeout, 1 s" in run.diagnostics(name)
