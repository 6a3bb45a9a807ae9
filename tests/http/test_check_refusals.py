"""What cannot be asked is told in one line, and nothing of others."""

from __future__ import annotations

import json
import socket
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from click.testing import CliRunner

from sync.commands.lint import lint_command
from sync.format.folder import read_folder
from sync.merge_check.client import TOKEN
from sync.merge_check.upload import MAX_BYTES, pack
from tests.checking import EXAMPLE, KNOWN, lint_against, machine
from tests.waiting import PATIENCE
from walkthroughs.crypto import hash_token
from walkthroughs.models import ContentSource

__all__ = ["machine"]


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
        thread.join(PATIENCE)

    assert found.exit_code == 1
    assert said in found.stderr.splitlines()[-1]


def test_without_an_address_nobody_is_asked_and_the_facts_are_as_ever(tmp_path):
    found = CliRunner().invoke(lint_command, [str(EXAMPLE), "--json"])

    assert (found.exit_code, json.loads(found.stdout)) == (0, [])
