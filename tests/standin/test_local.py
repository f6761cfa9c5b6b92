"""command:local:Command: the same life on this machine, and what a failing run leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from .harness import Run, Stack, is_secret, local, run

pytestmark = pytest.mark.toolchain

EXACT = 'no newline at the end, a tab\there, \r\n, "quotes", $HOME, `id`, ünïcode, \\n, %s'
SECRET = "kubeconfig-token-s3cret"


@dataclass(frozen=True)
class Life:
    """The runs of one stack in their order, with what each left behind."""

    stack: Stack
    runs: dict[str, Run]
    states: dict[str, dict[str, dict[str, object]]]
    texts: dict[str, str]
    ran: dict[str, list[str]]

    def ran_by(self, step: str) -> list[str]:
        """What the commands of one step appended to the log."""
        steps = list(self.ran)
        position = steps.index(step)
        return self.ran[step][len(self.ran[steps[position - 1]]) if position else 0 :]


@pytest.fixture(scope="module")
def life(make_stack: Callable[[str], Stack]) -> Life:
    stack = make_stack("local")
    elsewhere = stack.folder / "elsewhere"
    elsewhere.mkdir()
    blocker, opener = stack.folder / "blocker", stack.folder / "opener"
    life = Life(stack, {}, {}, {}, {})

    def say(text: str) -> str:
        return f"echo {text} >> {stack.log}"

    same = {
        "stdin": local(create=f"cat > {stack.folder}/stdin", stdin=EXACT),
        "environment": local(create='echo "$LAB_NAME"', environment={"LAB_NAME": "leaf01 rack 1"}),
        "here": local(create="pwd"),
        "there": local(create="pwd", dir=str(elsewhere)),
        "python": local(create="print(6 * 7)", interpreter=["/usr/bin/env", "python3", "-c"]),
        "secret": local(
            create="cat > /dev/null",
            stdin=SECRET,
            environment={"KEY": SECRET},
            secret=["stdin", "environment"],
        ),
        "nothing": local(),
        "function": run(command="cat; echo ' said'", stdin="first"),
        "held": local(create=f"touch {blocker}", delete=f"test ! -e {blocker}"),
    }
    first = {
        **same,
        "plain": local(create=f"{say('plain-create')}; echo out; echo err >&2", update=say("no"), delete=say("no")),
        "without-update": local(create=say("without-update-1")),
        "triggered": local(create=say("triggered-create"), delete=say("triggered-delete"), triggers=[1]),
        "removed": local(create="true", delete=f"cat >> {stack.log}; exit 0", stdin="removed-old-stdin\n"),
        "failing": local(create=f"{say('failing-create')}; echo said; echo and-err >&2; exit 3"),
        "gate": local(create=say("gate-create"), update=say("no")),
    }
    second = {
        **same,
        "function": run(command="cat; echo ' said'", stdin="second"),
        "plain": local(
            create=say("no"),
            update=f"{say('plain-update')}; echo $PULUMI_COMMAND_STDOUT $PULUMI_COMMAND_STDERR",
            delete=say('plain-delete "$PULUMI_COMMAND_STDOUT"'),
        ),
        "without-update": local(create=say("without-update-2")),
        "triggered": local(create=say("triggered-create"), delete=say("triggered-delete"), triggers=[2]),
        "failing": local(create=f"{say('failing-create')}; echo repaired"),
        "gate": local(create=say("gate-create"), update=f"{say('gate-update')}; test -e {opener} || exit 4", stdin="x"),
    }

    def record(step: str, ended: Run) -> None:
        life.runs[step], life.states[step] = ended, stack.outputs()
        life.texts[step], life.ran[step] = ended.text + stack.state_text(), stack.ran()

    record("create", stack.up(first, "--continue-on-error"))
    record("preview", stack.preview(second, "--diff"))
    record("update", stack.up(second, "--continue-on-error"))
    opener.touch()
    record("repair", stack.up(second))
    record("refresh", stack.pulumi("refresh", "--yes", "--skip-preview"))
    record("destroy but held", stack.destroy())
    blocker.unlink()
    record("destroy", stack.destroy())
    return life


def test_create_runs_once_and_keeps_its_output(life: Life) -> None:
    plain = life.states["create"]["plain"]
    assert life.ran_by("create").count("plain-create") == 1
    assert (plain["stdout"], plain["stderr"]) == ("out", "err")


def test_stdin_arrives_byte_for_byte(life: Life) -> None:
    assert (life.stack.folder / "stdin").read_bytes() == EXACT.encode()


@pytest.mark.parametrize(
    ("name", "stdout"),
    [("environment", "leaf01 rack 1"), ("here", "{}"), ("there", "{}/elsewhere"), ("python", "42")],
)
def test_environment_folder_and_interpreter_are_as_asked(life: Life, name: str, stdout: str) -> None:
    assert life.states["create"][name]["stdout"] == stdout.format(life.stack.folder)


def test_a_failing_create_shows_its_output_and_is_not_in_the_state(life: Life) -> None:
    said = life.runs["create"].diagnostics("failing")
    assert life.runs["create"].code != 0
    for part in ("exit status 3", 'running "echo failing-create', "said\n", "and-err\n"):
        assert part in said
    assert "failing" not in life.states["create"]


def test_a_failing_create_runs_again(life: Life) -> None:
    assert life.ran_by("update").count("failing-create") == 1
    assert life.states["update"]["failing"]["stdout"] == "repaired"


@pytest.mark.parametrize("step", ["preview", "refresh"])
def test_a_preview_and_a_refresh_run_nothing(life: Life, step: str) -> None:
    assert life.runs[step].code == 0, life.runs[step].text
    assert life.ran_by(step) == []


def test_any_changed_input_runs_update_or_else_create(life: Life) -> None:
    assert {"plain-update", "without-update-2"} <= set(life.ran_by("update"))
    assert "no" not in life.ran["destroy"]


def test_an_update_is_told_the_earlier_output(life: Life) -> None:
    assert life.states["update"]["plain"]["stdout"] == "out err"


def test_a_failing_update_stays_pending_and_runs_again(life: Life) -> None:
    assert "exit status 4" in life.runs["update"].diagnostics("gate")
    assert life.ran_by("update").count("gate-update") == 1
    assert life.ran_by("repair") == ["gate-update"]
    assert life.runs["repair"].code == 0, life.runs["repair"].text


def test_a_changed_trigger_replaces_create_first(life: Life) -> None:
    ran = [line for line in life.ran["repair"] if line.startswith("triggered")][1:]
    assert ran == ["triggered-create", "triggered-delete"]


def test_a_removed_resource_runs_its_old_delete_with_its_old_stdin(life: Life) -> None:
    assert life.ran["repair"].count("removed-old-stdin") == 1


def test_destroy_runs_the_delete_of_the_last_update(life: Life) -> None:
    assert life.runs["destroy"].code == 0, life.runs["destroy"].text
    assert sorted(life.ran_by("destroy but held")) == ["plain-delete out err", "triggered-delete"]


def test_secrets_are_encrypted_in_the_state_and_shown_nowhere(life: Life) -> None:
    secret = life.states["create"]["secret"]
    assert is_secret(secret["stdin"])
    assert is_secret(secret["environment"])
    assert all(SECRET not in text for text in life.texts.values())


def test_a_failing_delete_keeps_the_resource_and_runs_again(life: Life) -> None:
    assert life.runs["destroy but held"].code != 0
    assert list(life.states["destroy but held"]) == ["held"]
    assert life.states["destroy"] == {}


def test_the_function_runs_in_a_preview_too(life: Life) -> None:
    assert '"second said"' in life.runs["preview"].text
