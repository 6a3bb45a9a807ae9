"""An author asks the running application what merging a folder would change."""

from __future__ import annotations

import json
import re
import socket
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from click.testing import CliRunner
from sqlalchemy import text

from app import build_app, create_app
from sync.commands.content import lint_command
from sync.format.folder import read_folder
from sync.merge_check.client import TOKEN
from sync.merge_check.upload import MAX_BYTES, pack
from sync.planning.report import describe
from sync.sync_source import plan_source
from tests.authors import SyncedSource
from tests.builders import problems_in
from tests.serving import served
from walkthroughs.crypto import hash_token
from walkthroughs.learning import progress
from walkthroughs.learning.content_cache import ContentCache
from walkthroughs.models import Base, ContentSource

EXAMPLE = Path(__file__).parents[2] / "content_repo_example"
KNOWN = "x" * 43


def lint_against(folder, address, token, *options):
    arguments = [str(folder), "--against", address, *options]
    return CliRunner().invoke(lint_command, arguments, env={TOKEN: token})


class AuthorMachine:
    """An author's machine: a folder that nobody has committed, and a token to ask with."""

    def __init__(self, synced, folder, origin):
        self.synced, self.folder, self.origin = synced, folder, origin
        self.address = f"{origin}/check/{synced.source_id}"
        self.token = self.make_token()

    def make_token(self):
        runner = create_app(self.synced.settings).test_cli_runner()
        made = runner.invoke(args=["sync", "source", "check-token", "content"])
        assert f"/check/{self.synced.source_id}\n" in made.output
        return re.search(r"Token +([\w-]+)", made.output)[1]

    def lint(self, *options, against=None, token=None):
        asked, known = against or self.address, self.token if token is None else token
        return lint_against(self.folder, asked, known, *options)

    def plan(self):
        """Return what the server says, and whether the check passes."""
        found = self.lint("--json")
        return json.loads(found.stdout)["plan"], found.exit_code == 0

    def post(self, body, token=None, **headers):
        sent = {"Authorization": f"Bearer {token or self.token}"} | headers
        return httpx.post(self.address, content=body, headers=sent, timeout=60)


@pytest.fixture
def machine(synced):
    """The folder of the source's author, and an application that would poll once an hour."""
    slow = replace(synced.settings, poll_seconds=3600)
    with served(build_app(slow, create_app(slow))) as origin:
        yield AuthorMachine(synced, synced.author.folder, origin)


def everything(database):
    with database.transaction() as session:
        return {
            name: session.execute(text(f'SELECT xmin::text, * FROM "{name}"')).all()
            for name in Base.metadata.tables
        }


def test_the_plan_and_what_it_means_for_learners_is_printed_and_nothing_is_written(machine):
    machine.synced.select()
    machine.synced.author.write("two", "three")
    before = everything(machine.synced.database)
    found = machine.lint()

    assert found.exit_code == 0, found.output
    assert found.stdout.splitlines() == [
        "content: 1 change(s)",
        '  update   deploy  1 -> 2  1 step removed ("One").',
        "  1 learner is on step 'one', which goes away; they continue at 'two'",
    ]
    assert everything(machine.synced.database) == before


def test_what_a_check_says_is_what_the_plan_says_once_it_is_merged(machine):
    synced = machine.synced
    synced.select()
    progress.select(
        synced.database, ContentCache(), synced.caller, synced.row("other").id, resume=True
    )
    synced.author.write("two", "four")
    synced.author.write("solo", name="new")
    synced.author.write(("bad", "", "<b>"), name="wrong")
    synced.drop("other")
    said, passes = machine.plan()
    synced.author.commit()
    run = plan_source(synced.database, synced.settings, synced.source_id)

    assert "commit" not in said
    assert (said["source"], said["fingerprint"], said["outcome"]) == ("content", None, None)
    assert said["impact"] == list(run.impact) != []
    assert said["problems"] == [str(problem) for problem in run.problems] != []
    assert said["approval_reasons"] == list(run.approval_reasons) != []
    assert said["changes"] == [describe(change) for change in run.changes]
    assert len(run.changes) == 3
    assert not passes


def test_nothing_to_change_is_said_and_passes(machine):
    found = machine.lint()

    assert (found.exit_code, found.stdout) == (0, "content: 0 change(s)\n")


def test_what_waits_for_approval_is_said_and_passes(machine):
    for name in ("deploy", "other"):
        machine.synced.drop(name)
    machine.synced.author.write("one", name="new")
    found = machine.lint()

    assert "  waits: it archives all 2 walkthroughs" in found.stdout.splitlines()
    assert "approve with" not in found.stdout  # only a commit can be approved
    assert found.exit_code == 0


