"""How the training's commands end."""

import sys
from collections.abc import Callable, Sequence

import typer

from shanghai_qa.errors import ShanghaiQAError


def run_command(main: Callable[..., None], arguments: Sequence[str] | None = None) -> None:
    """Run `main` with the command line's arguments; an error that can be mended is one line on stderr, exit 1."""
    app = typer.Typer(add_completion=False)
    app.command()(main)
    try:
        app(arguments)
    except ShanghaiQAError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(1)
