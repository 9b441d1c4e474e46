"""The back end `judge`: a language model behind any OpenAI-compatible endpoint scores by a rubric."""

from pixelated.score.judge.rubric import Rubric, load_rubric, rubric_names
from pixelated.score.judge.run import Judge, judge_estimate, judge_file
from pixelated.score.judge.settings import JudgeSettings

__all__ = [
    "Judge",
    "JudgeSettings",
    "Rubric",
    "judge_estimate",
    "judge_file",
    "load_rubric",
    "rubric_names",
]
