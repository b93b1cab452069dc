"""Answers about Shanghai's technology ecosystem, every sentence with a citation that can be opened and checked.

from shanghai_qa import Assistant
Assistant.open().ask("How many startups are in Quantum Valley?")
"""

import os
from typing import TYPE_CHECKING, Any

# Before any library reads them: nothing may call home.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("LANGSMITH_TRACING", "false")
os.environ.setdefault("LANGCHAIN_TRACING_V2", "false")

if TYPE_CHECKING:
    from shanghai_qa.assistant import Assistant
    from shanghai_qa.errors import ShanghaiQAError
    from shanghai_qa.settings import Settings
    from shanghai_qa.values import Answer, Ask, Filters, Hit, Tier, Turn

__version__ = "0.1.0"
__all__ = ["Answer", "Ask", "Assistant", "Filters", "Hit", "Settings", "ShanghaiQAError", "Tier", "Turn"]

_HOMES = {"Assistant": "assistant", "ShanghaiQAError": "errors", "Settings": "settings"}


def __getattr__(name: str) -> Any:
    """The public names, each imported when it is first used, so that `import shanghai_qa` costs next to nothing."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'values')}"), name)
