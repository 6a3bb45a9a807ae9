"""The pages of a sign-in in a real browser: without scripts, by keyboard, in each look."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PATIENCE_MS, faults
from tests.callbacks import callback
from tests.certificates import make_certificate
from tests.openid import NAME, provider_served, school_served
from tests.signing_in import LEA, academy, redeem

__all__ = ["academy"]


@pytest.fixture
def app():
    with callback() as made:
        yield made


@pytest.fixture
def url(academy, app):
    client_id = academy.register(redirect_uris=[app.url])["client_id"]
    return academy.authorize_url(client_id, redirect_uri=app.url)


def test_a_learner_signs_in_by_keyboard_and_without_scripts_and_the_app_gets_the_answer(
    browser, academy, app, url
):
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(url)
    expect(page.get_by_label("E-mail address")).to_be_focused()  # by itself, after the page is read
    page.keyboard.type(LEA)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Code")).to_be_focused()
    page.keyboard.type(academy.mailbox.code())
    page.keyboard.press("Enter")
    expect(page.get_by_text("an app on this computer")).to_be_visible()
    page.get_by_role("button", name="Allow").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You can close this")).to_be_visible()
    answer = app.answer()
    again = context.new_page()
    again.goto(url)
    again.get_by_role("button", name="Cancel").click()
    expect(again.get_by_role("heading", name="You can close this")).to_be_visible()
    refused = app.answer()
    context.close()

    assert (answer["state"], answer["iss"]) == ("xyz", academy.resource)
    assert refused["error"] == "access_denied"
    client_id = url.split("client_id=")[1].split("&")[0]
    got = redeem(academy, answer["code"], client_id, redirect_uri=app.url)
    assert got.status_code == 200


def test_every_page_can_be_used_by_everybody_in_each_look(browser, academy, url):
    context = browser.new_context(bypass_csp=True)  # for the program that looks at the pages
    context.set_default_timeout(PATIENCE_MS)
    page, told = context.new_page(), []
    page.goto(url)
    told += faults(page)
    page.get_by_label("E-mail address").fill("nobody@nowhere")
    page.get_by_role("button", name="Send the code").click()
    expect(page.get_by_role("alert")).to_be_visible()
    told += faults(page)
    page.get_by_label("E-mail address").fill(LEA)
    page.get_by_role("button", name="Send the code").click()
    expect(page.get_by_label("Code")).to_be_visible()
    told += faults(page)
    page.get_by_label("Code").fill("0")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    told += faults(page)
    page.get_by_label("Code").fill(academy.mailbox.code())
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Allow")).to_be_visible()
    told += faults(page)
    page.goto(url.replace("client_id=", "client_id=x"))
    told += faults(page)
    context.close()

    assert told == []


def test_no_page_of_a_sign_in_is_shown_in_a_frame(browser, academy, url, app):
    context = browser.new_context()
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(app.url.replace("callback", "evil"))
    with page.expect_event("framenavigated", lambda frame: frame.parent_frame) as navigated:
        page.set_content(f'<iframe src="{url}" width="600" height="600"></iframe>')
    shown = navigated.value.url
    context.close()

    assert shown == "chrome-error://chromewebdata/"  # what the browser shows in its place


def test_a_learner_goes_to_a_provider_and_back_without_scripts_in_each_look(
    browser, database, settings, app
):
    with provider_served() as provider, school_served(database, settings, provider) as school:
        context = browser.new_context(bypass_csp=True)  # for the program that looks at the pages
        plain = browser.new_context(java_script_enabled=False)
        for each in (context, plain):
            each.set_default_timeout(PATIENCE_MS)
        client_id = school.register(redirect_uris=[app.url])["client_id"]
        url = school.authorize_url(client_id, redirect_uri=app.url)
        page = context.new_page()
        page.goto(url)
        told = faults(page)
        provider.answers["/.well-known/openid-configuration"] = lambda _: None
        page.get_by_role("button", name=f"Go on to {NAME}").click()
        expect(page.get_by_role("alert")).to_be_visible()
        told += faults(page)
        provider.answers.clear()
        provider.answer = {"error": "access_denied"}
        page.get_by_role("button", name=f"Go on to {NAME}").click()
        expect(page.get_by_role("link", name="Try again")).to_be_visible()
        told += faults(page)
        provider.answer = {}
        page = plain.new_page()
        page.goto(url)
        page.get_by_role("button", name="Go on to").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text(f"lea-at-acme, at {NAME}")).to_be_visible()
        page.get_by_role("button", name="Allow").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="You can close this")).to_be_visible()
        for each in (context, plain):
            each.close()

    assert told == []
    assert app.answer()["state"] == "xyz"


def test_the_answer_goes_by_a_site_of_the_app_on_to_the_app_itself(browser, academy, tmp_path):
    """Chromium holds a form's policy against each redirect that follows: a policy stops it here."""
    certificate = make_certificate(tmp_path, "127.0.0.1")
    with callback(certificate, "cursor://anysphere.cursor/callback") as site:
        client_id = academy.register(redirect_uris=[site.url])["client_id"]
        context = browser.new_context(ignore_https_errors=True)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.goto(academy.authorize_url(client_id, redirect_uri=site.url))
        page.get_by_label("E-mail address").fill(LEA)
        page.get_by_role("button", name="Send the code").click()
        expect(page.get_by_role("heading", name="Type the code")).to_be_visible()
        page.get_by_label("Code").fill(academy.mailbox.code())
        page.get_by_role("button", name="Sign in").click()
        with page.expect_event("requestfailed", is_for_app) as gone:  # there is no such app here
            page.get_by_role("button", name="Allow").click()
        answer = site.answer()
        context.close()

    assert gone.value.url.startswith(f"cursor://anysphere.cursor/callback?code={answer['code']}&")


def is_for_app(request):
    return request.url.startswith("cursor:")
