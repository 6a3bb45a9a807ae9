"""Pictures are stored with the walkthrough that names them, once, and kept."""

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError

from sync.apply import PlanWriter
from sync.fence import take_fence
from sync.format.parse_result import ParseResult, WantedWalkthrough
from sync.planning.current import read_live
from sync.planning.plan import diff
from sync.staging import open_staging
from tests.builders import content, organization, problems_in, step, walkthrough
from tests.pictures import stored_picture
from walkthroughs.content.pictures import MAX_PICTURE_BYTES
from walkthroughs.content.values import AuthoredWalkthrough
from walkthroughs.database import migrations
from walkthroughs.enums import OnRewrite
from walkthroughs.models import Walkthrough, WalkthroughImage
from walkthroughs.publishing.origin import Origin
from walkthroughs.publishing.pictures import read_pictures, store_pictures

FOX, OWL = stored_picture(0), stored_picture(1)


def authored(*pictures, id="birds", more=""):
    words = f"Look.{more}" + "".join(f"\n\n![A bird](i/{picture.name})" for picture in pictures)
    return AuthoredWalkthrough(
        content(id=id, steps=(step("look", content=words),)), True, ("acme",), pictures
    )


def apply(synced, *wanted):
    """Carry out what a commit of these walkthroughs changes."""
    owner, source = synced.caller.organization_id, synced.source()
    with open_staging() as staging:
        parsed = ParseResult(
            tuple(
                WantedWalkthrough(each.content.outline(), True, each.servers, staging.add(each))
                for each in wanted
            ),
            (),
            frozenset(),
            complete=False,
        )
        with synced.database.transaction() as session:
            live = read_live(session, owner, source.id)
        fence = take_fence(synced.database, source)
        writer = PlanWriter(synced.database, owner, Origin(source.id), staging, fence)
        with writer.early_import() as early:
            writer.write(diff(parsed, live), early, read=())


def stored(database):
    """Author id of the walkthrough, name and bytes of each picture."""
    with database.transaction() as session:
        rows = session.query(WalkthroughImage, Walkthrough.external_id).join(
            Walkthrough, Walkthrough.id == WalkthroughImage.walkthrough_id
        )
        return {(name, f"{row.sha256}.{row.extension}", row.data) for row, name in rows}


def test_pictures_come_with_a_new_walkthrough_and_with_each_change(synced, database):
    apply(synced, authored(FOX))
    assert stored(database) == {("birds", FOX.name, FOX.data)}

    apply(synced, authored(FOX, OWL))
    assert stored(database) == {("birds", p.name, p.data) for p in (FOX, OWL)}


def test_pictures_stay_when_no_step_names_them_and_when_the_walkthrough_is_archived(
    synced, database
):
    apply(synced, authored(FOX))
    apply(synced, authored(OWL))
    synced.run()

    assert synced.row("birds").archived_at is not None
    assert stored(database) == {("birds", p.name, p.data) for p in (FOX, OWL)}


def test_many_new_walkthroughs_come_with_their_pictures(synced, database):
    many = [authored(FOX, OWL, id=f"birds-{number}") for number in range(30)]
    plain = [AuthoredWalkthrough(content(id=f"plain-{number}")) for number in range(30)]
    apply(synced, *(each for pair in zip(many, plain, strict=True) for each in pair))

    assert stored(database) == {
        (each.content.id, p.name, p.data) for each in many for p in (FOX, OWL)
    }


def test_bytes_that_are_there_are_not_sent_again(synced, database):
    apply(synced, authored(FOX))
    sent = []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        if "INTO walkthrough_images" in statement:
            sent.append(parameters["sha256"])

    event.listen(database.engine, "before_cursor_execute", note)
    apply(synced, authored(FOX, OWL, more=" And listen."))

    assert sent == [OWL.sha256]


def test_a_picture_goes_with_its_organization_and_refers_to_no_walkthrough_of_another(database):
    with database.transaction() as session:
        acme, other = organization(session, "acme").id, organization(session, "other").id
        mine, theirs = walkthrough(session, acme), walkthrough(session, other)
        store_pictures(session, acme, mine, [FOX])
        store_pictures(session, other, theirs, [OWL])
        assert read_pictures(session, acme, mine, [FOX.name, OWL.name]) == (FOX,)
        assert read_pictures(session, acme, theirs, [OWL.name]) == ()
        assert read_pictures(session, acme, mine, [f"{FOX.sha256}.gif"]) == ()
    with pytest.raises(IntegrityError), database.transaction() as session:
        store_pictures(session, acme, theirs, [FOX])
    with database.transaction() as session:
        session.execute(text("DELETE FROM organization WHERE slug = 'other'"))
        assert session.query(WalkthroughImage.sha256).all() == [(FOX.sha256,)]


def test_the_database_refuses_more_than_a_mebibyte(database):
    with database.transaction() as session:
        owner = organization(session).id
        keys = {"organization_id": owner, "walkthrough_id": walkthrough(session, owner)}
        whole = bytes(MAX_PICTURE_BYTES)
        session.add(WalkthroughImage(**keys, sha256="a", extension="png", data=whole))
    with pytest.raises(IntegrityError), database.transaction() as session:
        session.add(WalkthroughImage(**keys, sha256="b", extension="png", data=whole + b"x"))


def test_an_export_has_the_pictures_that_are_named_now(synced, database, flask, tmp_path):
    apply(synced, authored(FOX))
    apply(synced, authored(OWL))
    flask("walkthroughs", "export", synced.row("birds").id, str(tmp_path / "out"))
    steps = tmp_path / "out" / "walkthroughs" / "birds" / "steps"

    assert [path.name for path in (steps / "i").iterdir()] == [OWL.name]
    assert (steps / "i" / OWL.name).read_bytes() == OWL.data
    assert problems_in(tmp_path / "out") == ()


@pytest.mark.parametrize("policy", OnRewrite)
def test_after_the_upgrade_every_folder_is_read_again(synced, database, policy):
    synced.set(on_rewrite=policy)
    commit = synced.source().synced_commit
    with database.transaction() as session:
        # What this release makes of the files, and an earlier one did not.
        session.execute(text("UPDATE walkthroughs SET digest = 'old'"))
        session.execute(text("UPDATE walkthrough_steps SET content = 'Old.'"))
    assert synced.plan().changes == ()
    migrations.downgrade(database, "0017")
    migrations.upgrade(database)

    assert len(synced.plan().changes) == 2
    assert synced.source().synced_commit == (None if policy is OnRewrite.WARN else commit)
    synced.run()
    assert synced.plan().changes == ()
    assert synced.source().synced_commit == commit
