"""Folders are recognised as splits by their names, in four languages, and classes are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from train.data.split_names import UNLABELLED, split_of, splits_of, words_of


@pytest.mark.parametrize(
    ("split", "names"),
    [
        (
            "train",
            "train|Training|training_set|train_images|TRAIN|Training Set|train-set|trainset|TrainingSet|seg_train",
        ),
        ("train", "train data|train_224x224|1_train|trainval|train_val"),
        ("train", "entrenamiento|Conjunto de entrenamiento|datos_de_entrenamiento|entraînement|jeu d’apprentissage"),
        ("train", "ENTRAINEMENT|données d'entraînement|treino|Treinamento|conjunto_de_treino"),
        ("validation", "val|vali|valid|validation|dev|eval|Validation Set|validation-set|val_images|valset|VAL"),
        (
            "validation",
            "validación|Imágenes de validación|validation_données|validação|conjunto de validação|avaliação",
        ),
        ("test", "test|testing|test1|Test Set|test_images|TestSet|seg_test|tests|testdata"),
        ("test", "prueba|Pruebas|conjunto de prueba|essai|jeu de test|teste|Imagens de Teste"),
        (UNLABELLED, "unlabelled|unlabeled|seg_pred|predictions|sin etiquetar|train_unlabeled|não rotulados"),
    ],
)
def test_names_of_splits_are_recognised(split: str, names: str) -> None:
    assert {name: split_of(name) for name in names.split("|")} == dict.fromkeys(names.split("|"), split)


@pytest.mark.parametrize(
    "name",
    ["cat", "bullet train", "test tube", "train_masks", "trainA", "valve", "testarossa", "images", "", "1", "test_val"],
)
def test_other_names_are_none(name: str) -> None:
    assert split_of(name) is None


def test_words_that_all_names_share_do_not_count() -> None:
    assert splits_of(["asl_alphabet_train", "asl_alphabet_test"]) == {
        "asl_alphabet_train": "train",
        "asl_alphabet_test": "test",
    }
    assert splits_of(["bullet train", "bus"]) == {}
    assert splits_of(["trainA", "trainB", "testA", "testB"]) == {}
    assert splits_of(["train"]) == {"train": "train"}


@given(st.text(max_size=40))
def test_any_text_has_words(text: str) -> None:
    assert all(words_of(text))
    split_of(text)
