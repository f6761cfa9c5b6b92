"""The commands of ``python3 -m tools``."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from types import FrameType

from tools import environment, getting, locks, newest, releases, stack
from tools.clone import Clone
from tools.progress import ToolError, say, seconds
from tools.store import Store, default_root, locked


def main(arguments: list[str] | None = None) -> int:
    """Run one command; errors are lines, without a traceback. Returns the exit code."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGHUP, _leave)
    clone, store = Clone(), Store(default_root())
    try:
        return _run(options, clone, store)
    except ToolError as error:
        sys.stderr.write(f"{error}\n")
    except PermissionError as error:
        sys.stderr.write(
            f"{error.filename}: no permission; it belongs to someone else: run it with sudo, or chown it\n"
        )
    except OSError as error:
        sys.stderr.write(f"{error.filename or 'tools'}: {error.strerror or error}: put that right, then run it again\n")
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: nothing half-done is left, run it again to go on\n")
        return 130
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m tools", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    get = commands.add_parser("get", help="get every program, package and the virtualenv; write .lab/env")
    get.add_argument("--lab", action="store_true", help="check that the lab can run here as well (root)")
    commands.add_parser("venv", help="make only the virtualenv: enough for linting and the tests without the lab")
    commands.add_parser("newest", help="the unit tests with the newest packages that pyproject.toml allows")
    commands.add_parser("platforms", help="the conformance suite on FRR of newer Debian releases")
    run = commands.add_parser("run", help="run a command in the environment of .lab/env")
    run.add_argument("--step", metavar="TEXT", help="say what it does, and how long it took")
    run.add_argument("argv", nargs="+", metavar="COMMAND", help="the command, after --")
    commands.add_parser(
        "forget-lost-lab", help="clear what a killed run left of stack dev, and its state if the lab is gone"
    )
    commands.add_parser("unlock", help="remove the locks that killed engines left in the file backend that pulumi uses")
    commands.add_parser("destroy", help="pulumi destroy of stack dev, if it and the lab are there")
    clean = commands.add_parser("clean", help="remove .lab, .venv and .tools of this clone")
    clean.add_argument("--cache", action="store_true", help="remove the tools folder that clones share, too")
    return parser


def _run(options: argparse.Namespace, clone: Clone, store: Store) -> int:
    match options.command:
        case "get":
            getting.get(clone, store, for_lab=options.lab)
        case "venv":
            getting.get_virtualenv(clone, store)
        case "newest":
            return newest.test(clone, store)
        case "platforms":
            return releases.test(clone, store)
        case "run":
            return _step(options.step, options.argv, clone)
        case "forget-lost-lab":
            stack.forget_a_lost_lab(clone)
        case "unlock":
            return 1 if stack.unlock(locks.backend(os.environ)) else 0
        case "destroy":
            return stack.destroy(clone)
        case "clean":
            _clean(clone, store, cache=options.cache)
    return 0


def _step(title: str | None, command: list[str], clone: Clone) -> int:
    """Without a title this process becomes the command, so that its output is the last that is seen."""
    env = environment.process_environment(clone)
    os.chdir(clone.root)
    program = shutil.which(command[0], path=env["PATH"])
    if program is None:
        raise ToolError(f"{command[0]}: not there yet: run `make tools`")
    sys.stdout.flush()
    if title is None:
        os.execve(program, command, env)
    return _timed(title, lambda: _wait([program, *command[1:]], env))


def _timed(title: str, act: Callable[[], int]) -> int:
    say(f"{title} …")
    begun = time.monotonic()
    status = act()
    getting.hand_over(environment.state(Clone()))
    say(f"{title} … {'done' if status == 0 else f'failed with exit code {status}'}, {seconds(begun)}")
    return status


def _wait(command: list[str], env: dict[str, str]) -> int:
    """Run a command to its end: Ctrl-C reaches it too, and it may need time to leave things in order."""
    with subprocess.Popen(command, env=env) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue
            except SystemExit:
                process.terminate()
                process.wait()
                raise


def _clean(clone: Clone, store: Store, *, cache: bool) -> None:
    with locked(clone.lock, f"tools of {clone.root}"):
        for name in (".lab", ".venv"):
            shutil.rmtree(clone.root / name, ignore_errors=True)
    shutil.rmtree(clone.folder, ignore_errors=True)
    if cache:
        with locked(store.lock, f"tools folder {store.root}"):
            for item in list(store.root.iterdir()):
                if item.is_dir():
                    shutil.rmtree(item, ignore_errors=True)
        store.root.rmdir()


def _leave(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)
