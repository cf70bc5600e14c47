"""Give a site rows: `people COUNT CONVERSATIONS`, `long MESSAGES ANSWERS`, `many CONVERSATIONS`,
`read USER_ID TURNS ANSWERS`.

Run by the benchmarks as a process in the site's environment. Prints the accounts as JSON.
"""

import json
import os
import sys
from importlib import import_module

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webox.settings")
    django.setup()
    # Django knows its models only now.
    rows = import_module("bench.rows")
    seeded = rows.MAKERS[sys.argv[1]](*map(int, sys.argv[2:]))
    print(json.dumps(rows.as_json(seeded)))


if __name__ == "__main__":
    main()
