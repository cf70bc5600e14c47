"""`python -m webox.probe URL`: whether a process of this machine answers, asked as the front would."""

import argparse
import sys
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

WITHIN_S = 4


def main(words: list[str]) -> int:
    """0 when the address answers well, 1 when it does not, with the reason on standard error."""
    parser = argparse.ArgumentParser(prog="python -m webox.probe", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--host", help="the name under which people reach WeBox, where it is behind https")
    options = parser.parse_args(words)
    parts = urlsplit(options.url)
    headers = {"Host": options.host, "X-Forwarded-Proto": "https"} if options.host else {}
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=WITHIN_S)
    try:
        connection.request("GET", parts.path, headers=headers)
        status = connection.getresponse().status
    except (HTTPException, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        connection.close()
    # To be sent elsewhere, or told that this is no name of the site, is a sign of life.
    if status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return 0
    print(HTTPStatus(status).phrase, file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
