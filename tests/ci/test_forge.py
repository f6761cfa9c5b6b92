"""Comments and issues, against a stand-in for the two forges that keeps what it is told."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ci import forge

TOKEN = "token-that-nobody-sees"
REPORT = "### Stack prod is not what it was made to be\n\n- node1 ↔ leaf01 – away\n"


class Site(ThreadingHTTPServer):
    """GitHub and GitLab in a few lines: one merge request (7), issues, comments, pages of two."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.comments: list[dict[str, Any]] = []
        self.issues: list[dict[str, Any]] = []
        self.said: list[tuple[int, str]] = []
        self.refuse = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/api"


class Handler(BaseHTTPRequestHandler):
    server: Site

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        pass

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        self._answer(self._body())

    do_PATCH = do_PUT = do_POST  # noqa: N815

    def _body(self) -> dict[str, Any]:
        return dict(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _answer(self, body: dict[str, Any]) -> None:
        url = urlsplit(self.path)
        allowed = self.headers["Authorization"] == f"Bearer {TOKEN}" or self.headers["PRIVATE-TOKEN"] == TOKEN
        if self.server.refuse or not allowed:
            return self._send({"message": "Resource not accessible"}, 403)
        path = url.path.removeprefix("/api").removeprefix("/repos/dc/fabric").removeprefix("/projects/5")
        listed, page = self._route(path, body), int(parse_qs(url.query).get("page", ["1"])[0])
        if not isinstance(listed, list) or self.command != "GET":
            return self._send(listed, 200)
        more = f'<{self.server.url}{path_of(url.path)}?page={page + 1}>; rel="next"' if len(listed) > page * 2 else ""
        return self._send(listed[page * 2 - 2 : page * 2], 200, more)

    def _route(self, path: str, body: dict[str, Any]) -> Any:
        site = self.server
        if path == "/user":
            return {"id": 3}
        if found := re.fullmatch(r"/(?:issues/7/comments|merge_requests/7/notes)", path):
            if self.command == "POST":
                site.comments.append(written(len(site.comments) + 100, body["body"]))
            return site.comments
        if found := re.fullmatch(r"/(?:issues/comments|merge_requests/7/notes)/(\d+)", path):
            (one,) = [each for each in site.comments if each["id"] == int(found[1])]
            return one.update(body)
        if path == "/issues":
            if self.command == "POST":
                number = len(site.issues) + 40
                site.issues.append({"number": number, "iid": number, "state": "open", "body": "", **renamed(body)})
            return [each for each in site.issues if each["state"] == "open"]
        if found := re.fullmatch(r"/issues/(\d+)/(?:comments|notes)", path):
            return site.said.append((int(found[1]), body["body"]))
        found = re.fullmatch(r"/issues/(\d+)", path)
        assert found, path
        (one,) = [each for each in site.issues if each["number"] == int(found[1])]
        return one.update(renamed(body))

    def _send(self, value: Any, status: int, link: str = "") -> None:
        text = json.dumps(value).encode()
        self.send_response(status)
        if link:
            self.send_header("Link", link)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def path_of(path: str) -> str:
    return path.removeprefix("/api")


def renamed(body: dict[str, Any]) -> dict[str, Any]:
    text = body.get("body", body.get("description"))
    both = {} if text is None else {"body": text, "description": text}
    state = {"state": "closed"} if body.get("state") == "closed" or body.get("state_event") == "close" else {}
    return {**{key: value for key, value in body.items() if key not in ("state", "state_event")}, **both, **state}


def written(number: int, text: str, *, ours: bool = True) -> dict[str, Any]:
    by = {"user": {"type": "Bot" if ours else "User"}, "author": {"id": 3 if ours else 4}}
    return {"id": number, "body": text, **by}


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as own:
        thread = threading.Thread(target=own.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield own
        own.shutdown()
        thread.join()


@pytest.fixture(params=["GitHub", "GitLab"])
def job(request: pytest.FixtureRequest, site: Site, monkeypatch: pytest.MonkeyPatch) -> str:
    """The environment of a job of a merge request."""
    for name in ("GITLAB_CI", "GITHUB_TOKEN", "GITLAB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    github = {"GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": site.url, "GITHUB_REPOSITORY": "dc/fabric",
              "GITHUB_REF": "refs/pull/7/merge"}  # fmt: skip
    gitlab = {"GITLAB_CI": "true", "GITLAB_TOKEN": TOKEN, "CI_API_V4_URL": site.url, "CI_PROJECT_ID": "5",
              "CI_MERGE_REQUEST_IID": "7"}  # fmt: skip
    for name, value in (github if request.param == "GitHub" else gitlab).items():
        monkeypatch.setenv(name, value)
    return str(request.param)


def post(folder: Path, kind: str, text: str, stack: str = "prod") -> int:
    file = folder / "report.md"
    file.write_text(text, encoding="utf-8")
    return forge.main([kind, stack, str(file)])


def test_the_plan_is_one_comment_however_often_it_is_pushed(job: str, site: Site, tmp_path: Path) -> None:
    # Others have written before us, one of them with our mark; ours is on the second page.
    mark = "<!-- leafrack plan prod -->"
    site.comments += [written(n, f"{mark} look at me", ours=False) for n in (1, 2, 3)]
    assert post(tmp_path, "comment", "### Stack prod: 1 to update\n") == 0
    assert post(tmp_path, "comment", "### Stack prod: 2 to update\n") == 0
    assert [each["body"] for each in site.comments[3:]] == [f"{mark}\n### Stack prod: 2 to update\n"]
    assert {each["body"] for each in site.comments[:3]} == {f"{mark} look at me"}


def test_each_stack_has_a_comment_of_its_own(job: str, site: Site, tmp_path: Path) -> None:
    for stack in ("prod", "lab", "prod"):
        assert post(tmp_path, "comment", "### x\n", stack) == 0
    assert len(site.comments) == 2


def test_drift_is_one_issue_from_the_check_that_finds_it_to_the_one_that_finds_none(
    job: str, site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert post(tmp_path, "issue", "") == 0
    assert site.issues == []
    for text in (REPORT, REPORT, REPORT.replace("node1", "node2")):
        assert post(tmp_path, "issue", text) == 0
    (issue,) = site.issues
    assert issue["title"] == "Stack prod is not what it was made to be"
    assert "node2 ↔ leaf01" in issue["body"]
    assert "leafrack-drift" in issue["labels"]
    assert len(site.said) == 1
    assert post(tmp_path, "issue", "") == 0
    assert issue["state"] == "closed"
    assert site.said[-1] == (40, forge.IN_SYNC)
    # What differs after that is another story.
    assert post(tmp_path, "issue", REPORT) == 0
    assert [each["state"] for each in site.issues] == ["closed", "open"]
    assert capsys.readouterr().out.splitlines() == [
        "no issue, none needed", "issue opened", "issue 40 says so already", "issue 40 brought up to date",
        "issue 40 closed", "issue opened",
    ]  # fmt: skip


def test_the_issue_of_another_stack_stays_as_it_is(job: str, site: Site, tmp_path: Path) -> None:
    assert post(tmp_path, "issue", REPORT, "lab") == 0
    assert post(tmp_path, "issue", "", "prod") == 0
    assert [each["state"] for each in site.issues] == ["open"]


def test_what_the_forge_refuses_is_one_line_without_the_token(
    job: str, site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site.refuse = True
    assert post(tmp_path, "issue", REPORT) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert '403 {"message": "Resource not accessible"}: may the job\'s token do that? (docs/ci.md)' in err
    assert TOKEN not in err


@pytest.mark.parametrize("missing", ["TOKEN", "REF or IID", "report"])
def test_what_the_job_does_not_give_is_named(
    missing: str, job: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if missing == "report":
        assert forge.main(["comment", "prod", str(tmp_path / "none.md")]) == 1
        assert "none.md" in capsys.readouterr().err
        return
    if missing == "TOKEN":
        monkeypatch.delenv(f"{job.upper()}_TOKEN")
        said = f"{job.upper()}_TOKEN is not set"
    else:
        monkeypatch.setenv("GITHUB_REF", "refs/heads/main")
        monkeypatch.delenv("CI_MERGE_REQUEST_IID", raising=False)
        said = "nothing to comment on"
    assert post(tmp_path, "comment", REPORT) == 1
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
