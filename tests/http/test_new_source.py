"""Adding a content source step by step: each step is tried, and nothing is kept before the end."""

import threading
from dataclasses import replace

from admin.pages.git.sealed import Access, Owner, seal
from admin.pages.git.trials import trial
from sync.git.access import DEFAULT_TOKEN_USER
from sync.git.credentials import DeployKey, Token, decrypt_credential
from sync.git.host_keys import make_deploy_key
from sync.worker import check_source
from tests.dashboard import app, owner, site
from tests.git_hosts import PASSWORD
from tests.http.test_routes import state
from tests.new_source import Steps, host, hosted, settings
from tests.ssh_hosts import ssh_host
from tests.waiting import until
from walkthroughs.crypto import encrypt
from walkthroughs.identity import outside_waits
from walkthroughs.ids import now_ms
from walkthroughs.models import AuditEvent, ContentSource, User, Walkthrough

__all__ = ["app", "host", "hosted", "owner", "settings", "site"]


def stored(database):
    with database.transaction() as session:
        return session.query(ContentSource).all()


def owner_of(database, site, email="owner@acme.example"):
    with database.transaction() as session:
        return Owner(site["acme"][0], session.query(User).filter_by(email=email).one().id)


def test_a_public_repository_needs_three_pages_and_its_content_is_live(
    owner, hosted, database, settings, site
):
    hosted.host.trouble.append("open")
    steps = Steps(owner).send(url=hosted.url)
    assert 'value="main"' in steps.shown
    assert "Found: all of the repository." in steps.shown
    steps.send(branch="main", path="", name="Guides")
    assert "1 walkthrough would come in" in steps.shown
    assert "2 steps" in steps.shown
    assert stored(database) == []
    assert [each.name for each in (settings.data_dir / "git").iterdir()] == []

    steps.send()
    (row,) = stored(database)
    assert steps.location.endswith(f"/git/{row.id}/settings/webhook?new=1")
    assert (row.name, row.url, row.branch, row.path) == ("Guides", hosted.url, "main", "")
    assert (row.credential, row.held_at) == (None, None)
    check_source(database, settings, row.id)
    with database.transaction() as session:
        assert session.query(Walkthrough).filter_by(external_id="guide").one().version == 1
        event = session.query(AuditEvent).filter_by(verb="source.add").one()
        assert (event.actor, event.title) == ("owner@acme.example", "Guides")


def test_a_private_one_asks_for_a_token_and_says_what_is_wrong_with_it(
    owner, hosted, database, settings
):
    steps = Steps(owner).send(url=f"  {hosted.url} ")
    assert "it is private, or there is no such repository" in steps.shown
    assert "Paste the token." in steps.send(way="token", token="").shown
    steps.send(way="token", token="another")
    assert (steps.status, steps.step) == (422, "access")
    assert "does not take the token" in steps.shown
    assert "The token you pasted is kept" in steps.shown
    assert 'value="another"' not in steps.shown
    steps.send(way="token", token=PASSWORD).send(branch="main", path="", name="guides")
    steps.send(do="hold")
    (row,) = stored(database)
    credential = decrypt_credential(settings.secret_keys, row.credential)
    assert credential == Token(PASSWORD, DEFAULT_TOKEN_USER)
    assert row.held_by == "owner@acme.example"
    assert PASSWORD not in steps.shown


def test_a_deploy_key_is_made_and_the_hosts_own_key_is_shown(
    owner, hosted, database, settings, site
):
    with ssh_host(hosted.bare.parent) as (origin, accepted, host_key):
        url = f"{origin}{hosted.bare}"
        steps = Steps(owner).send(url=url)
        assert "ssh-ed25519 AAAA" in steps.shown
        assert "ssh-ed25519 SHA256:" in steps.shown
        assert "PRIVATE KEY" not in steps.shown
        steps.send(way="key")
        assert "does not take the deploy key" in steps.shown

        # The server takes another key than the one that was made: as if that one had been added.
        access = Access(url=url, way="key", key=accepted, known_hosts=host_key)
        sealed = seal(access, owner_of(database, site), settings.secret_key, now_ms())
        steps.send(sealed=sealed, way="key").send(branch="main", path="", name="guides").send()
    (row,) = stored(database)
    assert decrypt_credential(settings.secret_keys, row.credential) == DeployKey(accepted, host_key)


