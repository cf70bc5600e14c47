"""`python3 -m webox`: set WeBox up on a bare Python and run it.

Parses on every Python since 3.6, so that an older one than WeBox needs is told so in a sentence.
"""

import sys

from webox.launcher.words import say

NEEDED = (3, 11)


def complaint_about(version: "tuple[int, int]") -> str:
    """The sentence that refuses a Python older than WeBox needs, or "" when it is new enough."""
    if version >= NEEDED:
        return ""
    return say("python_too_old", found="{}.{}".format(*version), needed="{}.{}".format(*NEEDED))


def main() -> int:
    """Run the command line and return its exit code."""
    complaint = complaint_about(sys.version_info[:2])
    if complaint:
        print(complaint, file=sys.stderr)
        return 1
    # Only now: these files use the syntax of the Python just checked for.
    from webox.launcher.cli import run  # noqa: PLC0415

    return run(sys.argv[1:])


if __name__ == "__main__":
    raise SystemExit(main())
