"""The doors for programs: REST under /api/v1, chat completions under /v1, and /metrics; `app.mount` opens them."""
