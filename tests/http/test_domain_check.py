"""Whether a server's own domain leads here, asked of real name servers and by real TLS."""

import ssl
from contextlib import contextmanager
from dataclasses import replace

from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from tests.certificates import make_certificate
from tests.dashboard import app, owner, said, site
from tests.dns_server import name_server
from tests.local_names import local_names
from tests.serving import served
from walkthroughs.identity.outside_http import OutsideHttp
from walkthroughs.mcp_server.domain_check import DomainCheck, check_domain, note_check
from walkthroughs.mcp_server.endpoint import build_endpoint
from walkthroughs.models import AuditEvent, McpServer
from walkthroughs.runtime import Runtime, attach

__all__ = ["app", "local_names", "owner", "site"]
DOMAIN, RECORD = "learn.localhost", "_handrail.learn.localhost"


@contextmanager
def asked(app, tmp_path, *names):
    """Serve *app* with a certificate for *names*; yield what looks at the domain there."""
    certificate = make_certificate(tmp_path, *names)
    context = ssl.create_default_context(cafile=certificate)
    with served(app, certificate=certificate) as origin, name_server({RECORD: "srv"}) as resolver:

        def look(settings, server_id="srv", domain=DOMAIN, http=None):
            http = http or OutsideHttp(lambda _: True, context)
            port = int(origin.rpartition(":")[2])
            return check_domain(
                settings, domain, server_id, resolver=resolver, http=http, port=port
            )

        yield look


def test_a_domain_that_leads_here_is_told_from_one_that_leads_elsewhere(
    database, settings, tmp_path, local_names
):
    endpoint = build_endpoint(database, settings)
    with asked(
        Starlette(routes=endpoint.routes, lifespan=lambda _: endpoint.lifespan()), tmp_path, DOMAIN
    ) as look:
        assert look(settings) == DomainCheck(True, None, None)
        assert look(settings, "srv_other") == DomainCheck(False, None, None)
        assert look(replace(settings, trust_domains=True), "srv_other").is_proved
        astray = look(settings, domain="elsewhere.localhost")
        assert "certificate of elsewhere.localhost is no good" in astray.fault
        assert not astray.is_proved
        assert "is not on the Internet" in look(settings, http=OutsideHttp()).fault

    def teapot(_):
        return JSONResponse({"error": "no"}, 418)

    with asked(Starlette(routes=[Route("/mcp", teapot)]), tmp_path, DOMAIN) as look:
        assert (
            look(settings).fault
            == f"Something else answers at {DOMAIN} (status 418). Point it here."
        )


def test_a_host_without_tls_or_without_an_answer_is_named(settings, local_names):
    shown = Starlette(routes=[Route("/", lambda _: PlainTextResponse("hello"))])
    http = OutsideHttp(lambda _: True)
    with served(shown) as origin, name_server({}) as resolver:
        port = int(origin.rpartition(":")[2])
        told = check_domain(settings, DOMAIN, "srv", resolver=resolver, http=http, port=port)
        assert "without TLS" in told.fault
    with name_server({}) as resolver:
        told = check_domain(settings, DOMAIN, "srv", resolver=resolver, http=http, port=port)
        assert "does not answer" in told.fault
        unknown = "nowhere.invalid"
        told = check_domain(settings, unknown, "srv", resolver=resolver, http=http, port=port)
        assert "has no address yet" in told.fault


def test_the_page_shows_what_was_found_and_a_domain_that_is_proved_is_served(
    app, owner, site, database, settings
):
    tab, domain = "/o/acme/admin/servers/acme/?tab=settings", "learn.acme.example"
    with database.transaction() as session:
        session.get_one(McpServer, site["acme"][1]).custom_domain = domain
    assert "Nobody has looked yet" in said(owner.get(tab))
    for found, badge, words in (
        (DomainCheck(False, None, "It has no address."), "Not verified", "It has no address."),
        (DomainCheck(True, None, "It has no address."), "not pointing here", "It has no address."),
        (DomainCheck(True, None, None), "Served", "It leads here, and its certificate is good."),
        (DomainCheck(False, "They are silent.", None), "Served", "It leads here"),
    ):
        with app.app_context(), app.extensions["handrail"].database.transaction() as session:
            row = session.get_one(McpServer, site["acme"][1])
            note_check(session, settings, row, "another.example", found)
            note_check(session, settings, row, domain, found)
        shown = said(owner.get(tab))
        assert badge in shown
        assert words in shown
        astray = "Domain not pointing here" in said(owner.get("/o/acme/admin/servers/"))
        assert astray == (badge == "not pointing here")
    with database.transaction() as session:
        assert session.query(AuditEvent).filter_by(verb="server.verify").count() == 1
        row = session.get_one(McpServer, site["acme"][1])
        row.custom_domain = "other.example"
        assert (row.domain_verified_at, row.domain_checked_at, row.domain_fault) == (None,) * 3


def test_an_owner_looks_now_and_reads_what_is_wrong(app, owner, site, database, settings):
    parts = app.extensions["handrail"]
    attach(app, Runtime(replace(settings, trust_domains=True), parts.database))
    tab = "/o/acme/admin/servers/acme/?tab=settings"
    look = "/o/acme/admin/servers/acme/settings/domain"
    assert owner.post(look, page=tab).status_code == 404  # it has none
    with database.transaction() as session:
        session.get_one(McpServer, site["acme"][1]).custom_domain = "nowhere.invalid"
    assert owner.post(look, page=tab).status_code == 303
    shown = said(owner.get(tab))
    assert "nowhere.invalid has no address yet" in shown
    assert "Domain not pointing here" in shown
