"""Stand-ins for the APIs of models: a script answers in the model's place, and all is recorded."""

from tests.assistants.stand_ins.base import Call, Received, Result, Script, StandIn, Tool

__all__ = ["Call", "Received", "Result", "Script", "StandIn", "Tool"]
