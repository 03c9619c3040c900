"""The hosts of one training: each runs the same command, and the first of them writes."""

from __future__ import annotations

import atexit
import os
import re
import sys
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np

from model.errors import SettingsError

# Keras's own variables: `keras.distribution.initialize` reads them.
ADDRESSES, HOSTS, HOST = (f"KERAS_DISTRIBUTION_{name}" for name in ("JOB_ADDRESSES", "NUM_PROCESSES", "PROCESS_ID"))
ENGINE = "jax"


def is_first_host() -> bool:
    """Return whether this process writes the checkpoints and the bundle; a training on one host always does."""
    return not os.environ.get(HOSTS) or os.environ.get(HOST, "0") == "0"


def join_hosts() -> None:
    """Wait for the other hosts of a training, where Keras's variables name them; before anything else is computed.

    Raises:
        SettingsError: The variables do not fit, another backend runs, or the address cannot be used.
    """
    given = {name: os.environ[name] for name in (ADDRESSES, HOSTS, HOST) if os.environ.get(name)}
    if not given:
        return
    import keras

    if keras.backend.backend() != ENGINE:
        raise SettingsError(
            f"A training on several hosts needs KERAS_BACKEND={ENGINE}. Received: {keras.backend.backend()}. "
            f"Set it, or unset {', '.join(given)}."
        )
    count, number = (given.get(name, "") for name in (HOSTS, HOST))
    has_port = re.fullmatch(r"[^,]+:\d+(,.*)?", given.get(ADDRESSES, ""))
    if not (has_port and count.isdecimal() and number.isdecimal() and int(number) < int(count)):
        received = ", ".join(f"{name}={value}" for name, value in given.items())
        raise SettingsError(
            f"{ADDRESSES} should be the address and port of host 0, {HOSTS} the number of hosts, and {HOST} the number "
            f"of this one, from 0. Received: {received}."
        )
    # JAX ends the program by itself, without an exception, when a host does not come.
    print(f"Waiting up to 5 minutes for {count} hosts at {given[ADDRESSES]}; this is host {number} …", file=sys.stderr)
    try:
        keras.distribution.initialize()
    except (RuntimeError, ValueError) as error:
        raise SettingsError(
            f"The hosts could not be joined: {error}. Start the same command on each of them."
        ) from error
    atexit.register(_end_without_the_others)  # runs before JAX's own, which waits minutes for hosts that wait for this


def leave_hosts() -> None:
    """Part from the other hosts after the training, so that none has to wait while the first writes the bundle."""
    if joined():
        import jax

        jax.distributed.shutdown()


def opened_on_every_host(path: Path) -> BinaryIO | None:
    """Return a file of the first host, opened for reading, on every host; None when the first has none."""
    if not joined():
        return path.open("rb") if path.is_file() else None
    from jax.experimental.multihost_utils import broadcast_one_to_all

    content = path.read_bytes() if is_first_host() and path.is_file() else None
    size = int(broadcast_one_to_all(np.array(-1 if content is None else len(content))))
    if size < 0:
        return None
    sent = np.zeros(size, np.uint8) if content is None else np.frombuffer(content, np.uint8)
    return BytesIO(np.asarray(broadcast_one_to_all(sent)).astype(np.uint8).tobytes())


def joined() -> bool:
    """Return whether this process trains together with others: after `join_hosts` and before `leave_hosts`."""
    jax = sys.modules.get(ENGINE)  # Keras has imported it, where it runs on it
    return jax is not None and bool(jax.distributed.is_initialized())


def _end_without_the_others() -> None:
    """End the process at once where it has not parted from the others: the training has failed or was stopped."""
    if joined():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1)
