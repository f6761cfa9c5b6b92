"""``nv config …`` and ``nv unset``; ``boot`` and ``timer`` are what the switch itself does."""

from __future__ import annotations

import argparse
import json
import os
import sys

import yaml

from lab.nv.release import NvError, Tree
from lab.nv.revisions import apply, booted, confirmed, patched, pending, saved, state, timer, unset


def configured(kept: Tree, options: argparse.Namespace) -> None:
    """``nv config …``."""
    match options.act:
        case "patch":
            patched(kept, options.file)
        case "apply" if options.confirm_yes or options.confirm_no:
            confirmed(kept, stays=options.confirm_yes)
        case "apply":
            apply(kept, options.confirm)
        case "detach":
            kept["pending"] = None
        case "diff":
            print(yaml.safe_dump([{"set": (kept["pending"] or {"tree": {}})["tree"]}]))
        case "show":
            print(yaml.safe_dump([{"set": kept["applied"]}]))
        case "save":
            saved(kept)
        case "revision":
            states = {"pending": kept["pending"], "confirm": kept["confirm"]}
            print(json.dumps({str(one["id"]): {"state": name} for name, one in states.items() if one}, indent=2))


def main(given: list[str]) -> int:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="nv")
    commands = parser.add_subparsers(dest="command", required=True)
    config = commands.add_parser("config")
    config.add_argument("act", choices=("patch", "apply", "detach", "diff", "save", "show", "revision"))
    config.add_argument("file", nargs="?", default="")
    config.add_argument("--confirm", default="")
    for option in ("--confirm-yes", "--confirm-no", "-y"):
        config.add_argument(option, action="store_true")
    config.add_argument("-o", default="")
    commands.add_parser("unset").add_argument("path", nargs="+")
    running = commands.add_parser("timer")
    running.add_argument("revision", type=int)
    running.add_argument("seconds", type=float)
    commands.add_parser("boot")
    options = parser.parse_args(given)
    os.umask(0o077)
    try:
        if options.command == "timer":
            timer(options.revision, options.seconds)
        elif options.command == "boot":
            booted()
        else:
            with state() as kept:
                if options.command == "unset":
                    unset(pending(kept), options.path)
                else:
                    configured(kept, options)
    except NvError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
