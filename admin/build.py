"""Add the dashboard to a Flask application."""

from __future__ import annotations

from flask import Blueprint, Flask
from flask_admin import Admin
from flask_admin.theme import Theme

from admin import formats
from admin.access import actors, memberships, protection, tenant_filter
from admin.access.memberships import ORGANIZATION_PAGES
from admin.access.sign_in import init_sign_in
from admin.pages.analytics.analytics_page import AnalyticsPage
from admin.pages.audit.audit_page import AuditPage
from admin.pages.editor.editor_page import EditorPage
from admin.pages.editor.file_page import FilePage
from admin.pages.editor.history_page import HistoryPage
from admin.pages.editor.pictures_page import PicturesPage
from admin.pages.editor.play_page import PlayPage
from admin.pages.editor.presence_page import PresencePage
from admin.pages.editor.propose_page import ProposePage
from admin.pages.editor.publish_page import PublishPage
from admin.pages.git.git_page import GitPage
from admin.pages.git.new_source_page import NewSourcePage
from admin.pages.git.settings_page import SourceSettingsPage
from admin.pages.home import HomeView
from admin.pages.learners.learners_page import LearnersPage
from admin.pages.live_page import LivePage
from admin.pages.members.account import account_pages
from admin.pages.members.invitations import invitation_pages
from admin.pages.members.lost_password import lost_password_pages
from admin.pages.members.member_list import MemberListPage
from admin.pages.members.password import password_pages
from admin.pages.servers.servers_page import ServersPage
from admin.pages.servers.settings_page import ServerSettingsPage
from admin.pages.walkthroughs.import_page import ImportPage
from admin.pages.walkthroughs.list_page import WalkthroughListPage
from admin.pages.walkthroughs.new_page import NewPage
from admin.tables.assignments import AssignmentView
from admin.tables.learners import AttemptView, LearnerView, LinkView, ProgressView
from admin.tables.members import MemberView
from admin.tables.servers import ServerView
from admin.tables.sign_ins import SignInView
from admin.tables.sources import RunView, SourceView
from admin.tables.steps import StepView
from admin.tables.versions import VersionView
from admin.tables.walkthroughs import WalkthroughView
from walkthroughs.addresses import ADMIN
from walkthroughs.audit import changes
from walkthroughs.audit import record as audit_record
from walkthroughs.content.markdown import without_pictures
from walkthroughs.database.pool import Database
from walkthroughs.ids import utc_text
from walkthroughs.models import db
from walkthroughs.settings import Settings


def build_admin(app: Flask, database: Database, settings: Settings) -> None:
    """Add the dashboard to *app*. It uses the pool of *database*, and no other."""
    _share_engine(app, database)
    tenant_filter.install(db.session)
    _record_changes()
    protection.install(app)
    memberships.install(app)
    init_sign_in(app, settings)
    app.jinja_env.filters.update(
        ago=formats.ago, counted=formats.counted, iso_time=formats.iso_time, utc_time=utc_text
    )
    app.jinja_env.filters["without_pictures"] = without_pictures
    app.register_blueprint(_own_files())
    for pages in (password_pages, account_pages, lost_password_pages, invitation_pages):
        app.register_blueprint(pages)
    admin = Admin(
        app,
        name="Handrail",
        url=ORGANIZATION_PAGES,
        index_view=HomeView(url=ORGANIZATION_PAGES),
        theme=Theme(folder="bootstrap4", base_template="handrail/base.html"),
    )
    for view in (
        WalkthroughListPage(),
        NewPage(),
        ImportPage(),
        EditorPage(),
        FilePage(),
        PicturesPage(),
        PlayPage(),
        ProposePage(),
        PresencePage(),
        PublishPage(),
        HistoryPage(),
        ServersPage(),
        ServerSettingsPage(),
        LearnersPage(),
        AnalyticsPage(),
        GitPage(),
        NewSourcePage(),
        SourceSettingsPage(),
        WalkthroughView(),
        StepView(),
        VersionView(),
        SourceView(),
        RunView(),
        ServerView(),
        AssignmentView(),
        LearnerView(),
        LinkView(),
        SignInView(),
        ProgressView(),
        AttemptView(),
        MemberView(),
        MemberListPage(),
        AuditPage(),
        LivePage(),
    ):
        admin.add_view(view)


def _record_changes() -> None:
    """Let the audit see what the dashboard's session writes, as the member who is signed in."""
    changes.install_once(db.session)
    db.session.session_factory.configure(info=audit_record.session_info(actors.current_actor))


def _share_engine(app: Flask, database: Database) -> None:
    """Let the dashboard's session draw from the pool of the process."""
    # Flask-SQLAlchemy always makes an engine. That one never connects: the assignment
    # below replaces it by the engine of the process, so that there is one pool, also
    # after the engine has dropped its connections and made a new pool.
    app.config["SQLALCHEMY_DATABASE_URI"] = "postgresql+psycopg2://"
    db.init_app(app)
    with app.app_context():
        db.engines[None] = database.engine  # type: ignore[index]  # a dict behind the Mapping


def _own_files() -> Blueprint:
    """Return the templates, and the style sheet and picture at `/admin/assets/`."""
    return Blueprint(
        "handrail",
        __name__,
        template_folder="templates",
        static_folder="static",
        static_url_path=f"{ADMIN}/assets",
    )
