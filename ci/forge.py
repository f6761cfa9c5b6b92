"""``python -m ci.forge``: a report as the one comment of a merge request, or as the one issue of a stack's drift.

Both are found again by a mark in their text, so that a later report replaces the earlier one. The token comes from the
environment (GITHUB_TOKEN; GITLAB_TOKEN in GitLab, where a job's own token may not write comments).
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import httpx2

TIMEOUT = 30.0
"""Seconds for one request."""
LABEL = "leafrack-drift"
IN_SYNC = "In sync again: nothing differs, every session and route is as expected."


class ForgeError(Exception):
    """Why a report could not be posted, in a line."""


class Forge(Protocol):
    """What leafrack needs of GitHub or GitLab. An item is a comment or an issue: number, text."""

    def comments(self) -> Iterator[tuple[int, str]]:
        """Our own comments of the merge request that the job runs for."""

    def comment(self, text: str, number: int | None) -> None:
        """Write a comment to it, or another text into one of ours."""

    def issues(self) -> Iterator[tuple[int, str]]:
        """Open issues with our label."""

    def issue(self, title: str, text: str, number: int | None) -> None:
        """Open an issue, or give one another title and text."""

    def say(self, number: int, text: str, *, close: bool) -> None:
        """Write a comment to an issue; close it."""


class _Api:
    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self.client = httpx2.Client(base_url=url, headers=dict(headers), timeout=TIMEOUT)

    def ask(self, method: str, path: str, json: Any = None) -> httpx2.Response:
        try:
            answer = self.client.request(method, path, json=json)
        except httpx2.HTTPError as error:
            raise ForgeError(f"{method} {path}: {error}") from None
        if answer.is_error:
            said = answer.text.strip()[:200]
            raise ForgeError(f"{method} {path}: {answer.status_code} {said}: may the job's token do that? (docs/ci.md)")
        return answer

    def every(self, path: str) -> Iterator[dict[str, Any]]:
        """All pages of a list; both forges name the next one in the Link header (RFC 8288)."""
        following: str | None = path
        while following:
            answer = self.ask("GET", following)
            yield from answer.json()
            following = answer.links.get("next", {}).get("url")


class GitHub(_Api):
    """The repository that a workflow runs in, by its REST API."""

    def __init__(self, env: Mapping[str, str]) -> None:
        token = {"Authorization": f"Bearer {env['GITHUB_TOKEN']}", "Accept": "application/vnd.github+json"}
        super().__init__(env["GITHUB_API_URL"], token)
        self.repository = f"/repos/{env['GITHUB_REPOSITORY']}"
        self.ref = env["GITHUB_REF"]

    def comments(self) -> Iterator[tuple[int, str]]:
        """Comments that an app wrote: anybody could put our mark into one of their own."""
        for each in self.every(f"{self.repository}/issues/{self._pull()}/comments?per_page=100"):
            if each["user"]["type"] == "Bot":
                yield each["id"], each["body"]

    def comment(self, text: str, number: int | None) -> None:
        """A pull request's comments are those of its issue."""
        if number is None:
            self.ask("POST", f"{self.repository}/issues/{self._pull()}/comments", {"body": text})
        else:
            self.ask("PATCH", f"{self.repository}/issues/comments/{number}", {"body": text})

    def _pull(self) -> str:
        found = re.fullmatch(r"refs/pull/(\d+)/merge", self.ref)
        if found is None:
            raise ForgeError(f"{self.ref} is no pull request, so there is nothing to comment on")
        return found[1]

    def issues(self) -> Iterator[tuple[int, str]]:
        """Issues of the label, which only those with write access can give."""
        for each in self.every(f"{self.repository}/issues?state=open&labels={LABEL}&per_page=100"):
            yield each["number"], each["body"] or ""

    def issue(self, title: str, text: str, number: int | None) -> None:
        """The label is made with the first issue."""
        if number is None:
            self.ask("POST", f"{self.repository}/issues", {"title": title, "body": text, "labels": [LABEL]})
        else:
            self.ask("PATCH", f"{self.repository}/issues/{number}", {"title": title, "body": text})

    def say(self, number: int, text: str, *, close: bool) -> None:
        """A comment, then the state."""
        self.ask("POST", f"{self.repository}/issues/{number}/comments", {"body": text})
        if close:
            self.ask("PATCH", f"{self.repository}/issues/{number}", {"state": "closed"})


