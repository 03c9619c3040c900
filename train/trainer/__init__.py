"""The training loop: phases, callbacks, checkpoints and the second fit."""