def test_what_cannot_be_read_is_refused_in_words_and_stays_in_the_field(owner, database):
    steps = Steps(owner)
    for url, why in (
        ("/etc", "Give an https:// or ssh:// address"),
        ("file:///etc", "Give an https:// or ssh:// address"),
        ("ext::sh -c id", "Give an https:// or ssh:// address"),
        ("http://x.example/x", "Give an https:// or ssh:// address"),
        ("https://me:word@x.example/x", "must not hold credentials"),
        ("https://nowhere.invalid/x", "cannot be found"),
        ("https://127.0.0.1:1/x", "does not answer"),
        ("ssh://git@127.0.0.1:1/x", "does not answer"),
        ("", "Give an https:// or ssh:// address"),
    ):
        steps.send(url=url)
        assert (steps.status, steps.step) == (422, "address"), url
        assert why in steps.shown, url
        assert f'value="{url}"' in steps.shown
    assert stored(database) == []


def test_what_a_host_answers_is_put_into_words(owner, hosted, database):
    steps = Steps(owner).send(url=hosted.url)
    for trouble, why in (
        ("https://127.0.0.1:1", "redirects are not followed"),
        (404, "knows no repository"),
        (503, "in trouble or too busy"),
        (403, "does not take the token"),
    ):
        hosted.host.trouble[:] = [trouble]
        steps.send(way="token", token=PASSWORD)
        assert (steps.status, steps.step) == (422, "access"), trouble
        assert why in steps.shown, trouble
    assert stored(database) == []


def test_an_address_inside_the_network_is_refused_where_the_operator_does_not_allow_it(
    app, owner, hosted, settings
):
    parts = app.extensions["handrail"]
    walled = replace(settings, allow_private_hosts=False)
    app.extensions["handrail"] = replace(parts, settings=walled)
    for url in (hosted.url, "ssh://git@127.0.0.1/x", "https://[::1]/x", "https://localhost/x"):
        assert "not a public address" in Steps(owner).send(url=url).shown
    assert hosted.host.asked == []


def test_a_silent_host_is_waited_for_so_long_and_no_connection_meanwhile(
    app, owner, hosted, settings
):
    parts = app.extensions["handrail"]
    steps = Steps(owner).send(url=hosted.url)
    app.extensions["handrail"] = replace(parts, settings=replace(settings, git_seconds=3.0))
    hosted.host.trouble.append("silent")
    hosted.host.asked.clear()
    busy = []

    def watch():
        until(lambda: hosted.host.asked)
        busy.append(parts.database.engine.pool.checkedout())

    watcher = threading.Thread(target=watch)
    watcher.start()
    steps.send(way="token", token=PASSWORD)
    watcher.join()

    assert "within 3 s" in steps.shown
    assert busy == [0]


def test_several_that_are_tried_at_once_are_enough(app, owner, hosted):
    with app.app_context(), trial(), trial(), trial(), trial():
        steps = Steps(owner).send(url=hosted.url)
    assert "The server is busy. Try again in a moment." in steps.shown
    assert Steps(owner).send(url=hosted.url).step == "access"


def test_who_waits_for_a_place_among_them_holds_no_connection(app, owner, hosted):
    database, busy = app.extensions["handrail"].database, []

    def watch():
        until(lambda: outside_waits._queued[outside_waits.Kind.REPOSITORY])
        busy.append(database.engine.pool.checkedout())

    watcher = threading.Thread(target=watch)
    watcher.start()
    with app.app_context(), trial(), trial(), trial(), trial():
        Steps(owner).send(url=hosted.url)
    watcher.join()
    assert busy == [0]


