"""`python -m webox.probe URL`: whether a process of this machine answers, asked as the front would."""

import argparse
import sys
import urllib.error
import urllib.request

WITHIN_S = 4


def main(words: list[str]) -> int:
    """0 when the address answers well, 1 when it does not, with the reason on standard error."""
    parser = argparse.ArgumentParser(prog="python -m webox.probe", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--host", help="the name under which people reach WeBox, where it is behind https")
    options = parser.parse_args(words)
    headers = {"Host": options.host, "X-Forwarded-Proto": "https"} if options.host else {}
    request = urllib.request.Request(options.url, headers=headers)  # noqa: S310  # the command's own
    # A proxy in the environment is for the vendors, not for this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=WITHIN_S):
            return 0
    except (urllib.error.URLError, OSError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
