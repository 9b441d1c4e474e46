"""The default of `empathy` on replies labelled for this project."""

import pytest

from pixelated.score.dialogue import Turn
from pixelated.score.empathy import levels
from replies_empathy import LEVELS


@pytest.mark.parametrize(("reaction", "interpretation", "exploration", "reply"), LEVELS)
def test_a_reply_has_its_levels(reaction, interpretation, exploration, reply):
    found = levels(Turn("assistant", reply))
    assert found["emotional_reaction"] == reaction
    assert found["interpretation"] == interpretation
    assert found["exploration"] == exploration
