"""Real proxies with TLS, set up with the lines of docs/proxies.md."""

from __future__ import annotations

import os
import re
import socket
import ssl
import subprocess
from contextlib import contextmanager
from pathlib import Path

from tests.certificates import make_certificate
from tests.outside.debian import ENVIRONMENT, program
from tests.waiting import PATIENCE, until

PAGE = Path(__file__).parents[1] / "docs" / "proxies.md"


@contextmanager
def nginx(folder, port, behind, *, left_out="nothing"):
    """Run nginx with the lines of the page, but for those that hold *left_out*."""
    both = make_certificate(folder, "localhost", "*.localhost")
    lines = _lines_of(
        "nginx",
        ("127.0.0.1:8000", f"127.0.0.1:{behind}"),
        ("listen 443", f"listen 127.0.0.1:{port}"),
        ("server_name learn.example.com *.learn.example.com", "server_name localhost *.localhost"),
        ("/etc/ssl/learn.example.com.pem", str(both)),
        ("/etc/ssl/learn.example.com.key", str(both)),
        ("/var/log/nginx/handrail.log", str(folder / "access.log")),
    )
    lines = "\n".join(line for line in lines.splitlines() if left_out not in line)
    temporary = "".join(
        f"{name}_temp_path {folder}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log stderr; {'user root;' * (os.getuid() == 0)}\n"
        f"events {{}}\nhttp {{ {temporary} {lines} }}\n"
    )
    command = [program("nginx"), "-c", str(folder / "nginx.conf"), "-p", str(folder)]
    with _running(command, folder, port):
        yield f"https://localhost:{port}", ssl.create_default_context(cafile=str(both))


@contextmanager
def caddy(folder, port, behind):
    """Run Caddy with the lines of the page, and a certificate of ours."""
    both = make_certificate(folder, "localhost", "*.localhost")
    names = f"https://localhost:{port}, https://*.localhost:{port}"
    lines = _lines_of(
        "caddy",
        ("127.0.0.1:8000", f"127.0.0.1:{behind}"),
        ("learn.example.com, *.learn.example.com {", f"{names} {{\ntls {both} {both}\n"),
    )
    ours = "admin off\nauto_https disable_redirects\ndefault_bind 127.0.0.1"
    (folder / "Caddyfile").write_text(f"{{\n{ours}\n}}\n{lines}")
    command = [program("caddy"), "run", "--adapter", "caddyfile", "--config", folder / "Caddyfile"]
    with _running(command, folder, port):
        yield f"https://localhost:{port}", ssl.create_default_context(cafile=str(both))


def _lines_of(name, *changes):
    """Return the lines of the page for a proxy, with what is of this machine in their places."""
    lines = re.search(rf"```{name}\n(.*?)```", PAGE.read_text(), re.DOTALL)[1]
    for before, after in changes:
        assert before in lines, before
        lines = lines.replace(before, after)
    return lines


@contextmanager
def _running(command, folder, port):
    environment = ENVIRONMENT | {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with (folder / "proxy.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            until(lambda: process.poll() is not None or _answers(port))
            assert process.poll() is None, (folder / "proxy.log").read_text()
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
