"""Text as it is searched: "Événement" is found by "evenement"."""

import re
import unicodedata


def fold(text: str) -> str:
    """Without case and accents, and with single spaces."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return re.sub(r"\s+", " ", "".join(one for one in parts if not unicodedata.combining(one))).strip()
