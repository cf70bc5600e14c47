"""Known weaknesses of what is pinned, asked from the databases of others."""

import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from supply import vendored
from supply.tools import UV, CouldNotLook, attempt, run

SERVICES = ("pypi", "osv")
QUIETLY = ("--format", "json", "--progress-spinner", "off")
AUDITED = "requirements-test.txt"
"""It holds everything of requirements.txt, too."""
SHOWN = 200
"""Characters of what a program said against itself, from its end."""


@dataclass
class Audit:
    """What is known, and what could not be asked."""

    weaknesses: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def look(root: Path) -> Audit:
    """Ask about all Python packages and all vendored files."""
    result = Audit()
    for ask in (ask_about_python, ask_about_vendored):
        try:
            ask(root, result)
        except CouldNotLook as problem:
            result.unknown.append(str(problem))
    return result


def ask_about_python(root: Path, result: Audit) -> None:
    """Ask with pip-audit, of the first service that knows the packages. Raises CouldNotLook."""
    problems = []
    with tempfile.TemporaryDirectory(prefix="webox-supply-") as scratch:
        program = install_pip_audit(root, Path(scratch))
        asking: list[str | Path] = [program, "-r", root / AUDITED, "--no-deps", "--disable-pip", *QUIETLY]
        for service in SERVICES:
            done = attempt(*asking, "--vulnerability-service", service, cwd=root)
            if not done.stdout.startswith("{"):
                problems.append(f"{service}: {done.stderr.strip()[-SHOWN:]}")
            elif take_python(json.loads(done.stdout), result):
                return
            else:
                problems.append(f"{service}: knew none of the packages")
    raise CouldNotLook(f"Python packages: {'; '.join(problems)}")


def install_pip_audit(root: Path, folder: Path) -> Path:
    """Make an environment in a folder with pip-audit as it is pinned; returns the program."""
    pinned = root / "supply" / "audit.txt"
    run(*UV, "venv", "--quiet", "env", cwd=folder)
    run(*UV, "pip", "sync", "--quiet", "--require-hashes", "--python", "env", pinned, cwd=folder)
    [program] = [*folder.glob("env/bin/pip-audit"), *folder.glob("env/Scripts/pip-audit.exe")]
    return program


def take_python(report: dict[str, Any], result: Audit) -> bool:
    """Note what pip-audit reports; False when it got an answer about no package at all."""
    packages = report["dependencies"]
    asked = [one for one in packages if "vulns" in one]
    for one in asked:
        for weakness in one["vulns"]:
            names = ", ".join([weakness["id"], *weakness["aliases"]])
            better = ", ".join(weakness["fix_versions"]) or "no version yet"
            result.weaknesses.append(f"{one['name']} {one['version']}: {names}; mended in {better}")
    if asked:
        result.unknown += [f"{one['name']}: {one['skip_reason']}" for one in packages if "vulns" not in one]
    return bool(asked)


def ask_about_vendored(root: Path, result: Audit) -> None:
    """Run `npm audit` on a package.json of what is vendored. Raises CouldNotLook."""
    entries = [entry for name in vendored.MANIFESTS for entry in vendored.read(root / name).files]
    wanted = {"private": True, "dependencies": {one.package_name: one.version for one in entries}}
    with tempfile.TemporaryDirectory(prefix="webox-supply-") as scratch:
        folder = Path(scratch)
        (folder / "package.json").write_text(json.dumps(wanted), encoding="utf-8")
        run("npm", "install", "--package-lock-only", "--ignore-scripts", "--no-audit", cwd=folder)
        done = attempt("npm", "audit", "--json", cwd=folder)
    take_npm(json.loads(done.stdout or "{}"), result)


def take_npm(report: dict[str, Any], result: Audit) -> None:
    """Note what `npm audit` reports. Raises CouldNotLook when it says that it got no answer."""
    if "vulnerabilities" not in report:
        raise CouldNotLook(f"Front-end files: {report.get('message', 'npm audit gave no report')}")
    for name, found in report["vulnerabilities"].items():
        titles = [via["title"] for via in found["via"] if isinstance(via, dict)]
        result.weaknesses.append(f"{name} ({found['severity']}): {'; '.join(titles) or 'by what it needs'}")
