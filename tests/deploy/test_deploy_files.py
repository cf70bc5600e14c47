"""The files for a server: valid, and as safe as they say. Nothing here needs a container engine."""

import json
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import ROOT
from tests.site.production import COMPOSE, composed
from webox import first_start

OURS = ("web-1", "web-2", "worker", "stats", "beat", "secrets")
SERVICES = composed()


def test_the_compose_file_is_valid() -> None:
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.compose-spec",
        str(COMPOSE),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout


@pytest.mark.deploy
def test_the_dockerfile_keeps_the_rules_of_its_trade() -> None:
    program = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    assert program
    done = subprocess.run(
        [program, str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("name", OURS)
def test_our_containers_may_do_nothing_they_need_not(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "ports" not in service
    assert not service.get("privileged")


def test_the_image_runs_as_nobody_in_particular() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert [line for line in lines if line.startswith("USER ")] == ["USER 10001"]
    assert [line.split()[0] for line in lines if line.startswith("FROM ")] == ["FROM", "FROM"]
    assert any("--require-hashes" in line for line in lines)
    assert 'ENTRYPOINT ["tini", "--"]' in lines


def test_no_secret_goes_into_the_image() -> None:
    left_out = (ROOT / ".dockerignore").read_text().split()
    assert {".*", "var"} <= {*left_out}


def test_only_the_front_is_reached_from_outside_and_the_services_from_inside_alone() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["front"]
    assert yaml.safe_load(COMPOSE.read_text())["networks"]["inner"]["internal"] is True
    for name in ("postgres", "redis"):
        assert SERVICES[name]["networks"] == ["inner"]
    assert SERVICES["front"]["networks"] == ["outer"]


def test_no_password_stands_in_the_file() -> None:
    text = COMPOSE.read_text()
    assert not re.search(
        r"(?i)(password|secret_key|token)\w*: *[\"']?\w", text.replace("POSTGRES_PASSWORD_FILE", "")
    )
    assert "@postgres" in SERVICES["web-1"]["environment"]["DATABASE_URL"]


@pytest.mark.parametrize("name", [*SERVICES])
def test_every_service_that_stays_shows_whether_it_is_well(name: str) -> None:
    service = SERVICES[name]
    if name not in ("secrets", "beat", "front"):
        assert service["healthcheck"]["test"]
    if name != "secrets":
        assert service["restart"] == "unless-stopped"


def test_what_ends_is_waited_for_as_such() -> None:
    # Else `docker compose up --wait` takes its end for a failure.
    wanted = {
        name: one["condition"]
        for service in SERVICES.values()
        for name, one in service.get("depends_on", {}).items()
    }
    assert wanted["secrets"] == "service_completed_successfully"
    assert {one for name, one in wanted.items() if name != "secrets"} == {"service_healthy"}


def test_images_of_others_have_a_version() -> None:
    images = [service["image"] for service in SERVICES.values()]
    images += re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert all(re.fullmatch(r"[\w.-]+:\d[\w.-]*", image) for image in images), images


def test_the_databases_password_is_made_once(tmp_path: Path) -> None:
    assert first_start.main([str(tmp_path)]) == 0
    password = (tmp_path / "postgres_password").read_text()
    assert len(password) >= 64
    assert (tmp_path / "pgpass").read_text() == f"postgres:5432:webox_db:webox_user:{password}\n"
    # libpq ignores a file that others may read.
    assert stat.S_IMODE((tmp_path / "pgpass").stat().st_mode) == 0o600
    first_start.main([str(tmp_path)])
    assert (tmp_path / "postgres_password").read_text() == password


def test_the_dashboard_file_asks_for_figures_that_there_are() -> None:
    board: dict[str, Any] = json.loads((ROOT / "deploy" / "grafana.json").read_text())
    asked = {target["expr"] for panel in board["panels"] for target in panel.get("targets", [])}
    names = {name for expr in asked for name in re.findall(r"\bwebox_\w+|\bprocess_\w+", expr)}
    assert len(names) >= 12
    source = (ROOT / "operations/metrics.py").read_text() + (ROOT / "chat/engine/metrics.py").read_text()
    known = {*re.findall(r'"(webox_\w+)"', source)}
    endings = ("", "_total", "_bucket", "_count", "_sum")
    told = {name + ending for name in known for ending in endings}
    told |= {"process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds"}
    assert names <= told, names - told
