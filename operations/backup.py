"""A backup: one file with everything that is in the database, and beside it, apart, the keys that open it.

Images live in the database, so the two files are all there is to keep. SQLite is copied by its own backup,
while people go on; PostgreSQL by its own programs.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import zlib
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from django.conf import settings
from django.db import connection

from common.data.crypto import configured_secrets
from common.data.secret_file import replace

FORMAT, VERSION = "webox-backup", 1
MANIFEST, DATABASE = "manifest.json", "database"
CHUNK_BYTES = 1024 * 1024
UNREADABLE = (OSError, BadZipFile, EOFError, KeyError, RuntimeError, TypeError, ValueError, zlib.error)
"""What reading a damaged archive raises, found by changing every byte of one.

RuntimeError: it seems to be encrypted, or packed in a way that zipfile does not know.
"""
PLACES = (
    ("HOST", "HOST"),
    ("PORT", "PORT"),
    ("USER", "USER"),
    ("PASSWORD", "PASSWORD"),
    ("NAME", "DATABASE"),
)
"""What Django and PostgreSQL's programs call where a database is."""
EMPTY = """
DO $$
DECLARE
    found text;
BEGIN
    FOR found IN SELECT oid::regclass FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
        AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
    LOOP
        EXECUTE 'DROP TABLE ' || found || ' CASCADE';
    END LOOP;
    FOR found IN SELECT oid::regprocedure FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace
        AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
    LOOP
        EXECUTE 'DROP ROUTINE ' || found || ' CASCADE';
    END LOOP;
END $$
"""
"""Removes what a WeBox has made, also a newer one of which the backup knows nothing; extensions stay."""


class BackupError(Exception):
    """`str()` is a sentence that says what to do."""


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself."""

    format: str
    version: int
    made_at: str
    engine: str
    """sqlite or postgresql: one can't be restored into the other."""
    sha256: str


def make(folder: Path, now: datetime | None = None) -> tuple[Path, Path]:
    """Write a backup and its keys into a folder; return both files, readable by their owner alone.

    Raises BackupError; then neither is there.
    """
    now = now or datetime.now(UTC)
    folder.mkdir(parents=True, exist_ok=True)
    name = f"webox-{now:%Y-%m-%dT%H%M%SZ}"
    backup, keys = folder / f"{name}.zip", folder / f"{name}.keys.json"
    if backup.exists():
        raise BackupError(f"There is a backup called {backup} already.")
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        dump = Path(scratch) / DATABASE
        (_dump_sqlite if connection.vendor == "sqlite" else _dump_postgresql)(dump)
        manifest = Manifest(FORMAT, VERSION, now.isoformat(), connection.vendor, _sha256(dump))
        draft = Path(scratch) / backup.name
        with ZipFile(draft, "w", ZIP_DEFLATED) as archive:
            archive.writestr(MANIFEST, json.dumps(asdict(manifest), indent=1))
            archive.write(dump, DATABASE)
        draft.chmod(0o600)
        replace(keys, json.dumps(_keys(), indent=1))
        draft.replace(backup)
    return backup, keys


def read_manifest(backup: Path) -> Manifest:
    """What a file says of itself. Raises BackupError for one that is no backup."""
    try:
        with ZipFile(backup) as archive:
            manifest = Manifest(**json.loads(archive.read(MANIFEST)))
    except UNREADABLE as error:
        raise BackupError(f"{backup} is not a backup of WeBox: {error}.") from error
    if (manifest.format, manifest.version) != (FORMAT, VERSION):
        raise BackupError(f"{backup} is a backup of another kind: {manifest.format} {manifest.version}.")
    return manifest


