"""What is done from time to time without anybody asking: what is over goes, prices follow the calendar."""

from chat import catalogue, temporary, uploads


def tidy() -> None:
    """Delete images that nobody asked about and texts that nobody keeps; renew what is known of prices.

    Safe to repeat.
    """
    uploads.sweep()
    temporary.sweep()
    catalogue.fill()
