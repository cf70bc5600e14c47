"""What is done from time to time without anybody asking: old uploads go, prices follow the calendar."""

from chat import catalogue, uploads


def tidy() -> None:
    """Delete images that nobody asked about, and renew what WeBox knows of prices. Safe to repeat."""
    uploads.sweep()
    catalogue.fill()
