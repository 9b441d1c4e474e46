"""Run recipes: the two map passes around the driver step, run folders, and looking into them."""

from pixelated.runner.build import BuildResult, build
from pixelated.runner.context import Options, Run
from pixelated.runner.folder import RunFolder, default_runs

__all__ = ["BuildResult", "Options", "Run", "RunFolder", "build", "default_runs"]
