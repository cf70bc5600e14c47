"""What is done from time to time without anybody asking: what is over goes, prices follow the calendar."""

from accounts import premium
from chat import catalogue, purge, uploads


def tidy() -> None:
    """Delete images that nobody asked about and texts that nobody keeps; renew prices; end what is over.

    Safe to repeat.
    """
    uploads.sweep()
    purge.erase_left()
    purge.purge_deleted()
    catalogue.fill()
    premium.end_due()