def test_what_the_pages_keep_is_good_for_one_member_for_some_time(
    owner, hosted, site, database, settings
):
    mine, now, key = owner_of(database, site), now_ms(), settings.secret_key
    access = Access(url=hosted.url, way="token", token="x" * 9, key=make_deploy_key(), name="n")
    another = owner_of(database, site, "owner@other.example")
    for sealed in (
        seal(access, another, key, now),
        seal(access, replace(mine, organization_id=site["other"][0]), key, now),
        seal(access, mine, key, now - 3 * 3_600_000),
        seal(replace(access, source_id="src_x"), mine, key, now),
        encrypt(key, '{"for": "access to a repository"}'),
        "made up",
    ):
        for step in ("access", "branch", "plan"):
            steps = Steps(owner).send(step=step, sealed=sealed)
            assert (steps.status, steps.step) == (422, "address")
            assert "Begin again" in steps.shown
    for step in ("access", "branch", "plan", "webhook", "nonsense"):
        assert Steps(owner).send(step=step).status in {200, 422}
    assert stored(database) == []


def test_a_branch_and_a_folder_are_found_typed_and_looked_at(owner, hosted, database):
    hosted.host.trouble.append("open")
    deep = hosted.author.folder / "docs" / "teaching"
    deep.mkdir(parents=True)
    (hosted.author.folder / "walkthroughs").rename(deep / "walkthroughs")
    hosted.push("moved")
    steps = Steps(owner).send(url=hosted.url)
    assert '<option value="moved">' in steps.shown
    steps.send(branch="moved", path="", name="guides")
    assert steps.step == "branch"
    assert "There is no folder" in steps.shown
    assert Steps(owner).send(step="plan", sealed=steps.sealed).step == "address"
    steps.send(branch="none-such", path="", name="guides")
    assert "There is no branch" in steps.shown
    assert 'value="none-such"' in steps.shown
    steps.send(branch="moved", path="/docs/teaching/", name="guides")
    assert "1 walkthrough would come in" in steps.shown
    steps.send(do="branch")
    assert 'value="docs/teaching"' in steps.shown
    steps.send(do="access")
    assert "Nothing is needed" in steps.shown
    assert stored(database) == []


def test_a_name_that_is_taken_is_refused_before_anything_is_fetched(owner, hosted, site, database):
    with database.transaction() as session:
        for slug in ("acme", "other"):
            session.add(ContentSource(organization_id=site[slug][0], url="https://x.example/x",
                                      name=f"of-{slug}"))  # fmt: skip
    hosted.host.trouble.append("open")
    steps = Steps(owner).send(url=hosted.url)
    for name, why in (("of-acme", "already"), ("", "a name of"), ("a\u202eb", "a name of")):
        assert why in steps.send(branch="main", path="", name=name).shown
    assert steps.send(branch="main", path="", name="of-other").step == "plan"


def test_mistakes_are_shown_before_anything_comes_in(owner, hosted, database):
    hosted.host.trouble.append("open")
    hosted.author.write(("bad", "level: 3\n", "Text."), name="wrong")
    hosted.push()
    steps = Steps(owner).send(url=hosted.url).send(branch="main", path="", name="guides")
    assert "1 walkthrough would come in" in steps.shown
    assert "walkthroughs/wrong/steps/bad.md:" in steps.shown
    assert "Copy for chat" in steps.shown


def test_pages_that_are_left_leave_nothing_behind(owner, hosted, database, settings):
    steps = Steps(owner)  # their first page notes when they were seen
    before = state(database)
    steps.send(url=hosted.url).send(way="token", token=PASSWORD)
    steps.send(branch="main", path="", name="guides")
    assert steps.step == "plan"
    assert state(database) == before
    assert list((settings.data_dir / "git").iterdir()) == []
