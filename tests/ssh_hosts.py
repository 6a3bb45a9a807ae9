"""Git hosts on loopback that speak SSH: asyncssh, and OpenSSH's own server."""

from __future__ import annotations

import asyncio
import getpass
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncssh

from tests.waiting import PATIENCE


@contextmanager
def ssh_host(root: Path) -> Iterator[tuple[str, str, str]]:
    """Serve the repositories under *root*; yield the address, a deploy key and the host's key."""
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    deploy_key = asyncssh.generate_private_key("ssh-ed25519")
    allowed = asyncssh.import_authorized_keys(deploy_key.export_public_key().decode())

    async def upload_pack(process: asyncssh.SSHServerProcess[bytes]) -> None:
        command = (process.command or "").split("'")
        if command[0] != "git-upload-pack " or not command[1].startswith(str(root)):
            process.exit(1)
            return
        child = await asyncio.create_subprocess_exec(
            "git", "-c", "safe.directory=*", "upload-pack", command[1],
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        asking = asyncio.create_task(_pump(process.stdin, child.stdin))
        await _pump(child.stdout, process.stdout)
        asking.cancel()
        process.exit(await child.wait())

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def listen() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            "127.0.0.1", 0, server_host_keys=[host_key], authorized_client_keys=allowed,
            process_factory=upload_pack, encoding=None,
        )  # fmt: skip

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(PATIENCE)
    port = server.get_port()
    public = host_key.export_public_key().decode().strip()
    try:
        yield (
            f"ssh://git@127.0.0.1:{port}",
            deploy_key.export_private_key().decode(),
            f"[127.0.0.1]:{port} {public}",
        )
    finally:

        async def close() -> None:
            server.close()
            await server.wait_closed()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            await asyncio.wait(others, timeout=5) if others else None

        asyncio.run_coroutine_threadsafe(close(), loop).result(PATIENCE)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE)
        loop.close()


@contextmanager
def sshd_host(root: Path, program: str, folder: Path) -> Iterator[tuple[str, str, str]]:
    """Serve `guides.git` under *root* by OpenSSH's server, which must be called by its full path.

    Its key and its configuration are in *folder*. Yields what `ssh_host` does.
    """
    for name in ("host_key", "deploy_key"):
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", folder / name]
        subprocess.run(words, check=True)
    public = (folder / "deploy_key.pub").read_text()
    may = f'restrict,command="git -c safe.directory=* upload-pack {root}/guides.git"'
    (folder / "authorized_keys").write_text(f"{may} {public}")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # root's sshd insists on it
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = [
        f"ListenAddress=127.0.0.1:{port}", f"HostKey={folder}/host_key", "PidFile=none",
        f"AuthorizedKeysFile={folder}/authorized_keys", "StrictModes=no", "UsePAM=no",
        "PasswordAuthentication=no", "KbdInteractiveAuthentication=no", "AcceptEnv=GIT_PROTOCOL",
    ]  # fmt: skip
    words = [program, "-D", "-e", "-f", "/dev/null", *(w for s in settings for w in ("-o", s))]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as server:
        try:
            said = []
            for line in server.stderr or ():
                said.append(line)
                if line.startswith("Server listening"):
                    break
            else:
                raise AssertionError("".join(said))
            yield (
                f"ssh://{getpass.getuser()}@127.0.0.1:{port}",
                (folder / "deploy_key").read_text(),
                f"[127.0.0.1]:{port} {(folder / 'host_key.pub').read_text().strip()}",
            )
        finally:
            server.terminate()


async def _pump(reader: Any, writer: Any) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
