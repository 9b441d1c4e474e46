"""The command line. Each verb also works alone on a file or a folder."""

from __future__ import annotations

import sys

from pixelated.cli.app import app
from pixelated.cli.output import run_app


def main() -> None:
    """Run the `pixelated` command and exit with its code."""
    sys.exit(run_app(app, sys.argv[1:]))


__all__ = ["app", "main"]