def test_an_id_that_another_source_owns_is_a_problem_only_the_server_knows(machine):
    synced, organization_id = machine.synced, machine.synced.caller.organization_id
    with synced.database.transaction() as session:
        other = ContentSource(organization_id=organization_id, name="guides", url="/nowhere")
        session.add(other)
        session.flush()
        session.execute(
            text("UPDATE walkthroughs SET source_id = :to WHERE external_id = 'other'"),
            {"to": other.id},
        )
    found = machine.lint()

    assert problems_in(machine.folder) == ()
    assert found.exit_code == 1
    assert found.stdout.splitlines()[1:] == [
        "  problem: walkthroughs/other/walkthrough.yml:1: "
        'the id "other" belongs to the content source "guides"; choose another'
    ]


def test_what_another_organization_has_of_the_same_id_is_not_in_the_way(machine, tmp_path):
    theirs = SyncedSource(
        machine.synced.database, machine.synced.settings, tmp_path / "theirs", slug="other"
    )
    theirs.author.write("a", "b", name="new")
    theirs.sync()
    theirs.author.repository.close()
    machine.synced.author.write("one", name="new")
    said, passes = machine.plan()

    assert said["changes"] == ["create   new  (1 steps)"]
    assert passes


MISTAKES = {
    "not UTF-8": {"steps/one.md": b"---\nid: one\ntitle: Caf\xe9\n---\nDo.\n"},
    "not UTF-8 at all": {"walkthrough.yml": bytes(range(256))},
    "UTF-16": {"steps/one.md": "---\nid: one\n---\n".encode("utf-16")},
    "half a character": {"steps/one.md": b"---\nid: one\ntitle: A\xed\xa0\x80\n---\nDo.\n"},
    "too large": {"steps/one.md": b"---\nid: one\ntitle: A\n---\n" + b"x" * 70_000},
    "a nul": {"steps/one.md": b"---\nid: one\ntitle: A\n---\na\0b\n"},
    "old line endings and a mistake": {"steps/one.md": b"---\rid: one\r---\r<b>\r"},
    "a mark of order": {"steps/one.md": b"\xef\xbb\xbf---\r\nid: one\r\n---\r\nDo.\r\n"},
    "a picture that is not there": {"steps/one.md": b"---\nid: one\ntitle: A\n---\n![a](b.png)\n"},
    "deep nesting": {"walkthrough.yml": b"id: " + b"[" * 500},
    "a key too many": {"walkthrough.yml": b"id: deploy\ntitel: A\n"},
    "nothing": {"walkthrough.yml": b""},
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_the_server_finds_the_mistakes_that_are_found_offline_and_no_others(machine, mistake):
    for name, data in mistake.items():
        (machine.folder / "walkthroughs" / "deploy" / name).write_bytes(data)
    told = [str(problem) for problem in problems_in(machine.folder)]
    said, passes = machine.plan()
    printed = machine.lint().stdout.splitlines()

    assert said["problems"] == told != []
    assert not passes
    assert printed == [*told, "content: 0 change(s)"]


def test_a_picture_needs_to_be_there_and_is_not_sent(machine):
    picture = machine.folder / "walkthroughs" / "deploy" / "steps" / "a.png"
    picture.write_bytes(b"\x89PNG" * 1000)
    machine.synced.author.write(("one", "", "![a](a.png)"), "two", "three")

    assert b"PNG" not in pack(read_folder(machine.folder))
    assert machine.plan()[1]


def test_without_a_token_of_the_source_all_get_one_answer(machine):
    body = pack(read_folder(machine.folder))
    with machine.synced.database.transaction() as session:
        owner = machine.synced.caller.organization_id
        bare = ContentSource(organization_id=owner, name="bare", url="/nowhere")
        session.add(bare)
        session.flush()
        tokenless = bare.id
    answers = [machine.post(body, token=KNOWN), machine.post(body, Authorization="")]
    answers.append(machine.post(body, Authorization=f"Basic {machine.token}"))
    for address in (tokenless, "src_nowhere"):
        machine.address = f"{machine.origin}/check/{address}"
        answers += [machine.post(body), machine.post(body, Authorization="Bearer")]

    assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}
    assert "walkthroughs" not in answers[0].text


def test_only_the_token_that_was_made_last_is_taken_and_only_its_hash_is_kept(machine):
    old, new = machine.token, machine.make_token()

    assert machine.lint(token=old).exit_code == 1
    assert machine.lint(token=new).exit_code == 0
    assert machine.synced.source().check_token_hash == hash_token(new)


def test_what_is_no_folder_of_content_is_told_so(machine):
    for body in (b"", b"[" * 100_000, b'{"files": {"README.md": ""}}', b'{"files": {}}'):
        answer = machine.post(body)
        assert (answer.status_code, list(answer.json())) == (400, ["error"])


