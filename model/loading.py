"""Load the model that the app serves: in the background, and however long the Hub takes."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, replace

from model.classifier import Classifier
from model.errors import HubUnreachableError, Sentence, VistazoError
from model.hub.resolve import ModelSource, can_be_fetched, find_model, newer_commit, repository_of

# Between two rounds of tries; the last one again and again.
PAUSES = (2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
# The Hub is asked for a newer commit when somebody looks, at most this often.
SECONDS_BETWEEN_CHECKS = 30.0
_UNEXPECTED = Sentence("Something went wrong on our side while the model was being loaded.")

_log = logging.getLogger("vistazo")


@dataclass(frozen=True)
class LoadedModel:
    """A model ready to answer, and where it comes from.

    Attributes:
        classifier: The model.
        source: Where it comes from.
        wanted: The model that was asked for, where this is the embedded one in its place.
    """

    classifier: Classifier
    source: ModelSource
    wanted: str | None = None


class ModelLoader:
    """Finds and loads a model in a thread of its own; a repository is tried until it can be had.

    Args:
        name: What to load; see `find_model`.
        fall_back: Take the embedded model when a repository cannot be had, instead of waiting for it.

    Attributes:
        model: The model, once it is loaded.
        error: Why the last round of tries failed; None before the first has.
        text: What to tell somebody who waits.

    Raises:
        ModelNotFoundError: `name` is neither a directory nor the name of a repository.
    """

    def __init__(self, name: str | None, *, fall_back: bool = False) -> None:
        self.name = name
        self.model: LoadedModel | None = None
        self.error: VistazoError | None = None
        self.in_repository = repository_of(name) is not None
        self.text: str = Sentence("Loading the model.")
        if self.in_repository:
            self.text = Sentence("Waiting for the model “{name}” from the Hub.", name=name)
        self._fall_back = fall_back and self.in_repository
        self._changed = threading.Condition()
        self._troubled = False

    def start(self) -> None:
        """Begin; what this needs is imported now, so that no two threads import the same at once."""
        if self.in_repository:
            from model.hub.http import limit_requests

            limit_requests()
            from huggingface_hub import HfApi, hf_hub_download, snapshot_download  # noqa: F401
        threading.Thread(target=self._run, daemon=True, name="model").start()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the model is there; less long when the time has passed or a try has failed."""
        with self._changed:
            self._changed.wait_for(lambda: self.model or self.error or self._troubled, seconds)
        return self.model is not None

    def wait_for_other_text(self, text: str) -> None:
        """Wait until `self.text` is not `text` any more."""
        with self._changed:
            self._changed.wait_for(lambda: self.text != text)

    def _run(self) -> None:
        rounds = 0
        while True:
            try:
                source = find_model(self.name, self._trouble)
                model = LoadedModel(Classifier.load(source.directory), source)
            except VistazoError as error:
                failure = error
            except Exception:
                _log.exception("the model could not be loaded")
                failure = VistazoError(_UNEXPECTED)
            else:
                return self._loaded(model)
            if self._fall_back and (embedded := self._embedded(failure)):
                return self._loaded(embedded)
            if not self.in_repository:  # a directory does not mend itself
                return self._failed(failure, failure.sentence)
            pause = PAUSES[min(rounds, len(PAUSES) - 1)] if isinstance(failure, HubUnreachableError) else PAUSES[-1]
            rounds += 1
            self._failed(
                failure, Sentence("{reason} Trying again in {pause:.0f} seconds.", reason=failure.sentence, pause=pause)
            )
            time.sleep(pause)

    def _embedded(self, failure: VistazoError) -> LoadedModel | None:
        """Load the embedded model; None where the program came without it, as on a Space."""
        source = find_model(None)
        note = Sentence(
            "This is the embedded model, in place of “{name}”. {reason}", name=self.name, reason=failure.sentence
        )
        try:
            return LoadedModel(Classifier.load(source.directory), replace(source, note=note), self.name)
        except VistazoError as error:
            _log.warning("%s", error)
            return None

    def _trouble(self, sentence: str) -> None:
        with self._changed:
            self._troubled = True
            self._change(
                Sentence("Waiting for the model “{name}”. {reason} Trying again.", name=self.name, reason=sentence)
            )

    def _failed(self, failure: VistazoError, text: str) -> None:
        with self._changed:
            self.error = failure
            self._change(text)

    def _loaded(self, model: LoadedModel) -> None:
        with self._changed:
            self.model = model
            self._change(f"Serving {model.source.title}. {model.source.note or ''}".strip())

    def _change(self, text: str) -> None:
        self.text = text
        self._changed.notify_all()


class UpdateCheck:
    """Says when the Hub has something newer than what is served. It is offered, never taken by itself.

    Args:
        model: What is served.
    """

    def __init__(self, model: LoadedModel) -> None:
        self._model = model
        self._text: str = ""
        self._next = 0.0
        self._lock = threading.Lock()
        self._idle = threading.Event()
        self._idle.set()

    def text(self, patience: float = 3.0) -> str:
        """Return the news in a sentence, or nothing; asks the Hub in the background, not too often.

        Args:
            patience: How many seconds to wait for the Hub's answer; a later call returns it otherwise.
        """
        with self._lock:
            if self._idle.is_set() and time.monotonic() >= self._next:
                self._idle.clear()
                threading.Thread(target=self._check, daemon=True, name="news").start()
        self._idle.wait(patience)
        return self._text

    def _check(self) -> None:
        model = self._model
        try:
            if model.wanted:
                there = can_be_fetched(model.wanted)
                again = Sentence("“{name}” can be had again. Restart the app to use it.", name=model.wanted)
                self._text = again if there else ""
            else:
                commit = newer_commit(model.source)
                if commit:
                    self._text = Sentence(
                        "There is a newer version of this model: commit {commit}. Restart the app to use it.",
                        commit=commit,
                    )
        except Exception:
            _log.exception("the check for a newer model failed")
        finally:
            self._next = time.monotonic() + SECONDS_BETWEEN_CHECKS
            self._idle.set()
