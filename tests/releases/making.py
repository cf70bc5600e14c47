"""How a release's folder is made: two sites, embedded and scaled, each lived on, backed up and asked."""

import json
import shutil
import tempfile
import tomllib
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests import ROOT
from tests.faults.parts import EmbeddedSite, ScaledSite
from tests.faults.services import OwnPostgres, OwnRedis
from tests.releases import FOLDER, Release
from tests.releases.asking import told_by
from tests.releases.life import Life
from tests.site.fixtures import vendor_settings
from tests.site.running import OWNER_EMAIL, PASSWORD, manage
from tests.site.vendor import Vendor, running_vendor

CHORES = (
    "from chat.search import indexing; from dashboard import aggregate; "
    "indexing.index_some(60); aggregate.count_new()"
)
"""What the site does some seconds after a turn: what search finds, and the statistics."""
SILENCE_S = "30"
OWNER = {"WEBOX_OWNER_EMAIL": OWNER_EMAIL, "WEBOX_OWNER_PASSWORD": PASSWORD}


def make(version: str) -> None:
    """Make the folder of this version anew. Raises ValueError where the checkout is another version."""
    said = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    if not f"{said}.".startswith(f"{version}."):
        raise ValueError(f"This checkout is WeBox {said}, not {version}.")
    document: dict[str, Any] = {"version": version}
    with (
        tempfile.TemporaryDirectory(prefix="webox-release-") as scratch,
        running_vendor() as vendor,
        OwnRedis() as redis,
        OwnPostgres() as postgres,
    ):
        draft = Release(Path(scratch) / version)
        draft.folder.mkdir()
        settings = own_settings(vendor)
        for engine in ("sqlite", "postgresql"):
            var = Path(scratch) / engine
            var.mkdir()
            site: EmbeddedSite | ScaledSite = (
                EmbeddedSite(var, settings | OWNER)
                if engine == "sqlite"
                else ScaledSite(var, settings | OWNER, redis, postgres)
            )
            known = lived(site, vendor)
            env = site.webs[0].env
            manage(env, "shell", "--no-imports", "--command", CHORES)
            back_up(env, Path(scratch) / f"{engine}-backup", draft, engine)
            told = told_by(env, known)
            document["migrations"] = told.pop("migrations")
            document[engine] = {"settings": settings, "known": known, "told": told}
        text = json.dumps(document, ensure_ascii=False, indent=1)
        draft.told_file.write_text(f"{text}\n", encoding="utf-8")
        shutil.copytree(draft.folder, FOLDER / version, dirs_exist_ok=True)


def own_settings(vendor: Vendor) -> dict[str, str]:
    """The vendor behind four AIs; for one of them the owner stores the key."""
    settings = vendor_settings(vendor) | {"WEBOX_VENDOR_SILENCE_S": SILENCE_S}
    del settings["GROQ_API_KEY"]
    return settings


def lived(site: EmbeddedSite | ScaledSite, vendor: Vendor) -> dict[str, Any]:
    """Let people live on the site; returns what they know at the end. It does not run then."""
    with ExitStack() as stack:
        stack.callback(site.close)
        site.start()
        life = Life(site, vendor, stack)
        life.live()
    return {"at": datetime.now(UTC).isoformat(), **life.known}


def back_up(env: Mapping[str, str], folder: Path, release: Release, engine: str) -> None:
    manage(env, "backup", str(folder))
    [backup], [keys] = folder.glob("*.zip"), folder.glob("*.keys.json")
    for made, kept in ((backup, release.backup(engine)), (keys, release.keys(engine))):
        kept.write_bytes(made.read_bytes())
