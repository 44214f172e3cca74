"""The two ways in which a scenario can come to nothing."""


class Skipped(Exception):
    """It cannot be measured here; the message says why, and what to type where that helps."""


class Wrong(Exception):
    """A server does not behave as it must for the figure to mean anything."""


def unsupported(what: str) -> Skipped:
    """The binary lacks what the scenario measures."""
    return Skipped(f"not supported by this binary: {what}")
