"""The official Python client signs in with only the address, takes steps, and renews its token."""

from __future__ import annotations

import asyncio

import httpx2
import pytest
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata

from tests.client_documents import document_host
from tests.local_names import local_names
from tests.serving import view_of
from tests.signing_in import CALLBACK, Browser, academy_served
from walkthroughs.enums import SignIn

__all__ = ["local_names"]


class Storage:
    """What the client keeps between its runs."""

    def __init__(self):
        self.tokens, self.client = None, None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client_info):
        self.client = client_info


class Program:
    """The client, and the person whose browser it opens."""

    def __init__(self, academy, url, document):
        self.url, self.storage, self.opened = url, Storage(), []
        browser, answers = Browser(academy), []

        async def open_browser(address):
            self.opened.append(address)
            answers.append(await asyncio.to_thread(browser.allow, address))

        async def answer():
            return AuthorizationCodeResult(**answers.pop())

        self.provider = OAuthClientProvider(
            url,
            OAuthClientMetadata(client_name="Program", redirect_uris=[CALLBACK]),
            self.storage,
            open_browser,
            answer,
            client_metadata_url=document,
        )

    async def run(self, conversation, mode):
        async with (
            httpx2.AsyncClient(auth=self.provider) as http,
            Client(streamable_http_client(self.url, http_client=http), mode=mode) as client,
        ):
            return await conversation(client)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("known_by", ["registration", "document"])
@pytest.mark.parametrize("form", ["path", "own host"])
@pytest.mark.parametrize("sign_in", list(SignIn))
def test_it_signs_in_takes_a_step_renews_its_token_and_takes_another(
    database, settings, tmp_path, local_names, mode, known_by, form, sign_in
):
    with document_host(tmp_path) as host:
        document = host.publish() if known_by == "document" else None
        reader = host.reader if document else None
        with academy_served(database, settings, reader, sign_in=sign_in) as academy:
            url = academy.resource if form == "path" else academy.own_host
            program = Program(academy, url, document)

            async def converse(client):
                chosen = {"walkthrough_id": academy.walkthrough_id}
                step = view_of(await client.call_tool("select_walkthrough", chosen))["step"]
                step = await take(client, step)
                first = program.storage.tokens
                program.provider.context.token_expiry_time = 1  # as after a night
                step = await take(client, step)
                return step["title"], first, program.storage.tokens

            title, first, renewed = asyncio.run(program.run(converse, mode))
            # A second window with the same storage needs no browser.
            listed = asyncio.run(
                program.run(lambda client: client.call_tool("list_walkthroughs", {}), mode)
            )

    assert title == "Three"
    assert first.access_token != renewed.access_token
    assert len(program.opened) == 1
    assert "Deploy" in listed.content[0].text
    assert (document or "") in program.storage.client.client_id


async def take(client, step):
    answer = await client.call_tool("next_walkthrough_step", {"current_step_id": step["id"]})
    return view_of(answer)["step"]
