"""How far a long step is: one line that changes on a terminal, a few plain lines elsewhere."""

import shutil
import sys
from typing import TextIO

PLAIN_EVERY = 20


class Progress:
    """Shows counted steps on `stream` (standard output unless told otherwise)."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self.live = self.stream.isatty()
        self.open_line = False

    def line(self, text: str) -> None:
        """Show a whole line of its own."""
        self.close()
        print(text, file=self.stream, flush=True)

    def count(self, label: str, done: int, total: int, name: str = "") -> None:
        """Show that `done` of `total` are through, `name` being the one at hand."""
        text = f"{label}: {done}/{total} {name}".rstrip()
        if self.live:
            width = shutil.get_terminal_size().columns - 1
            print("\r" + text[:width].ljust(width), end="", file=self.stream, flush=True)
            self.open_line = True
        elif done % PLAIN_EVERY == 0 or done == total:
            print(text, file=self.stream, flush=True)

    def close(self) -> None:
        """End the changing line, so that the next output starts on a fresh one."""
        if self.open_line:
            print(file=self.stream, flush=True)
            self.open_line = False
