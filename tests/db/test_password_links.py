"""A link with which somebody chooses a password opens for a day, once, and for them alone."""

from types import SimpleNamespace

import itsdangerous.timed

from admin.access.members import add_member
from admin.access.passwords import account_of, link_token
from tests.dashboard import app, site
from walkthroughs.enums import Role
from walkthroughs.models import User, db

__all__ = ["app", "site"]
DAY = 24 * 3600


def test_a_link_opens_for_a_day_until_the_password_changes_and_in_no_other_organization(
    app, site, database, settings, monkeypatch
):
    now = [2_000_000_000]
    monkeypatch.setattr(itsdangerous.timed, "time", SimpleNamespace(time=lambda: now[0]))
    (acme, *_), (other, *_) = site["acme"], site["other"]
    with app.test_request_context():
        user = db.session.query(User).filter_by(email="owner@acme.example").one()

        def opens(token, seconds=0):
            now[0] = 2_000_000_000 + seconds
            found = account_of(settings, token)
            now[0] = 2_000_000_000
            assert found is None or found.id == user.id
            return found is not None

        whole, limited, wrong = (link_token(settings, user, each) for each in (None, acme, other))
        assert [opens(whole, each) for each in (0, DAY, DAY + 1)] == [True, True, False]
        assert [opens(each) for each in (limited, wrong, "x", whole[:-1])] == [True, *[False] * 3]
        nobody = User(id="usr_none", email="x", password="x", fs_uniquifier="y")
        assert not opens(link_token(settings, nobody))
        with database.transaction() as session:
            add_member(session, "other", user.email, Role.VIEWER)
        assert [opens(each) for each in (whole, limited, wrong)] == [True, False, False]
        user.password = "another"
        assert not opens(whole)
        db.session.rollback()
