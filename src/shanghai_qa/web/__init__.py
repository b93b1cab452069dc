"""The page in a browser: the assistant in, a server on one address out.

Nothing that it shows comes from another machine. Gradio asks for its settings while it is imported, so they are set
here, before any module of this package imports it.
"""

import os

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"
