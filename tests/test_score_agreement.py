"""Agreement: what a run of tasks returns, what counts as missed, and the page of the cards."""

import json
from dataclasses import replace

import pytest

from pixelated.score.agreement.cards import page, rows
from pixelated.score.agreement.dialogues import annomi, esconv
from pixelated.score.agreement.protocol import TASKS, AbsentError, Figure, folder
from pixelated.score.agreement.run import Agreement, run_tasks

FIGURE = Figure(
    "told apart", "coherence", "default", "AUC", 0.81, 200, 190, (0.7, 0.9), 0.75, 0.9, ("a1", "b2"), "how"
)


@pytest.fixture(autouse=True, scope="module")
def tasks():
    TASKS.register("of_tests")(lambda _, tools: [replace(FIGURE, rows=tools.seed)])
    TASKS.register("of_tests_absent")(lambda corpora, _: [folder(corpora, "no_such_corpus") and FIGURE])


def test_a_run_returns_the_figures_and_names_what_is_absent(tmp_path):
    told = []
    found = run_tasks(tmp_path, ["of_tests", "of_tests_absent"], seed=7, embed=False, told=told.append)
    assert [f.rows for f in found.figures] == [7]
    assert found.absent == {"of_tests_absent": "no folder no_such_corpus in the corpora"}
    assert told == ["of_tests", "of_tests_absent"]


def test_every_task_of_the_package_says_when_its_corpus_is_absent(tmp_path):
    names = [name for name in TASKS.names() if not name.startswith("of_tests")]
    found = run_tasks(tmp_path, names, embed=False)
    measured = {name for name in names if name not in found.absent}
    assert all(figure.rows for figure in found.figures)
    assert measured <= {"crisis_sets", "clinical_accuracy"}  # sets that this project wrote


@pytest.mark.parametrize(("value", "missed"), [(0.80, []), (0.75, []), (0.74, [0.74]), (None, [None])])
def test_a_figure_below_what_is_required_or_not_measured_is_missed(value, missed):
    assert [f.value for f in Agreement([replace(FIGURE, value=value)]).missed] == missed


def test_the_best_back_end_decides_a_row():
    low = replace(FIGURE, value=0.5, system="fitted, fast")
    assert Agreement([low, FIGURE]).missed == []
    other = replace(low, metric="macro-F1")
    assert Agreement([low, FIGURE, other]).missed == [other]


def test_a_row_says_what_was_measured_and_required():
    (row,) = rows([FIGURE])
    assert row == "| told apart | default | AUC | .81 | .7-.9 | 95% of 200 | .75 / .9 |"
    (none,) = rows([replace(FIGURE, value=None, interval=None)])
    assert "not measured" in none


def test_the_page_has_a_card_per_scorer_with_its_limits_and_its_failures_by_id():
    text = page(
        Agreement([FIGURE, replace(FIGURE, value=0.1, task="missed one")]), more=[("Privacy", [FIGURE])]
    )
    assert "## `coherence` version" in text
    assert "not for triage, diagnosis or monitoring of clients" in text
    assert "- wrong, told apart, default: `a1`, `b2`" in text
    assert "- missed one, AUC: .1, required .75" in text
    assert "## Privacy" in text
    assert "No agreement was measured." in text


def test_dialogues_are_read_with_the_roles_of_their_speakers(tmp_path):
    (tmp_path / "esconv").mkdir()
    dialog = [
        {"speaker": "usr", "text": " a "},
        {"speaker": "usr", "text": "b"},
        {"speaker": "sys", "text": "c"},
    ]
    line = json.dumps({"problem_type": "p", "dialog": dialog}) + "\n"
    for name in ("train", "valid", "test"):
        (tmp_path / "esconv" / f"{name}.txt").write_text(line if name == "train" else "")
    messages = [{"role": "user", "content": "a b"}, {"role": "assistant", "content": "c"}]
    assert esconv(tmp_path) == [("p", messages)]
    with pytest.raises(AbsentError):
        annomi(tmp_path)
    (tmp_path / "annomi").mkdir()
    head = "transcript_id,topic,interlocutor,utterance_text\n"
    (tmp_path / "annomi" / "AnnoMI-simple.csv").write_text(
        head + "0,t,client,a\n0,t,client,b\n0,t,therapist,c\n"
    )
    assert annomi(tmp_path) == [("t", messages)]