def unpack(backup: Path, manifest: Manifest, target: Path) -> None:
    """Write the database of a backup to a file. Raises BackupError where it is not what was put in."""
    try:
        with ZipFile(backup) as archive, archive.open(DATABASE) as source, target.open("wb") as file:
            shutil.copyfileobj(source, file, CHUNK_BYTES)
    except UNREADABLE as error:
        raise BackupError(f"{backup} is damaged: {error}.") from error
    if _sha256(target) != manifest.sha256:
        raise BackupError(f"{backup} is damaged: its checksum is another.")


def restore(backup: Path) -> None:
    """Put what is in the backup in the place of everything in the database.

    Raises BackupError; where the file is damaged or of another kind nothing has been changed then.
    """
    manifest = read_manifest(backup)
    if manifest.engine != connection.vendor:
        raise BackupError(f"The backup is of {manifest.engine}, the database is {connection.vendor}.")
    with tempfile.TemporaryDirectory(dir=settings.VAR_DIR) as scratch:
        dump = Path(scratch) / DATABASE
        unpack(backup, manifest, dump)
        (_load_sqlite if connection.vendor == "sqlite" else _load_postgresql)(dump)


def read_keys(keys: Path) -> tuple[str, list[str]]:
    """The secret and the encryption keys in a file that `make` wrote.

    Raises BackupError for another file, and where settings hold such keys: they would go on holding.
    """
    try:
        found = json.loads(keys.read_text(encoding="utf-8"))
        secret, encryption = str(found["SECRET_KEY"]), [str(key) for key in found["WEBOX_ENCRYPTION_KEYS"]]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise BackupError(f"{keys} does not hold the keys of a backup.") from error
    for name in ("SECRET_KEY", "WEBOX_ENCRYPTION_KEYS"):
        if os.environ.get(name):
            raise BackupError(f"{name} is a setting here: put the one of {keys} there.")
    return secret, encryption


def write_keys(secret: str, encryption: list[str]) -> None:
    """Put keys into the files of WEBOX_VAR, in the place of those that are there."""
    replace(settings.VAR_DIR / "secret.key", secret)
    replace(settings.ENCRYPTION_KEY_FILE, "\n".join(encryption))


def _keys() -> dict[str, object]:
    return {"SECRET_KEY": settings.SECRET_KEY, "WEBOX_ENCRYPTION_KEYS": configured_secrets()}


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _dump_sqlite(target: Path) -> None:
    source = Path(str(settings.DATABASES["default"]["NAME"]))
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)


def _load_sqlite(dump: Path) -> None:
    connection.close()
    target = Path(str(settings.DATABASES["default"]["NAME"]))
    try:
        with closing(sqlite3.connect(dump)) as copy, closing(sqlite3.connect(target)) as live:
            copy.backup(live)
    except sqlite3.Error as error:
        raise BackupError(f"The database could not be written: {error}. Stop WeBox first.") from error


def _dump_postgresql(target: Path) -> None:
    _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")


def _load_postgresql(dump: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        others = cursor.fetchone()[0]
    connection.close()
    if others:
        raise BackupError("Somebody is connected to the database: stop every process of WeBox first.")
    script = dump.with_suffix(".sql")
    _run("pg_restore", "--no-owner", "--no-privileges", f"--file={script}", str(dump))
    # Together, so that what was there stays where the rest can't be done.
    once = ("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1")
    _run("psql", *once, f"--command={EMPTY}", f"--file={script}")


def _run(*command: str) -> None:
    """One of PostgreSQL's own programs, told where by its environment: no list of processes has passwords."""
    database = settings.DATABASES["default"]
    env = os.environ | {f"PG{place}": str(database[name]) for name, place in PLACES if database.get(name)}
    try:
        # The program's name is ours, its words are settings of the owner's.
        done = subprocess.run(command, env=env, capture_output=True, encoding="utf-8", check=False)  # noqa: S603
    except FileNotFoundError as error:
        raise BackupError(f"{command[0]} is missing: install PostgreSQL's client programs.") from error
    if done.returncode:
        raise BackupError(f"{command[0]} failed: {done.stderr.strip()[-500:]}")
