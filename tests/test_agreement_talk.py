"""The agreement tasks of talk on small folders written here: what they read, compare and leave out."""

import csv
import json

import pytest

from pixelated.score.agreement.annomi import load
from pixelated.score.agreement.protocol import TASKS, AbsentError, Tools

pytest.importorskip("sklearn")

EPITOME = ("emotional-reactions", "interpretations", "explorations")
REPLIES = {
    "0": "Take the bus at {}, it is cheaper.",
    "1": "Sorry to hear that about {}. I understand. What happened?",
    "2": "I'm so sorry for you. It must be awful to lose {}. What do you miss most about {}?",
}


def write_csv(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def epitome_folder(tmp_path):
    things = [f"thing{n}" for n in range(20)]
    rows = [
        {
            "sp_id": thing,
            "rp_id": level,
            "seeker_post": f"I lost {thing} last week.",
            "response_post": text.format(thing, thing),
            "level": level,
            "rationales": "",
        }
        for thing in things
        for level, text in REPLIES.items()
    ]
    for name in EPITOME:
        write_csv(tmp_path / "epitome" / f"{name}-reddit.csv", rows)
    return tmp_path


def test_epitome_gives_the_default_the_fitted_heads_and_the_baselines_for_each_mechanism(epitome_folder):
    figures = TASKS.get("epitome")(epitome_folder, Tools(0))
    assert len({figure.task for figure in figures}) == 6
    systems = {figure.system for figure in figures}
    assert {"default", "fitted, fast", "baseline: length", "baseline: TF-IDF"} <= systems
    assert "fitted, embed" not in systems
    assert {figure.rows for figure in figures} == {60}
    fitted = [figure for figure in figures if figure.system == "fitted, fast"]
    assert [figure.least for figure in fitted] == [0.73, 0.57, 0.68]
    assert min(figure.value for figure in fitted) > 0.9
    assert all(figure.least is None for figure in figures if figure.system.startswith("baseline"))


@pytest.mark.parametrize("name", ["epitome", "annomi", "counsel_chat", "esconv_ratings"])
def test_a_task_without_its_folder_says_that_it_is_absent(tmp_path, name):
    with pytest.raises(AbsentError, match=name.partition("_r")[0]):
        TASKS.get(name)(tmp_path, Tools(0))


GOOD = ("What would you like to change about {}?", "It sounds like {} matters to you.", "Mm-hmm.", "Yes.")
BAD = ("You should stop {}.", "You have to think of {}.", "Okay.", "If you don't, {} will kill you.")
NAMES = (
    ("question", "reflection", "other", "other"),
    ("therapist_input", "therapist_input", "other", "therapist_input"),
)


@pytest.fixture
def annomi_folder(tmp_path):
    rows = []
    for session in range(20):
        good = session % 2 == 0
        for n, text in enumerate((GOOD if good else BAD) * 2):
            for who, said in (("client", "I know, and I don't know."), ("therapist", text.format("smoking"))):
                rows.append(
                    {
                        "transcript_id": str(session),
                        "mi_quality": "high" if good else "low",
                        "video_url": f"video{session // 2}",
                        "interlocutor": who,
                        "utterance_text": said,
                        "main_therapist_behaviour": NAMES[not good][n % 4] if who == "therapist" else "n/a",
                    }
                )
    write_csv(tmp_path / "annomi" / "AnnoMI-simple.csv", rows)
    return tmp_path


def test_annomi_ranks_the_sessions_and_names_the_behaviours(annomi_folder):
    figures = TASKS.get("annomi")(annomi_folder, Tools(0))
    quality = {f.system: f for f in figures if f.metric == "AUC" and f.scorer == "mi_quality"}
    assert quality["default"].value == quality["fitted, fast"].value == 1
    assert (quality["default"].least, quality["baseline: turns"].least) == (0.90, None)
    behaviour = [f for f in figures if f.metric == "macro-F1" and f.system == "fitted, fast"]
    assert [f.value for f in behaviour] == [1.0]


def test_annomi_keeps_every_utterance_as_a_turn_and_its_video(annomi_folder):
    sessions = load(annomi_folder / "annomi" / "AnnoMI-simple.csv")
    assert len(sessions) == 20
    assert {len(session.dialogue.turns) for session in sessions} == {16}
    assert len({session.video for session in sessions}) == 10


def test_ratings_of_seekers_are_ranked_and_conversations_without_one_left_out(tmp_path):
    def line(rating, reply):
        score = {"seeker": {"empathy": rating}} if rating else {}
        dialog = [{"speaker": "usr", "text": "My dog died."}, {"speaker": "sys", "text": reply}]
        return json.dumps({"survey_score": score, "dialog": dialog})

    warm, cold = "I'm so sorry, that must be awful. What do you miss most?", "Buy a new dog in the shop."
    (tmp_path / "esconv").mkdir()
    for name in ("train", "valid", "test"):
        lines = [line("5", warm), line("1", cold), line("", cold)] * 4
        (tmp_path / "esconv" / f"{name}.txt").write_text("\n".join(lines), encoding="utf-8")
    figures = TASKS.get("esconv_ratings")(tmp_path, Tools(0))
    default = next(figure for figure in figures if figure.scorer == "empathy" and figure.system == "default")
    assert (default.value, default.rows) == (1.0, 24)
