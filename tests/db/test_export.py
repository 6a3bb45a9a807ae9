"""Content out of the database, as the command writes it."""

import pytest

from app import create_app
from tests.builders import content, organization, problems_in, server, step, texts, walkthrough
from walkthroughs.models import Walkthrough


@pytest.fixture
def export(settings, database):
    app = create_app(settings)

    def run(folder, *which):
        args = ["walkthroughs", "export", *which, str(folder)]
        return app.test_cli_runner().invoke(args=args)

    yield run
    app.extensions["handrail"].database.close()


@pytest.fixture
def stored(database):
    wanted = content(steps=(step("one", section="Start", verify="It runs."), step("two")))
    with database.transaction() as session:
        org = organization(session)
        walkthrough(session, org.id, wanted, server_id=server(session, org.id).id)
        foreign = organization(session, "other")
        walkthrough(session, foreign.id, content(id="secret"))
    return wanted


def test_the_command_writes_what_the_parser_reads_back(export, stored, tmp_path):
    done = export(tmp_path, "--organization", "acme")
    files = {
        path.relative_to(tmp_path).as_posix(): path.read_bytes()
        for path in tmp_path.rglob("*")
        if path.is_file()
    }

    assert done.exit_code == 0, done.output
    assert problems_in(tmp_path) == ()
    (authored,) = texts(files)
    assert (authored.content, authored.is_published, authored.servers) == (stored, True, ("acme",))


def test_the_command_overwrites_nothing(export, stored, tmp_path):
    export(tmp_path, "--organization", "acme")
    manifest = tmp_path / "walkthroughs" / "deploy" / "walkthrough.yml"
    manifest.write_text("mine")
    done = export(tmp_path, "--organization", "acme")

    assert done.exit_code == 1
    assert "nothing was written" in done.output
    assert manifest.read_text() == "mine"


def test_one_walkthrough_is_exported_by_its_id(export, stored, database, tmp_path):
    with database.transaction() as session:
        row = session.query(Walkthrough).filter_by(external_id="deploy").one().id
    done = export(tmp_path, row)

    assert (done.exit_code, len(list(tmp_path.rglob("*.md")))) == (0, 2)
    assert "no live walkthrough" in export(tmp_path / "other", "wt_nowhere").output
