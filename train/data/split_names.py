"""Tell from the name of a folder, or from a word in a table, which split it stands for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

UNLABELLED = "unlabelled"

# English, Spanish, French and Portuguese, without accents.
_SPLIT_WORDS = {
    "train": """train training trained trainval trn entrenamiento entreno entrenar aprendizaje entrainement
        apprentissage treino treinamento treinar treinamiento aprendizado aprendizagem""",
    "validation": """val vali valid valida validate validating validation validations dev devel development eval
        evaluation validacion validar evaluacion desarrollo valider developpement validacao avaliacao
        desenvolvimento""",
    "test": "test tests tst testing prueba pruebas testeo essai essais teste testes",
    UNLABELLED: """unlabelled unlabeled unlabel unsup unsupervised pred predict prediction predictions submission
        inference etiquetar etiquetado etiquetados etiquetadas etiquete etiquetes etiquetees rotulado rotulados
        rotuladas""",
}
_SPLIT_OF = {word: split for split, words in _SPLIT_WORDS.items() for word in words.split()}

# Words that say no more than that a folder holds images.
_FILLER_WORDS = """set sets image images img imgs pic pics picture pictures photo photos data dataset datasets folder
    split splits seg sample samples example examples file files jpg jpeg png x px final new raw full small resized
    cropped crops of the by with without for no non not sin nao de del la las el los para con d l le les des du do da
    dos das conjunto conjuntos imagen imagenes datos dato carpeta foto fotos jeu jeux ensemble donnees donnee dados dado
    imagem imagens pasta class classes labelled labeled"""
_FILLERS = frozenset(_FILLER_WORDS.split())


def words_of(name: str) -> list[str]:
    """Return the words of a name, without accents and in lower case: "trainSet_1" has "train", "set" and "1"."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    apart = re.sub(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])|(?<=[a-z])(?=[A-Z])", " ", plain)
    return [word for piece in re.split(r"[\W_]+", apart) if piece for word in _divided(piece.casefold())]


@lru_cache(maxsize=4096)
def split_of(name: str, ignored: frozenset[str] = frozenset()) -> str | None:
    """Return the split that a name stands for.

    Args:
        name: The name of a folder, or a word in a table; any case, with spaces, hyphens, underscores and numbers.
        ignored: Further words that do not count.

    Returns:
        "train", "validation", "test" or "unlabelled"; None where the name says anything else, or two splits.
    """
    found = set()
    for word in words_of(name):
        if word in _SPLIT_OF:
            found.add(_SPLIT_OF[word])
        elif not (word.isdecimal() or word in _FILLERS or word in ignored):
            return None
    if found == {"train", "validation"}:  # as “trainval”: what is beside it is for the test
        return "train"
    if UNLABELLED in found:
        return UNLABELLED
    return found.pop() if len(found) == 1 else None


def splits_of(names: Sequence[str]) -> dict[str, str]:
    """Return the split of each folder name that stands for one; words that all names share do not count.

    So "flowers_train" and "flowers_test" are splits, and a class "bullet train" beside "bus" is none.
    """
    shared: frozenset[str] = frozenset()
    if len(names) > 1 and len(set(filter(None, map(mentioned_split, names)))) > 1:
        shared = frozenset.intersection(*(frozenset(words_of(name)) for name in names)).difference(_SPLIT_OF)
    found = {name: split_of(name, shared) for name in names}
    return {name: split for name, split in found.items() if split}


def mentioned_split(name: str) -> str | None:
    """Return the first split that a name mentions among other words, as "trainA" does; None where there is none."""
    return next((_SPLIT_OF[word] for word in words_of(name) if word in _SPLIT_OF), None)


def _divided(word: str) -> list[str]:
    """Return "trainset" as "train" and "set"."""
    if word in _SPLIT_OF or word in _FILLERS:
        return [word]
    for place in range(3, len(word) - 2):
        first, second = word[:place], word[place:]
        if (first in _SPLIT_OF and second in _FILLERS) or (first in _FILLERS and second in _SPLIT_OF):
            return [first, second]
    return [word]
