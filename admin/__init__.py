"""The dashboard: sign-in and Flask-Admin pages, each scoped to one organization."""

from __future__ import annotations

from flask import Blueprint, Flask, g
from flask_admin import Admin
from flask_admin.theme import Bootstrap4Theme

from admin import guard
from admin.base import HomeView
from admin.content import StepView, WalkthroughView
from admin.sign_in import init_sign_in
from admin.tables import (
    AssignmentView,
    LearnerView,
    MemberView,
    ProgressView,
    ServerView,
    SourceView,
    VersionView,
)
from walkthroughs.db import Database
from walkthroughs.models import db
from walkthroughs.settings import Settings


def build_admin(app: Flask, database: Database, settings: Settings) -> None:
    """Add the dashboard to *app*. Its session opens connections as *database* does."""
    app.config.update(
        SQLALCHEMY_DATABASE_URI="postgresql+psycopg2://",
        SQLALCHEMY_ENGINE_OPTIONS={"creator": database.open},
    )
    db.init_app(app)
    guard.install(db.session)
    init_sign_in(app, settings)
    app.register_blueprint(Blueprint("handrail", __name__, template_folder="templates"))
    admin = Admin(
        app,
        name="Handrail",
        index_view=HomeView(),
        theme=Bootstrap4Theme(),
        csp_nonce_generator=lambda: g.nonce,
    )
    for view in (
        WalkthroughView(),
        StepView(),
        ServerView(),
        AssignmentView(),
        LearnerView(),
        ProgressView(),
        VersionView(),
        SourceView(),
        MemberView(),
    ):
        admin.add_view(view)
