"""The assistants: how each is set up and asked to run once."""

from __future__ import annotations

from pathlib import Path

from tests.assistants.assistant import PROMPT, Assistant, write_json
from tests.assistants.more_clients import MORE_ASSISTANTS
from tests.assistants.stand_ins import anthropic_messages, gemini, openai_chat, openai_responses


class ClaudeCode(Assistant):
    """Claude Code."""

    name, package = "Claude Code", "@anthropic-ai/claude-code"
    api = anthropic_messages.AnthropicMessages
    programs = ("@anthropic-ai/claude-code-{}/claude",)
    sign_in = (
        ("mcp", "add", "--scope", "user", "--transport", "http", "acme", "{mcp}"),
        ("mcp", "login", "acme"),
    )

    def set_up(self, home: Path, folder: Path, mcp: str, model: str) -> dict[str, str]:
        write_json(home / "mcp.json", {"mcpServers": {"acme": {"type": "http", "url": mcp}}})
        return {
            "ANTHROPIC_BASE_URL": model,
            "ANTHROPIC_API_KEY": "none",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
        }

    def arguments(self, home: Path) -> list[str]:
        server = ["--mcp-config", str(home / "mcp.json"), "--strict-mcp-config"]
        return ["-p", PROMPT, *server, "--allowedTools", "mcp__acme"]


class Codex(Assistant):
    """Codex CLI."""

    name, package = "Codex CLI", "@openai/codex"
    api = openai_responses.OpenAiResponses
    programs = ("@openai/codex-{}/vendor/*/bin/codex",)
    sign_in = (("mcp", "login", "acme"),)

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
        (home / ".codex").mkdir(exist_ok=True)
        (home / ".codex" / "config.toml").write_text("\n".join(lines))
        return {"STAND_IN_KEY": "none"}

    def arguments(self, home: Path) -> list[str]:
        unattended = ["--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox"]
        return ["exec", *unattended, PROMPT]


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
        write_json(home / ".gemini" / "settings.json", settings)
        return {"GEMINI_API_KEY": "none", "GOOGLE_GEMINI_BASE_URL": model}

    def arguments(self, home: Path) -> list[str]:
        return ["-y", "--skip-trust", "-m", "gemini-2.5-flash", "-p", PROMPT]


class OpenCode(Assistant):
    """opencode."""

    name, package = "opencode", "opencode-ai"
    api = openai_chat.OpenAiChat
    sign_in = (("mcp", "auth", "acme"),)
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
        write_json(folder / "opencode.json", settings)
        return {"OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_DISABLE_LSP_DOWNLOAD": "1"}

    def arguments(self, home: Path) -> list[str]:
        return ["run", PROMPT]


ASSISTANTS: tuple[Assistant, ...] = (
    ClaudeCode(),
    Codex(),
    GeminiCli(),
    OpenCode(),
    *MORE_ASSISTANTS,
)
#: Those that are tried with a server that has sign-in.
SIGNING_IN = tuple(each for each in ASSISTANTS if each.sign_in)
