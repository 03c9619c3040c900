"""Several accelerators, of one host or of several: where Keras runs on JAX, all of them divide each batch."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import keras

from model.errors import SettingsError
from train.data.batches import BatchShare
from train.trainer.hosts import ENGINE, joined

_BFLOAT16_SINCE = 8  # NVIDIA's compute capability: Ampere


@contextmanager
def all_devices(batch_size: int) -> Iterator[BatchShare]:
    """Build and train networks on all devices in this context, in mixed precision where they have it.

    On one host it takes the most devices that divide a batch. Keras has data parallelism on JAX only; elsewhere the
    networks are built as usual.

    Args:
        batch_size: Images per batch.

    Yields:
        The rows of each batch that this process trains on.

    Raises:
        SettingsError: The devices of several hosts cannot divide a batch, or one of the hosts is lost.
    """
    if keras.backend.backend() != ENGINE:
        yield BatchShare()
        return
    import jax

    hosts = jax.process_count() if joined() else 1
    devices = sorted(jax.devices() if hosts > 1 else jax.local_devices(), key=lambda d: (d.process_index, d.id))
    count = max(n for n in range(1, len(devices) + 1) if batch_size % n == 0)
    if count < len(devices):
        if hosts > 1:
            raise SettingsError(
                f"--batch-size should be a multiple of {len(devices)}, the devices of all hosts. "
                f"Received: {batch_size}."
            )
        print(
            f"{len(devices)} devices do not divide batches of {batch_size} images: with a --batch-size that is a "
            f"multiple of {len(devices)}, all are used.",
            file=sys.stderr,
        )
    with ExitStack() as stack:
        if has_bfloat16(devices[0]) and keras.config.dtype_policy().name == "float32":
            stack.callback(keras.config.set_dtype_policy, "float32")
            keras.config.set_dtype_policy("mixed_bfloat16")
            print("Training in mixed precision (bfloat16).", file=sys.stderr)
        if count > 1:
            where = f" of {hosts} hosts" if hosts > 1 else ""
            print(
                f"Training on {count} devices{where}, which divide each batch of {batch_size} images.", file=sys.stderr
            )
            names = [f"{device.platform}:{device.id}" for device in devices[:count]]
            # The batches are divided already: Keras divides none but those of tf.data.
            stack.enter_context(keras.distribution.DataParallel(devices=names, auto_shard_dataset=False).scope())
        try:
            yield BatchShare(count, jax.process_index() if hosts > 1 else 0, hosts)
        except (RuntimeError, ValueError) as error:  # a broken connection is one or the other
            if hosts == 1:
                raise
            raise SettingsError(
                f"The training with the other hosts failed: {str(error).splitlines()[0]}. If one of them was lost, "
                "start the same command with --resume on each."
            ) from error


def has_bfloat16(device: Any) -> bool:
    """Return whether a JAX device multiplies bfloat16 faster than float32: a TPU, or an NVIDIA GPU since Ampere."""
    capability = re.fullmatch(r"(\d+)\.\d+", str(getattr(device, "compute_capability", "")))
    return device.platform == "tpu" or (capability is not None and int(capability[1]) >= _BFLOAT16_SINCE)
