"""command:remote:Command: a life from create to delete."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from .harness import Run, Sshd, Stack, is_secret, program, remote

pytestmark = pytest.mark.toolchain

EXACT = 'no newline at the end, a tab\there, \r\n, "quotes", $HOME, `id`, ünïcode, \\n, %s'
STDIN_SECRET = "neighbor-password-s3cret"
ENVIRONMENT_SECRET = "community-string-s3cret"


@dataclass(frozen=True)
class Life:
    """Four runs of one stack, with what each left behind."""

    stack: Stack
    server: Sshd
    created: Run
    state: dict[str, dict[str, object]]
    state_text: str
    ran_by_create: list[str]
    again: Run
    previews: list[Run]
    ran_by_preview: list[str]
    updated: Run
    updated_state: dict[str, dict[str, object]]
    ran_by_update: list[str]
    destroyed: Run
    ran_by_destroy: list[str]


@pytest.fixture(scope="module")
def agent(sshd: Sshd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The socket of an SSH agent that holds the client's key."""
    path = tmp_path_factory.mktemp("agent") / "socket"
    with subprocess.Popen([program("ssh-agent"), "-D", "-a", str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        key = str(sshd.folder / "client")
        environment = {**os.environ, "SSH_AUTH_SOCK": str(path)}
        subprocess.run([program("ssh-add"), "-q", key], env=environment, check=True)
        yield path
        process.terminate()


@pytest.fixture(scope="module")
def life(make_stack: Callable[[str], Stack], sshd: Sshd, agent: Path) -> Life:
    stack = make_stack("remote")
    log = stack.log
    good = sshd.connection()

    def say(text: str) -> str:
        return f"echo {text} >> {log}"

    same = {
        "stdin": remote(good, create=f"cat > {stack.folder}/stdin", stdin=EXACT),
        "environment": remote(good, create='echo "$LAB_NAME"', environment={"LAB_NAME": "leaf01 rack 1"}),
        "empty-environment-of-nobody": remote(good, create="echo ${PULUMI_COMMAND_STDOUT-unset}"),
        "no-host-key": remote(sshd.connection(host_key=None), create="echo in"),
        "locked-key": remote(
            sshd.connection(private_key=sshd.read("locked"), private_key_password="open sesame"),
            create="echo in",
        ),
        "agent": remote(sshd.connection(private_key=None, agent_socket_path=str(agent)), create="echo in"),
        "proxied": remote(sshd.connection(proxy=sshd.connection()), create="echo in"),
        "nothing": remote(good),
        "secret": remote(
            good,
            create="cat > /dev/null",
            stdin=STDIN_SECRET,
            environment={"LAB_KEY": ENVIRONMENT_SECRET},
            secret=["stdin", "environment"],
        ),
        **{
            f"show-{mode}": remote(good, create=f"echo out-{mode}; echo err-{mode} >&2", logging=mode)
            for mode in ("stdout", "stderr", "stdoutAndStderr", "none")
        },
    }
    first = {
        **same,
        "plain": remote(
            good,
            create=f"{say('plain-create')}; echo out; echo; echo err >&2",
            update=say("plain-old-update"),
            delete=say("plain-old-delete"),
        ),
        "without-update": remote(good, create=say("without-update-1"), delete=say("without-update-delete")),
        "stdin-change": remote(good, create=f"cat >> {log}", stdin="stdin-change-1\n"),
        "triggered": remote(
            good,
            create=say("triggered-create"),
            update=say("no"),
            delete=say("triggered-delete"),
            triggers=["one"],
        ),
        "removed": remote(good, create=say("removed-create"), delete=f"cat >> {log}", stdin="removed-old-stdin\n"),
        "without-delete": remote(good, create=say("without-delete-create")),
        "previous-off": remote(good, create="echo out", add_previous_output_in_env=False),
    }
    second = {
        **same,
        "plain": remote(
            good,
            create=say("no"),
            update=f'{say("plain-update")}; echo "before: $PULUMI_COMMAND_STDOUT"',
            delete=f"{say('plain-new-delete')}; {say('$PULUMI_COMMAND_STDOUT')}",
        ),
        "without-update": remote(good, create=say("without-update-2"), delete=say("without-update-delete")),
        "stdin-change": remote(good, create=f"cat >> {log}", stdin="stdin-change-2\n"),
        "triggered": remote(
            good,
            create=say("triggered-create"),
            update=say("no"),
            delete=say("triggered-delete"),
            triggers=["two"],
        ),
        "previous-off": remote(good, create="echo ${PULUMI_COMMAND_STDOUT-unset}", add_previous_output_in_env=False),
        "secret": remote(
            good,
            create="cat > /dev/null",
            stdin=STDIN_SECRET + "!",
            environment={"LAB_KEY": ENVIRONMENT_SECRET},
            secret=["stdin", "environment"],
        ),
    }

    created = stack.up(first)
    ran_by_create, state, state_text = stack.ran(), stack.outputs(), stack.state_text()
    again = stack.up(first, "--expect-no-changes")
    previews = [stack.preview(second, "--diff"), stack.preview(second, "--json")]
    before = stack.ran()
    updated = stack.up(second)
    after = stack.ran()
    updated_state = stack.outputs()
    destroyed = stack.destroy()
    return Life(
        stack=stack,
        server=sshd,
        created=created,
        state=state,
        state_text=state_text,
        ran_by_create=ran_by_create,
        again=again,
        previews=previews,
        ran_by_preview=before,
        updated=updated,
        updated_state=updated_state,
        ran_by_update=after[len(before) :],
        destroyed=destroyed,
        ran_by_destroy=stack.ran()[len(after) :],
    )


def test_create_runs_once_and_keeps_its_output(life: Life) -> None:
    assert life.created.code == 0, life.created.text
    assert life.ran_by_create.count("plain-create") == 1
    assert (life.state["plain"]["stdout"], life.state["plain"]["stderr"]) == ("out\n", "err")


def test_no_warning_comes_with_a_good_run(life: Life) -> None:
    assert "warning" not in life.created.text.lower()


@pytest.mark.parametrize("name", ["no-host-key", "locked-key", "agent", "proxied"])
def test_every_way_in_works(life: Life, name: str) -> None:
    assert life.state[name]["stdout"] == "in"


def test_stdin_arrives_byte_for_byte(life: Life) -> None:
    assert (life.stack.folder / "stdin").read_bytes() == EXACT.encode()


def test_environment_arrives_where_the_server_accepts_it(life: Life) -> None:
    assert life.state["environment"]["stdout"] == "leaf01 rack 1"


def test_a_create_knows_no_earlier_output(life: Life) -> None:
    assert life.state["empty-environment-of-nobody"]["stdout"] == "unset"


@pytest.mark.parametrize(
    ("mode", "shown"),
    [("stdout", {"out"}), ("stderr", {"err"}), ("stdoutAndStderr", {"out", "err"}), ("none", set())],
)
def test_logging_decides_which_stream_is_shown(life: Life, mode: str, shown: set[str]) -> None:
    lines = {line.rpartition(" ")[2] for line in life.created.text.splitlines()}
    assert {stream for stream in ("out", "err") if f"{stream}-{mode}" in lines} == shown
    assert life.state[f"show-{mode}"]["stdout"] == f"out-{mode}"


def test_a_second_up_changes_and_runs_nothing(life: Life) -> None:
    assert life.again.code == 0, life.again.text
    assert life.ran_by_preview == life.ran_by_create


def test_a_preview_runs_nothing(life: Life) -> None:
    assert [run.code for run in life.previews] == [0, 0], life.previews[0].text
    assert life.ran_by_preview == life.ran_by_create


def test_any_changed_input_runs_update_or_else_create(life: Life) -> None:
    assert life.updated.code == 0, life.updated.text
    assert {"plain-update", "without-update-2", "stdin-change-2"} <= set(life.ran_by_update)
    assert not {"no", "plain-old-update"} & set(life.ran_by_update)


def test_an_update_is_told_the_earlier_output(life: Life) -> None:
    assert life.updated_state["plain"]["stdout"] == "before: out\n"


def test_earlier_output_is_kept_back_on_request(life: Life) -> None:
    assert life.updated_state["previous-off"]["stdout"] == "unset"


def test_a_server_that_refuses_the_earlier_output_only_brings_a_warning(life: Life) -> None:
    said = life.updated.diagnostics("plain")
    assert "warning" in said
    assert "PULUMI_COMMAND_STDERR" in said


def test_a_changed_trigger_replaces_create_first(life: Life) -> None:
    ran = [line for line in life.ran_by_update if line.startswith("triggered")]
    assert ran == ["triggered-create", "triggered-delete"]


def test_a_removed_resource_runs_its_old_delete_with_its_old_stdin(life: Life) -> None:
    assert life.ran_by_update.count("removed-old-stdin") == 1


def test_destroy_runs_the_delete_of_the_last_update(life: Life) -> None:
    assert life.destroyed.code == 0, life.destroyed.text
    ran = ["before: out", "plain-new-delete", "triggered-delete", "without-update-delete"]
    assert sorted(life.ran_by_destroy) == ran


def test_secrets_are_encrypted_in_the_state(life: Life) -> None:
    secret = life.state["secret"]
    assert all(is_secret(secret[name]) for name in ("connection", "stdin", "environment"))
    assert all(is_secret(outputs["connection"]) for outputs in life.state.values())


def test_secrets_are_shown_nowhere(life: Life) -> None:
    shown = [life.state_text, life.created.text, life.updated.text, life.destroyed.text]
    shown += [run.text for run in life.previews]
    key = life.server.read("client").splitlines()[2]
    for text in shown:
        assert STDIN_SECRET not in text
        assert ENVIRONMENT_SECRET not in text
        assert key not in text