class GitLab(_Api):
    """The project that a pipeline runs in, by its REST API."""

    def __init__(self, env: Mapping[str, str]) -> None:
        super().__init__(env["CI_API_V4_URL"], {"PRIVATE-TOKEN": env["GITLAB_TOKEN"]})
        self.project = f"/projects/{env['CI_PROJECT_ID']}"
        self.merge_request = env.get("CI_MERGE_REQUEST_IID", "")

    def comments(self) -> Iterator[tuple[int, str]]:
        """Notes that the token's own user wrote."""
        me = self.ask("GET", "/user").json()["id"]
        for each in self.every(f"{self._notes()}?per_page=100"):
            if each["author"]["id"] == me:
                yield each["id"], each["body"]

    def comment(self, text: str, number: int | None) -> None:
        """A note of the merge request."""
        if number is None:
            self.ask("POST", self._notes(), {"body": text})
        else:
            self.ask("PUT", f"{self._notes()}/{number}", {"body": text})

    def _notes(self) -> str:
        if not self.merge_request:
            raise ForgeError("this pipeline has no merge request, so there is nothing to comment on")
        return f"{self.project}/merge_requests/{self.merge_request}/notes"

    def issues(self) -> Iterator[tuple[int, str]]:
        """Issues of the label, which only members can give."""
        for each in self.every(f"{self.project}/issues?state=opened&labels={LABEL}&per_page=100"):
            yield each["iid"], each["description"] or ""

    def issue(self, title: str, text: str, number: int | None) -> None:
        """The label is made with the first issue."""
        if number is None:
            self.ask("POST", f"{self.project}/issues", {"title": title, "description": text, "labels": LABEL})
        else:
            self.ask("PUT", f"{self.project}/issues/{number}", {"title": title, "description": text})

    def say(self, number: int, text: str, *, close: bool) -> None:
        """A note, then the state."""
        self.ask("POST", f"{self.project}/issues/{number}/notes", {"body": text})
        if close:
            self.ask("PUT", f"{self.project}/issues/{number}", {"state_event": "close"})


def post_comment(forge: Forge, stack: str, report: str) -> str:
    """The plan of a merge request: one comment, whatever is pushed."""
    mark = f"<!-- leafrack plan {stack} -->"
    number = next((number for number, text in forge.comments() if text.startswith(mark)), None)
    forge.comment(f"{mark}\n{report}", number)
    return "comment written" if number is None else "comment replaced"


def post_issue(forge: Forge, stack: str, report: str) -> str:
    """The drift of a stack: one open issue while there is any, closed by the check that finds none.

    Its text is always the latest report; a comment says so where that changed, for those who watch it.
    """
    mark = f"<!-- leafrack drift {stack} -->"
    number, before = next(((n, text) for n, text in forge.issues() if text.startswith(mark)), (None, ""))
    if not report.strip():
        if number is not None:
            forge.say(number, IN_SYNC, close=True)
            return f"issue {number} closed"
        return "no issue, none needed"
    text = f"{mark}\n{report}".rstrip()
    if before.replace("\r\n", "\n").rstrip() == text:
        return f"issue {number} says so already"
    forge.issue(report.partition("\n")[0].lstrip("# "), text, number)
    if number is None:
        return "issue opened"
    forge.say(number, "What differs has changed: see the description.", close=False)
    return f"issue {number} brought up to date"


def here(env: Mapping[str, str]) -> Forge:
    """The forge whose job this is."""
    try:
        return GitLab(env) if env.get("GITLAB_CI") else GitHub(env)
    except KeyError as error:
        raise ForgeError(f"{error.args[0]} is not set: see docs/ci.md") from None


def main(given: Sequence[str] | None = None) -> int:
    """Exit code: 0, or 1 with a line that says why nothing was posted."""
    parser = argparse.ArgumentParser(prog="python -m ci.forge", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("kind", choices=("comment", "issue"))
    parser.add_argument("stack")
    parser.add_argument("report", type=Path)
    chosen = parser.parse_args(given)
    post = post_comment if chosen.kind == "comment" else post_issue
    try:
        print(post(here(os.environ), chosen.stack, chosen.report.read_text(encoding="utf-8")))
    except (ForgeError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
