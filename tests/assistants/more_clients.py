"""Further assistants, which take any model that speaks chat completions."""

from __future__ import annotations

from pathlib import Path

from tests.assistants.assistant import PROMPT, Assistant, write_json
from tests.assistants.stand_ins import openai_chat, qwen_chat


class CopilotCli(Assistant):
    """GitHub Copilot CLI."""

    name, package = "Copilot CLI", "@github/copilot"
    api = openai_chat.OpenAiChat
    programs = ("@github/copilot-{}/copilot",)
    passes_instructions = False

    def set_up(self, home: Path, folder: Path, mcp: str, model: str) -> dict[str, str]:
        server = {"type": "http", "url": mcp, "tools": ["*"]}
        write_json(home / ".copilot" / "mcp-config.json", {"mcpServers": {"acme": server}})
        return {
            "COPILOT_OFFLINE": "true",
            "COPILOT_AUTO_UPDATE": "false",
            "COPILOT_PROVIDER_BASE_URL": f"{model}/v1",
            "COPILOT_PROVIDER_API_KEY": "none",
            "COPILOT_MODEL": "model",
        }

    def arguments(self, home: Path) -> list[str]:
        return ["-p", PROMPT, "--allow-all-tools"]


class QwenCode(Assistant):
    """Qwen Code."""

    name, package = "Qwen Code", "@qwen-code/qwen-code"
    api = qwen_chat.QwenChat
    keeps_tools_back = ends_on_equal_calls = True
    programs = ("@qwen-code/qwen-code/cli.js",)

    def set_up(self, home: Path, folder: Path, mcp: str, model: str) -> dict[str, str]:
        settings = {
            "mcpServers": {"acme": {"httpUrl": mcp, "trust": True}},
            "security": {"auth": {"selectedType": "openai"}},
            "privacy": {"usageStatisticsEnabled": False},
            "general": {"enableAutoUpdate": False},
            "model": {"skipLoopDetection": True, "maxToolCallsPerTurn": 0},
        }
        write_json(home / ".qwen" / "settings.json", settings)
        return {
            "OPENAI_API_KEY": "none",
            "OPENAI_BASE_URL": f"{model}/v1",
            "OPENAI_MODEL": "model",
        }

    def arguments(self, home: Path) -> list[str]:
        return ["-y", "-p", PROMPT]


class KimiCode(Assistant):
    """Kimi Code CLI."""

    name, package = "Kimi Code", "@moonshot-ai/kimi-code"
    api = openai_chat.OpenAiChat
    programs = ("@moonshot-ai/kimi-code/dist/main.mjs",)
    passes_instructions = False
    passes_meta = ends_on_equal_calls = True

    def set_up(self, home: Path, folder: Path, mcp: str, model: str) -> dict[str, str]:
        write_json(home / ".kimi-code" / "mcp.json", {"mcpServers": {"acme": {"url": mcp}}})
        return {
            "KIMI_MODEL_NAME": "model",
            "KIMI_MODEL_API_KEY": "none",
            "KIMI_MODEL_PROVIDER_TYPE": "openai",
            "KIMI_MODEL_BASE_URL": f"{model}/v1",
            "KIMI_DISABLE_TELEMETRY": "1",
            "KIMI_CODE_NO_AUTO_UPDATE": "1",
        }

    def arguments(self, home: Path) -> list[str]:
        return ["-p", PROMPT]


MORE_ASSISTANTS: tuple[Assistant, ...] = (CopilotCli(), QwenCode(), KimiCode())
