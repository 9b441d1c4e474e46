"""From the plain data of a run to pages: report, dataset card, Croissant metadata, terminal summary.

Pure functions: nothing here reads a run folder or a clock. Pages carry ids and counts, never the
text of a record.
"""

from pixelated.report.card import render_card
from pixelated.report.croissant import croissant
from pixelated.report.page import render_report
from pixelated.report.terminal import summary_text

__all__ = ["croissant", "render_card", "render_report", "summary_text"]
