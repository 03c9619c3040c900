"""Load the model that the app serves in the background, and try again until the Hub has it."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, replace

from model.classifier import Classifier
from model.errors import HubUnreachableError, Sentence, VistazoError
from model.hub.resolve import ModelSource, find_model, is_available, newer_commit, repository_of

# In seconds, between two rounds of attempts; the last one is repeated.
PAUSES = (2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
# The Hub is asked for a newer commit when a page is opened, at most this often.
SECONDS_BETWEEN_CHECKS = 30.0
_UNEXPECTED = Sentence("Something went wrong on our side while the model was being loaded.")

_log = logging.getLogger("vistazo")


@dataclass(frozen=True)
class LoadedModel:
    """A model that is ready to predict, and where it comes from.

    Attributes:
        classifier: The model.
        source: Where it comes from.
        wanted: The model that was asked for, where this is the embedded one in its place.
    """

    classifier: Classifier
    source: ModelSource
    wanted: str | None = None


class ModelLoader:
    """Finds and loads a model in a thread of its own; a repository is tried until it can be fetched.

    Args:
        name: What to load; see `find_model`.
        fall_back: Use the embedded model when a repository cannot be fetched, instead of waiting for it.

    Attributes:
        model: The model, once it is loaded.
        error: Why the last round of attempts failed; None before the first has.
        text: A sentence for users who wait.

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
        self._retrying = False

    def start(self) -> None:
        """Start the thread; the Hub's client is imported before it, so that no two threads import it at once."""
        if self.in_repository:
            from huggingface_hub import HfApi, hf_hub_download, snapshot_download  # noqa: F401
        threading.Thread(target=self._run, daemon=True, name="model").start()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the model is loaded, an attempt has failed, or the time has passed; say whether it is loaded."""
        with self._changed:
            self._changed.wait_for(lambda: self.model or self.error or self._retrying, seconds)
        return self.model is not None

    def wait_for_other_text(self, text: str) -> None:
        """Wait until `self.text` is not `text` any more."""
        with self._changed:
            self._changed.wait_for(lambda: self.text != text)

    def _run(self) -> None:
        rounds = 0
        while True:
            try:
                source = find_model(self.name, self._on_retry)
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
            if not self.in_repository:  # trying a directory again would change nothing
                return self._failed(failure, failure.sentence)
            pause = PAUSES[min(rounds, len(PAUSES) - 1)] if isinstance(failure, HubUnreachableError) else PAUSES[-1]
            rounds += 1
            self._failed(
                failure, Sentence("{reason} Trying again in {pause:.0f} seconds.", reason=failure.sentence, pause=pause)
            )
            time.sleep(pause)

    def _embedded(self, failure: VistazoError) -> LoadedModel | None:
        """Load the embedded model; None where the program was installed without it, as on a Space."""
        note = Sentence(
            "This is the embedded model, in place of “{name}”. {reason}", name=self.name, reason=failure.sentence
        )
        try:
            source = find_model(None)
            return LoadedModel(Classifier.load(source.directory), replace(source, note=note), self.name)
        except VistazoError as error:
            _log.warning("%s", error)
            return None

    def _on_retry(self, sentence: str) -> None:
        with self._changed:
            self._retrying = True
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
    """Says when the Hub has a newer version than what is served. It is offered, never loaded by itself.

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

    def text(self, timeout: float = 3.0) -> str:
        """Return the news in a sentence, or nothing; asks the Hub in the background, not too often.

        Args:
            timeout: How many seconds to wait for the Hub's response; a later call returns it otherwise.
        """
        with self._lock:
            if self._idle.is_set() and time.monotonic() >= self._next:
                self._idle.clear()
                threading.Thread(target=self._check, daemon=True, name="updates").start()
        self._idle.wait(timeout)
        return self._text

    def _check(self) -> None:
        model = self._model
        try:
            if model.wanted:
                available = Sentence("“{name}” is available again. Restart the app to use it.", name=model.wanted)
                self._text = available if is_available(model.wanted) else ""
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
