"""`python -m webox.first_start FOLDER`: makes the database's password once, so that nobody has to invent one.

Containers share the folder: PostgreSQL reads `postgres_password`, WeBox `pgpass` (libpq's own file). The keys
of WeBox itself are made under `var/`.
"""

import sys
from pathlib import Path

from common.data.secret_file import read_or_make, replace

DATABASE = "postgres:5432:webox_db:webox_user"


def main(words: list[str]) -> int:
    """Make what is missing; what is there stays as it is."""
    folder = Path(words[0])
    password_file = folder / "postgres_password"
    password = read_or_make(password_file)
    # PostgreSQL's container reads it as a user of its own; nobody else has the folder.
    password_file.chmod(0o444)
    replace(folder / "pgpass", f"{DATABASE}:{password}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
