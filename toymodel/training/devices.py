"""What a training can run on, by name; finding out which of it is there takes torch."""

DEVICES = ("auto", "cpu", "cuda")
"""The words for it: "auto" is CUDA where there is a device."""


def accelerated(device: str) -> bool:
    """Whether inputs are drawn on this device, and steps recorded there and replayed."""
    return device != "cpu"
