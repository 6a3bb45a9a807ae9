"""The command that serves, as operators start it: in a process of its own."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from admin.accounts import create_owner
from app import create_app
from tests.builders import organization

ROOT = Path(__file__).parents[2]


@pytest.fixture
def origin(postgres, database, settings, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "FLASK_APP": str(ROOT / "app.py"),
        "DATABASE_URL": postgres,
        "HANDRAIL_DATA_DIR": str(settings.data_dir),
        "HANDRAIL_SECRET_KEY": settings.secret_key,
        "HANDRAIL_BASE_URL": f"http://localhost:{port}",
    }
    command = [sys.executable, "-m", "flask", "serve", "--port", str(port)]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            command, env=environment, cwd=tmp_path, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _wait_for(f"http://localhost:{port}/readyz", process, tmp_path / "log")
            yield f"http://localhost:{port}"
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(url, process, log):
    pause = threading.Event()
    for _ in range(600):
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            pass
        pause.wait(0.05)
    pytest.fail(log.read_text())


def test_one_member_who_signs_in_signs_in_nobody_else(origin, database, settings):
    app = create_app(settings)
    with app.app_context(), database.transaction() as session:
        acme = organization(session, "acme")
        password = create_owner(session, acme.id, "owner@acme.example")
    with httpx.Client(base_url=origin, follow_redirects=True) as member:
        form = member.get("/admin/login").text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)[1]
        given = {"email": "owner@acme.example", "password": password, "csrf_token": token}
        assert "Sign out" in member.post("/admin/login", data=given).text
    for _ in range(25):  # more than there are threads
        answer = httpx.get(f"{origin}/admin/walkthroughs/")
        assert answer.status_code == 302
        assert "/admin/login" in answer.headers["location"]