def test_too_much_is_refused_before_it_is_parsed_and_strangers_are_told_nothing(machine):
    body = b" " * (MAX_BYTES + 1)

    assert machine.post(body).status_code == 413
    assert machine.post(body, token="x").status_code == 401


def test_too_much_is_told_with_what_to_do(machine):
    steps = machine.folder / "walkthroughs" / "deploy" / "steps"
    for number in range(MAX_BYTES // 65_000 + 1):
        (steps / f"{number}.md").write_bytes(b"x" * 65_000)
    found = machine.lint()

    assert found.exit_code == 1
    assert "larger than the 32 MiB that a server takes at once. Divide it" in found.stderr


@pytest.mark.parametrize(
    ("against", "token", "said"),
    [
        ("https://localhost/check/src_1", "", f"environment variable {TOKEN} is not set"),
        ("https://localhost/check/src_1", "two words", f"What {TOKEN} holds is not a token"),
        ("http://handrail.example/check/src_1", KNOWN, "not an https:// address"),
        ("http://localhost.example/check/src_1", KNOWN, "not an https:// address"),
        ("ftp://localhost/check/src_1", KNOWN, "not an https:// address"),
        ("handrail.example/check/src_1", KNOWN, "not an https:// address"),
        ("https://me:secret@localhost/check/src_1", KNOWN, "must not hold credentials"),
        ("https://[x/check", KNOWN, "not an address"),
    ],
)
def test_what_cannot_be_asked_is_one_line_with_what_to_do(against, token, said):
    found = lint_against(EXAMPLE, against, token)

    assert found.exit_code == 1
    assert said in found.stderr
    assert found.stderr.count("\n") == 2  # how many problems, and this
    assert not any(secret in found.output for secret in (KNOWN, "two words", "me:secret"))


def test_a_token_that_is_not_taken_is_one_line_without_the_token(machine):
    found = machine.lint(token=KNOWN)

    assert found.exit_code == 1
    assert "does not take this token, or knows no such content source" in found.stderr
    assert found.stderr.count("\n") == 2
    assert KNOWN not in found.output


def test_a_server_that_is_not_there_is_one_line_and_the_problems_are_told_all_the_same(tmp_path):
    (tmp_path / "walkthroughs" / "x").mkdir(parents=True)
    (tmp_path / "walkthroughs" / "x" / "walkthrough.yml").write_text("titel: X\n")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}/check/x"
    spoken = lint_against(tmp_path, nowhere, KNOWN)
    written = lint_against(tmp_path, nowhere, KNOWN, "--json")

    for found in (spoken, written):
        assert found.exit_code == 1
        assert "cannot be reached" in found.stderr.splitlines()[-1]
    assert "titel" in spoken.stdout
    assert json.loads(written.stdout)["plan"] is None
    assert json.loads(written.stdout)["problems"][0]["line"] == 1


def test_a_folder_without_walkthroughs_is_not_taken_for_the_end_of_all(tmp_path):
    found = lint_against(tmp_path, "https://localhost/check/x", KNOWN)

    assert found.exit_code == 1
    assert "nothing to compare" in found.stderr


@pytest.mark.parametrize(
    ("status", "headers", "body", "said"),
    [
        (302, {"Location": "https://elsewhere.example/"}, b"", "which is not followed"),
        (413, {}, b"<h1>Too large</h1>", "larger than the 32 MiB"),
        (404, {}, b"<h1>Not found</h1>", "did not answer with a plan (status 404)"),
        (502, {}, b"{}", "did not answer with a plan (status 502)"),
        (200, {}, b"<h1>Welcome</h1>", "did not answer with a plan (status 200)"),
        (200, {}, b'{"source": "x", "changes": "y"}', "did not answer with a plan (status 200)"),
        (200, {}, b"[" * 100_000, "did not answer with a plan (status 200)"),
        (400, {}, b'{"error": "No.\\n::error::No."}', "cannot compare this: No. ::error::No."),
    ],
)
def test_whatever_else_answers_is_one_line(status, headers, body, said):
    class Stranger(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(body))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Stranger) as stranger:
        thread = Thread(target=stranger.handle_request)
        thread.start()
        found = lint_against(EXAMPLE, f"http://127.0.0.1:{stranger.server_port}/check/x", KNOWN)
        thread.join(10)

    assert found.exit_code == 1
    assert said in found.stderr.splitlines()[-1]


def test_without_an_address_nobody_is_asked_and_the_facts_are_as_ever(tmp_path):
    found = CliRunner().invoke(lint_command, [str(tmp_path), "--json"])

    assert (found.exit_code, json.loads(found.stdout)) == (0, [])
