"""The devices of a training, by name; without torch, which knows which of them are there."""

DEVICES = ("auto", "cpu", "cuda")
"""What a caller may choose. "auto" is CUDA where there is a device, and the processor elsewhere."""


def accelerated(device: str) -> bool:
    """Whether a device draws its own inputs, and replays steps as CUDA graphs."""
    return device != "cpu"
