"""What is destroyed comes back, keys included, on SQLite and PostgreSQL; what is no backup harms nothing."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests import ROOT
from tests.site.fixtures import new_database
from tests.site.running import environment, free_port, running_site, server_command

# A process for every step: together they take minutes.
pytestmark = pytest.mark.fuzz

KEY = "sk-somebodys-own-key"
MAKE = f"""
from accounts.models import User
from chat.ais import keys
from chat.models import Conversation, Provider
from django.utils import timezone
ada = User.objects.create_user("ada", "ada@example.org", "a long enough passphrase")
Conversation.objects.create(owner=ada, title="To be kept", updated_at=timezone.now())
keys.store(ada, Provider.objects.get(slug="openai"), "https://api.openai.com/v1", {KEY!r}, test_code="")
"""
TELL = """
from accounts.models import User
from chat.ais import keys
from chat.models import Conversation, ProviderKey
revealed = [keys.reveal(row, "https://api.openai.com/v1") for row in ProviderKey.objects.all()]
print("told", [*User.objects.values_list("username", flat=True)],
      [*Conversation.objects.values_list("title", flat=True)], revealed)
"""
ALL = f"told ['ada'] ['To be kept'] ['{KEY}']"


def run(env: Mapping[str, str], *words: str, answer: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(
        command, cwd=ROOT, env=dict(env), input=answer, capture_output=True, encoding="utf-8", check=False,
        timeout=120,
    )  # fmt: skip


def told(env: Mapping[str, str]) -> str:
    return run(env, "shell", "--command", TELL).stdout.strip().splitlines()[-1]


@pytest.fixture(scope="module")
def filled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a WeBox on SQLite with somebody and a key in it."""
    folder = tmp_path_factory.mktemp("filled") / "var"
    filled(environment(folder))
    return folder


@pytest.fixture
def sqlite_site(filled_folder: Path, tmp_path: Path) -> dict[str, str]:
    """The environment of such a WeBox, which is not running."""
    return environment(Path(shutil.copytree(filled_folder, tmp_path / "var")))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a WeBox with somebody and a key in it, which is not running."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_site")
        return
    env = environment(tmp_path / "var")
    admin_url = os.environ.get("WEBOX_TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
    with new_database(admin_url, f"webox_backup_{free_port()}") as url:
        yield filled(env | {"DATABASE_URL": url})


def filled(env: dict[str, str]) -> dict[str, str]:
    assert run(env, "migrate", "--verbosity", "0").returncode == 0
    assert run(env, "shell", "--command", MAKE).returncode == 0
    assert told(env) == ALL
    return env


def backed_up(env: Mapping[str, str], folder: Path) -> tuple[Path, Path]:
    done = run(env, "backup", str(folder))
    assert done.returncode == 0, done.stderr
    [made], [keys] = folder.glob("*.zip"), folder.glob("*.keys.json")
    assert str(made) in done.stdout
    return made, keys


def test_what_is_destroyed_comes_back_keys_included(site: dict[str, str], tmp_path: Path) -> None:
    made, keys = backed_up(site, tmp_path / "kept")
    assert [file.stat().st_mode & 0o077 for file in (made, keys)] == [0, 0]
    assert run(site, "flush", "--no-input").returncode == 0
    shutil.rmtree(site["WEBOX_VAR"])
    if "DATABASE_URL" not in site:
        assert run(site, "migrate", "--verbosity", "0").returncode == 0
    done = run(site, "restore", str(made), "--keys", str(keys), "--yes")
    assert done.returncode == 0, done.stderr
    assert told(site) == ALL


def test_the_backup_holds_no_key_in_clear(site: dict[str, str], tmp_path: Path) -> None:
    made, keys = backed_up(site, tmp_path / "kept")
    with ZipFile(made) as archive:
        content = archive.read("database") + archive.read("manifest.json")
    secrets = json.loads(keys.read_text())
    for secret in (KEY, secrets["SECRET_KEY"], *secrets["WEBOX_ENCRYPTION_KEYS"]):
        assert secret.encode() not in content


def test_a_damaged_backup_changes_nothing(site: dict[str, str], tmp_path: Path) -> None:
    made, _keys = backed_up(site, tmp_path / "kept")
    whole, others = made.read_bytes(), tmp_path / "others.json"
    others.write_text(json.dumps({"SECRET_KEY": "s" * 86, "WEBOX_ENCRYPTION_KEYS": ["k" * 86]}))
    for content in (b"", b"no zip", whole[: len(whole) // 2], whole[:2000] + b"\0\0\0\0" + whole[2004:]):
        made.write_bytes(content)
        done = run(site, "restore", str(made), "--keys", str(others), "--yes")
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
    assert told(site) == ALL


def test_it_asks_before_anything_is_replaced(site: dict[str, str], tmp_path: Path) -> None:
    made, _keys = backed_up(site, tmp_path / "kept")
    change = "from chat.models import Conversation; Conversation.objects.update(title='New')"
    run(site, "shell", "--command", change)
    for answer in ("no\n", ""):
        done = run(site, "restore", str(made), answer=answer)
        assert "Nothing was changed." in done.stderr
        assert "Traceback" not in done.stderr
    assert "New" in told(site)
    assert run(site, "restore", str(made), answer="yes\n").returncode == 0
    assert told(site) == ALL


def test_a_running_webox_is_not_restored_under_peoples_hands(
    sqlite_site: dict[str, str], tmp_path: Path
) -> None:
    env, port = sqlite_site, free_port()
    made, _keys = backed_up(env, tmp_path / "kept")
    with running_site(server_command(port), env, port, tmp_path / "log"):
        done = run(env, "restore", str(made), "--yes")
        assert "WeBox is running" in done.stderr
    assert told(env) == ALL
