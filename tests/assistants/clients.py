"""The assistants: where their programs are, how each is set up, and how it is run headless.

An assistant gets an own home and an own working folder, PATH and nothing else of the environment,
no standard input, and a proxy that is closed, so that it reaches nothing but loopback.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from tests.assistants.stand_ins import anthropic_messages, gemini, openai_chat, openai_responses
from tests.assistants.stand_ins.base import Api, Json, StandIn

MODULES = Path(__file__).parent / "node_modules"
_NODE = Path(sys.executable).with_name("node")
_CPU = {"x86_64": "x64", "AMD64": "x64", "aarch64": "arm64", "arm64": "arm64"}
#: As npm names this machine's packages, such as linux-x64.
_PLATFORM = f"{sys.platform}-{_CPU.get(platform.machine(), platform.machine())}"
_PROMPT = "Teach me the walkthrough."
_CLOSED = "http://127.0.0.1:9"  # nothing listens on the port of the discard protocol


@dataclass(frozen=True)
class Ran:
    """How a run ended."""

    status: int
    output: str


class Assistant(ABC):
    """One assistant. The MCP server is added to it under the name `acme`."""

    #: What people call it, its npm package, and the API that it asks for its model.
    name: str
    package: str
    api: type[Api]
    #: How the way to its program begins, by the platform: `{}` is such as linux-x64.
    programs: tuple[str, ...]

    @property
    def slug(self) -> str:
        """Its name in addresses of learners and in names of tests."""
        return self.name.lower().replace(" ", "-")

    @property
    def version(self) -> str:
        """The installed version."""
        manifest = json.loads((MODULES / self.package / "package.json").read_text())
        return str(manifest["version"])

    def program(self) -> list[str] | None:
        """Return the words that start it, or nothing if this processor has no build of it."""
        for pattern in self.programs:
            for found in MODULES.glob(pattern.format(_PLATFORM)):
                return [str(_NODE), str(found)] if found.suffix else [str(found)]
        return None

    @abstractmethod
    def set_up(self, home: Path, folder: Path, mcp: str, model: str) -> dict[str, str]:
        """Write its settings for the server at *mcp*; return its environment."""

    @abstractmethod
    def arguments(self, home: Path) -> list[str]:
        """Return what makes it run headless once, without asking for permissions."""

    def run(self, room: Path, mcp: str, stand_in: StandIn, seconds: float = 120) -> Ran:
        """Run it in *room* until the model ends; raise what its stand-in met with."""
        program = self.program()
        assert program, f"There is no build of {self.name} for {_PLATFORM}."
        home, folder = room / "home", room / "work"
        home.mkdir(parents=True)
        folder.mkdir()
        with stand_in.serve() as model:
            environ = {
                "PATH": os.environ["PATH"],
                "HOME": str(home),
                "NO_PROXY": "localhost,127.0.0.1",
                **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), _CLOSED),
                **self.set_up(home, folder, mcp, model),
            }
            ran = _run([*program, *self.arguments(home)], folder, environ, seconds)
        (room / "output.txt").write_text(ran.output)
        if stand_in.turns:  # the last request holds the whole conversation: to read after a failure
            _write(room / "conversation.json", stand_in.last.body)
        if stand_in.failures:
            raise stand_in.failures[0]
        assert ran.status == 0, ran.output
        return ran


class ClaudeCode(Assistant):
    """Claude Code."""

    name, package = "Claude Code", "@anthropic-ai/claude-code"
    api = anthropic_messages.AnthropicMessages
    programs = ("@anthropic-ai/claude-code-{}/claude",)

    def set_up(self, home: Path, folder: Path, mcp: str, model: str) -> dict[str, str]:
        _write(home / "mcp.json", {"mcpServers": {"acme": {"type": "http", "url": mcp}}})
        return {
            "ANTHROPIC_BASE_URL": model,
            "ANTHROPIC_API_KEY": "none",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
        }

    def arguments(self, home: Path) -> list[str]:
        server = ["--mcp-config", str(home / "mcp.json"), "--strict-mcp-config"]
        return ["-p", _PROMPT, *server, "--allowedTools", "mcp__acme"]


class Codex(Assistant):
    """Codex CLI."""

    name, package = "Codex CLI", "@openai/codex"
    api = openai_responses.OpenAiResponses
    programs = ("@openai/codex-{}/vendor/*/bin/codex",)

    def set_up(self, home: Path, folder: Path, mcp: str, model: str) -> dict[str, str]:
        lines = (
            'model = "gpt-5.1-codex"',
            'model_provider = "stand_in"',
            "check_for_update_on_startup = false",
            "[analytics]",
            "enabled = false",
            "[model_providers.stand_in]",
            'name = "stand-in"',
            f'base_url = "{model}/v1"',
            'wire_api = "responses"',
            'env_key = "STAND_IN_KEY"',
            "[mcp_servers.acme]",
            f'url = "{mcp}"',
        )
        (home / ".codex").mkdir()
        (home / ".codex" / "config.toml").write_text("\n".join(lines))
        return {"STAND_IN_KEY": "none"}

    def arguments(self, home: Path) -> list[str]:
        unattended = ["--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"]
        return ["exec", *unattended, _PROMPT]


class GeminiCli(Assistant):
    """Gemini CLI."""

    name, package = "Gemini CLI", "@google/gemini-cli"
    api = gemini.GeminiContent
    programs = ("@google/gemini-cli/bundle/gemini.js",)

    def set_up(self, home: Path, folder: Path, mcp: str, model: str) -> dict[str, str]:
        settings = {
            "mcpServers": {"acme": {"httpUrl": mcp, "trust": True}},
            "security": {"auth": {"selectedType": "gemini-api-key"}},
            "privacy": {"usageStatisticsEnabled": False},
            "general": {"enableAutoUpdate": False},
            # Else it ends a run after five equal calls in a row, which a hurried model makes.
            "model": {"disableLoopDetection": True},
        }
        _write(home / ".gemini" / "settings.json", settings)
        return {"GEMINI_API_KEY": "none", "GOOGLE_GEMINI_BASE_URL": model}

    def arguments(self, home: Path) -> list[str]:
        return ["-y", "--skip-trust", "-m", "gemini-2.5-flash", "-p", _PROMPT]


class OpenCode(Assistant):
    """opencode."""

    name, package = "opencode", "opencode-ai"
    api = openai_chat.OpenAiChat
    programs = ("opencode-{}-baseline/bin/opencode", "opencode-{}/bin/opencode")

    def set_up(self, home: Path, folder: Path, mcp: str, model: str) -> dict[str, str]:
        provider = {
            "npm": "@ai-sdk/openai-compatible",
            "options": {"baseURL": f"{model}/v1", "apiKey": "none"},
            "models": {"model": {"name": "model"}},
        }
        settings = {
            "provider": {"stand-in": provider},
            "model": "stand-in/model",
            "small_model": "stand-in/model",
            "mcp": {"acme": {"type": "remote", "url": mcp}},
            "autoupdate": False,
            "share": "disabled",
        }
        _write(folder / "opencode.json", settings)
        return {"OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_DISABLE_LSP_DOWNLOAD": "1"}

    def arguments(self, home: Path) -> list[str]:
        return ["run", _PROMPT]


ASSISTANTS: tuple[Assistant, ...] = (ClaudeCode(), Codex(), GeminiCli(), OpenCode())


def _write(path: Path, settings: Json) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(settings, indent=1, ensure_ascii=False))


def _run(words: list[str], folder: Path, environ: dict[str, str], seconds: float) -> Ran:
    process = subprocess.Popen(
        words,
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        output += f"\nStopped after {seconds} seconds."
    return Ran(process.returncode, output)
