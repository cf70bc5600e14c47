"""`python -m tests.releases make VERSION`: keep the database of a version that is about to be released."""

import argparse
import sys

from tests.releases.making import make


def main(words: list[str]) -> int:
    """Do what the command line says; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.releases", description="Databases of released versions.", allow_abbrev=False
    )
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser(
        "make", help="live on an embedded and a scaled site, and keep both with what they tell (some minutes)"
    )
    making.add_argument("version", help="like 0.9")
    try:
        make(parser.parse_args(words).version)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
