"""What one room tells the others without knowing them."""

from django.dispatch import Signal

# Sent after the commit when a person's open sockets have lost their right to be open.
# Arguments: user_id: int; session_key: str | None (that session's sockets alone, or all of the person's).
sockets_must_close = Signal()

process_stops = Signal()
"""Sent when this process was told to stop, before it waits for requests to end."""
