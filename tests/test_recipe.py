"""Recipes and registries are refused before any work, by key, value and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import pixelated
from conftest import write_recipe, write_small_corpus
from pixelated.core.errors import UsageError
from pixelated.core.store import LocalStore
from pixelated.recipe import load_policy


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    return write_small_corpus(tmp_path / "in", rows=3)


def change_source(recipe: Path, name: str = "chats", **changes: object) -> None:
    registry = recipe.parent / "registry.yaml"
    data = yaml.safe_load(registry.read_text())
    data["sources"][name] = data["sources"].pop("chats") | changes
    registry.write_text(yaml.safe_dump(data))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("path", "/etc"),
        ("path", "../../etc"),
        ("retrieved_at", "2026-13-45"),
        ("license", "Apache 2"),
        ("license", "mit "),
        ("tier", 99),
        ("origin", "rumour"),
        ("families", ["horoscopes"]),
        ("mapping", {"shape": "square"}),
        ("mapping", {"fields": {"promt": ["x"]}}),
    ],
)
def test_a_registry_entry_that_cannot_be_used_is_refused(recipe: Path, key: str, value: object) -> None:
    change_source(recipe, **{key: value})
    with pytest.raises(UsageError) as caught:
        pixelated.load_recipe(recipe)
    assert caught.value.remedy
    assert (
        key in caught.value.message
        or str(value) in caught.value.message
        or "horoscopes" in caught.value.message
    )


@pytest.mark.parametrize("name", ["../../evil", "a/b", "A B", "<b>", ""])
def test_a_source_is_no_path(recipe: Path, name: str) -> None:
    change_source(recipe, name)
    with pytest.raises(UsageError, match="id"):
        pixelated.load_recipe(recipe)


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/x"])
def test_a_store_keeps_to_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="leads out"):
        LocalStore(tmp_path).write_json(name, {})


@pytest.mark.parametrize(
    ("text", "needle"),
    [
        ("name: small\nname: large\n", "stands twice"),
        ("name: [", "line 1"),
        ("- a\n- b\n", "mapping"),
        ("[" * 5000, "nested too deeply|line 1|mapping"),
    ],
)
def test_yaml_that_is_no_recipe_is_refused_by_place(recipe: Path, text: str, needle: str) -> None:
    recipe.write_text(text)
    with pytest.raises(UsageError, match=needle):
        pixelated.load_recipe(recipe)


def test_a_recipe_that_is_not_utf8_is_refused_by_byte(recipe: Path) -> None:
    recipe.write_bytes(b"name: caf\xe9\n")
    with pytest.raises(UsageError, match="byte 9 is not UTF-8"):
        pixelated.load_recipe(recipe)


def test_an_impossible_epoch_is_refused(recipe: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "99999999999999")
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH"):
        pixelated.build(pixelated.load_recipe(recipe), pixelated.Options(runs=tmp_path, workers=1))


def test_the_variable_moves_corpora_outside_the_repository_and_no_others(
    recipe: Path, tmp_path: Path, monkeypatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setenv("PIXELATED_CORPORA", str(tmp_path / "elsewhere"))
    assert pixelated.load_recipe(recipe).corpora == recipe.parent.resolve()
    write_recipe(recipe.parent, corpora="../somewhere")
    assert pixelated.load_recipe(recipe).corpora == (tmp_path / "elsewhere").resolve()
    monkeypatch.setenv("PIXELATED_CORPORA", "")
    with pytest.raises(UsageError, match="somewhere"):
        pixelated.load_recipe(recipe)


def test_a_holdout_alias_stands_for_its_families() -> None:
    holdouts = load_policy("default").holdouts
    assert {"edge_case_generator", "edge_case_resulting_chats", "edge_case_synthetic", "sarcasm"} <= set(
        holdouts
    )
    assert "edge_case_crisis" not in holdouts


def test_licences_say_what_they_refuse_and_what_nobody_has_shown() -> None:
    policy = load_policy("default")
    assert policy.refused_use("CC-BY-NC-ND-4.0") == "train"
    assert policy.refused_use("NOASSERTION") is None
    assert policy.unproved_use("NOASSERTION") == "train"
    assert policy.unproved_use("LicenseRef-unheard-of") == "train"
    assert policy.unproved_use("CC-BY-NC-4.0") is None
