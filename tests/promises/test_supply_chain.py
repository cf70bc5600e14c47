"""What WeBox takes from others is pinned, unchanged, licensed and listed; nothing here asks the network."""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from supply import audit, leaks, licences, npm, pins, vendored
from supply.__main__ import audit_all
from supply.tools import ROOT, CouldNotLook

SERVED, FOR_TESTS = vendored.MANIFESTS
VENDOR = (ROOT / SERVED).parent
ENTRY = next(entry for entry in vendored.read(ROOT / SERVED).files if entry.bundled())
PERMISSIVE = {
    *("MIT", "MIT-0", "MIT-CMU", "MIT License", "BSD", "BSD License", "BSD-2-Clause", "BSD-3-Clause"),
    *("BSD 3-Clause", "Apache-2.0", "Apache Software License", "PSF-2.0", "ZPL-2.1", "TCL"),
    "Python Software Foundation License",
}
AS_THEY_ARE = PERMISSIVE | {
    *(
        "MPL-2.0",
        "Mozilla Public License 2.0 (MPL 2.0)",
        "GNU Library or Lesser General Public License (LGPL)",
    ),
}
"""Also good for what is installed or used unchanged, beside WeBox and not as a part of it."""
# `npm ci` alone takes what package-lock.json pins.
FETCHES = re.compile(
    r"\bpip3? (install|download)\b|\bnpm (install|i|add|update|up|exec|x)\b|\b(npx|pnpm|yarn|uvx)\b"
)
EXACT = re.compile(r"==[0-9][^*,]*")
SHA256 = re.compile(r"sha256:[0-9a-f]{64}")


def is_within(licence: str, accepted: set[str]) -> bool:
    """Whether a licence, or one of those to choose from, is accepted."""
    return any(set(re.split(r" AND |, ", choice)) <= accepted for choice in licence.split(" OR "))


@pytest.mark.parametrize("name", vendored.MANIFESTS)
def test_every_vendored_file_is_listed_and_is_what_the_list_says(name: str) -> None:
    folder = (ROOT / name).parent
    manifest = vendored.read(ROOT / name)
    listed = {"vendor.json"}
    for entry in manifest.files:
        texts = [*entry.own_texts(), *(one.licence_file for one in entry.bundled())]
        assert [text for text in texts if not (folder / text).read_text("utf-8").strip()] == []
        assert vendored.digest((folder / entry.file).read_bytes()) == entry.sha256, entry.file
        assert entry.package == f"npm:{entry.package_name}@{entry.version}"
        listed |= {entry.file, *texts}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there == listed
    filled = re.findall(r'"(\w+)": ""', (ROOT / name).read_text("utf-8"))
    assert filled == []


@pytest.mark.parametrize(
    "field", ["name", "version", "package", "source", "sha256", "licence", "licence_file"]
)
def test_a_manifest_without_a_field_is_refused(field: str, tmp_path: Path) -> None:
    manifest = json.loads((ROOT / SERVED).read_text("utf-8"))
    del manifest["files"][0][field]
    (tmp_path / "vendor.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(msgspec.ValidationError, match=field):
        vendored.read(tmp_path / "vendor.json")


@pytest.mark.parametrize(("name", "accepted"), [(SERVED, PERMISSIVE), (FOR_TESTS, AS_THEY_ARE)])
def test_what_is_vendored_has_a_licence_that_we_accept(name: str, accepted: set[str]) -> None:
    for entry in vendored.read(ROOT / name).files:
        stated = [entry.licence, *(one.licence for one in entry.bundled())]
        assert [licence for licence in stated if not is_within(licence, accepted)] == []


@pytest.mark.parametrize("file", pins.PIN_FILES, ids=lambda file: file.target)
def test_every_requirement_is_pinned_with_hashes(file: pins.PinFile) -> None:
    found = pins.read(ROOT / file.target)
    assert len(found) > 20
    for pin in found:
        assert EXACT.fullmatch(pin.specifier), pin.name
        assert pin.hashes, pin.name
        assert all(SHA256.fullmatch(one) for one in pin.hashes), pin.name


@pytest.mark.parametrize("file", pins.PIN_FILES, ids=lambda file: file.target)
def test_pins_are_what_their_source_names_and_agree_with_each_other(file: pins.PinFile) -> None:
    found = {(pin.name, pin.marker): pin for pin in pins.read(ROOT / file.target)}
    assert pins.wanted(ROOT / file.source) - {name for name, _ in found} == set()
    if file.constraint:
        above = {(pin.name, pin.marker): pin for pin in pins.read(ROOT / file.constraint)}
        shared = above.keys() & found.keys()
        assert shared
        assert {key: found[key] for key in shared} == {key: above[key] for key in shared}


def test_all_that_we_run_on_is_also_there_in_the_tests() -> None:
    ships = {(pin.name, pin.version, pin.marker) for pin in pins.read(ROOT / "requirements.txt")}
    tested = {(pin.name, pin.version, pin.marker) for pin in pins.read(ROOT / "requirements-test.txt")}
    assert ships - tested == set()


def installs(text: str) -> list[str]:
    """The commands of a script that fetch packages of Python or of npm."""
    lines = [line.split("#")[0] for line in text.replace("\\\n", " ").splitlines()]
    return [line for line in lines if FETCHES.search(line)]


@pytest.mark.parametrize(
    "path", [*ROOT.glob(".ci/*"), *ROOT.glob("*Dockerfile*")], ids=lambda path: path.name
)
def test_nothing_is_installed_that_is_not_pinned(path: Path) -> None:
    unpinned = [line for line in installs(path.read_text("utf-8")) if "--require-hashes" not in line]
    assert unpinned == []


def test_tools_of_npm_are_pinned_with_their_hashes() -> None:
    wanted = json.loads((ROOT / "package.json").read_text("utf-8"))["devDependencies"]
    assert [version for version in wanted.values() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
    locked = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    assert locked.pop("")["devDependencies"] == wanted
    assert [name for name, one in locked.items() if not one["integrity"].startswith("sha512-")] == []
    elsewhere = [one["resolved"] for one in locked.values() if "resolved" in one]
    assert [address for address in elsewhere if not address.startswith("https://registry.npmjs.org/")] == []


def test_the_list_of_licences_is_up_to_date() -> None:
    here = licences.installed(pins.read(ROOT / licences.REQUIREMENTS))
    assert here
    page = licences.render(ROOT, licences.recorded(ROOT) | here)
    assert page == (ROOT / licences.PAGE).read_text("utf-8"), "run `python -m supply licences`"


def test_every_package_has_a_licence_that_we_accept() -> None:
    known = licences.recorded(ROOT)
    assert {(pin.name, pin.version) for pin in pins.read(ROOT / licences.REQUIREMENTS)} <= known.keys()
    assert {name: licence for name, licence in known.items() if not is_within(licence, AS_THEY_ARE)} == {}


@pytest.fixture(scope="module")
def look_alikes() -> list[leaks.Leak]:
    return leaks.look_alikes(ROOT)


def test_no_file_holds_what_looks_like_a_real_key(look_alikes: list[leaks.Leak]) -> None:
    assert [str(leak) for leak in look_alikes if leak.value not in leaks.KNOWN] == []


def test_every_known_look_alike_is_still_in_use(look_alikes: list[leaks.Leak]) -> None:
    assert leaks.KNOWN - {leak.value for leak in look_alikes if leak.path != "supply/leaks.py"} == set()


@pytest.mark.parametrize(
    "shape",
    [
        "sk-@", "sk-proj-@", "sk-ant-api03-@", "sk-or-v1-@", "gsk_@", "xai-@", "hf_@", "r8_@", "pplx-@",
        "AIza@", "tgp_v1_@", "webox_@", "MISTRAL_API_KEY=@", '"COHERE_API_KEY": "@"', "ghp_@", "AKIA@",
        "https://me:@@host.example/", "-----BEGIN RSA PRIV~ATE KEY-----",
    ],
)  # fmt: skip
def test_a_key_is_found_wherever_it_is_but_in_ignored_files(shape: str, tmp_path: Path) -> None:
    at = {"AKIA@": 16, "ghp_@": 36}.get(shape, 40)
    # The ~ keeps this file from holding one itself.
    text = f"one\n{shape.replace('@', ('A1B2C3D4' * 5)[:at], 1).replace('~', '')}\n"
    (tmp_path / "docs").mkdir()
    for name in (".env", "docs/page.md"):
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / ".gitignore").write_text(".env\n", encoding="utf-8")
    assert {(leak.path, leak.line) for leak in leaks.find(tmp_path)} == {("docs/page.md", 2)}


def package(version: str, **changed: bytes | None) -> npm.Package:
    """A package as the registry could have it, which holds the vendored files of ENTRY."""
    files = {
        ENTRY.source: (VENDOR / ENTRY.file).read_bytes(),
        "LICENSE": (VENDOR / ENTRY.licence_file).read_bytes(),
        "package.json": json.dumps({"license": ENTRY.licence}).encode(),
    }
    for name, content in changed.items():
        key = {"source": ENTRY.source, "text": "LICENSE", "about": "package.json"}[name]
        files.pop(key)
        if content is not None:
            files[key] = content
    return npm.Package(ENTRY.package_name, version, files)


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({}, None),
        ({"source": b"other"}, f"is not {ENTRY.source}"),
        ({"source": None}, f"is not {ENTRY.source}"),
        ({"text": b"other"}, "is no file of"),
        ({"about": b'{"license": "GPL-3.0"}'}, "GPL-3.0"),
    ],
)
def test_what_differs_from_its_package_is_said(changed: dict[str, bytes | None], fault: str | None) -> None:
    found = vendored.faults(VENDOR, ENTRY, package(ENTRY.version, **changed))
    assert len(found) == (fault is not None)
    assert all(str(fault) in one for one in found)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with ENTRY alone in both manifests."""
    for name in vendored.MANIFESTS:
        folder = (tmp_path / name).parent
        for path in (ENTRY.file, ENTRY.licence_file):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes((VENDOR / path).read_bytes())
        files = [ENTRY] if name == SERVED else []
        vendored.write(tmp_path / name, vendored.Manifest("", files))
    return tmp_path


def offer(monkeypatch: pytest.MonkeyPatch, newest: npm.Package) -> None:
    """Let the registry have this package, and the vendored one."""
    exact = f"{ENTRY.package_name}@{ENTRY.version}"
    monkeypatch.setattr(npm, "fetch", lambda spec, _="": package(ENTRY.version) if spec == exact else newest)


def test_an_update_copies_the_newer_file_with_its_licence(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, package("999.0.0", source=b"newer", text=b"text of 999"))
    result = vendored.update(checkout, [], cooldown=7)
    [entry] = vendored.read(checkout / SERVED).files
    folder = (checkout / SERVED).parent
    assert result.changed == [(ENTRY.name, ENTRY.version, "999.0.0")]
    assert (folder / entry.file).read_bytes() == b"newer"
    assert (folder / entry.licence_file).read_bytes() == b"text of 999"
    assert (entry.version, entry.sha256) == ("999.0.0", vendored.digest(b"newer"))
    assert entry.package == f"npm:{ENTRY.package_name}@999.0.0"
    # What it bundles now, somebody has to look up.
    assert [note for note in result.by_hand if "bundle" in note] == result.by_hand
    assert result.by_hand


@pytest.mark.parametrize(
    "newest",
    [
        package("0.0.1", source=b"older"),
        package("999.0.0", source=None),
        package("999.0.0", text=None),
        package("999.0.0", about=b'{"license": "GPL-3.0"}'),
    ],
)
def test_an_update_leaves_what_one_copy_can_not_do(
    newest: npm.Package, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(monkeypatch, newest)
    result = vendored.update(checkout, [], cooldown=7)
    assert vendored.read(checkout / SERVED).files == [ENTRY]
    assert result.changed == []
    assert len(result.by_hand) == (newest.version == "999.0.0")


def test_a_pin_that_is_younger_than_the_cooldown_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = pins.PinFile("x.txt", "x.in")
    before = "old==1.0 --hash=sha256:0\nyoung==2.0 --hash=sha256:0\n"
    (tmp_path / "x.txt").write_text(before, encoding="utf-8")
    seen = []

    def resolve(root: Path, file: pins.PinFile, chosen: set[str], kept: set[str], cooldown: int) -> None:
        """As uv does: under a cooldown there is no 2.0 of what is not kept."""
        seen.append(((root / file.target).read_text("utf-8"), chosen, kept.copy()))
        young = "2.0" if "young" in kept else "1.9"
        (root / file.target).write_text(f"old==1.1\nyoung=={young}\n", encoding="utf-8")

    monkeypatch.setattr(pins, "PIN_FILES", (file,))
    monkeypatch.setattr(pins, "compile_", resolve)
    pins.update(tmp_path, [], cooldown=7)
    assert seen == [(before, {"old", "young"}, set()), (before, {"old"}, {"young"})]
    assert pins.versions(tmp_path / "x.txt") == {"old": "1.1", "young": "2.0"}


def test_an_archive_that_is_not_the_registrys_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def npm_says(*command: str, cwd: Path) -> str:
        if command[1] == "view":
            return json.dumps(npm.integrity(b"another"))
        (cwd / "one-1.0.0.tgz").write_bytes(b"archive")
        return json.dumps([{"name": "one", "version": "1.0.0"}])

    monkeypatch.setattr(npm, "run", npm_says)
    with pytest.raises(CouldNotLook, match="not what the registry says"):
        npm.fetch("one@1.0.0")


WEAK = {"id": "X-1", "aliases": [], "fix_versions": ["2.0"]}
ASKED = {"name": "one", "version": "1.0", "vulns": []}
SKIPPED = {"name": "two", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("python", "npm_report", "code"),
    [
        ([ASKED], {"vulnerabilities": {}}, 0),
        ([ASKED | {"vulns": [WEAK]}], {"vulnerabilities": {}}, 1),
        ([ASKED], {"vulnerabilities": {"one": {"severity": "high", "via": [{"title": "bad"}]}}}, 1),
        ([ASKED, SKIPPED], {"vulnerabilities": {}}, 3),
        ([SKIPPED], {"vulnerabilities": {}}, 3),
        ([ASKED], {"message": "405"}, 3),
        ([ASKED | {"vulns": [WEAK]}], {"message": "405"}, 1),
    ],
)
def test_an_audit_that_could_not_ask_is_no_good_news(
    python: list[dict[str, Any]], npm_report: dict[str, Any], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(*command: object, cwd: Path) -> Any:
        report = npm_report if command[0] == "npm" else {"dependencies": python}
        return dataclasses.make_dataclass("Done", ["stdout", "stderr"])(json.dumps(report), "")

    monkeypatch.setattr(audit, "install_pip_audit", lambda root, folder: Path("pip-audit"))
    monkeypatch.setattr(audit, "run", lambda *command, cwd: "")
    monkeypatch.setattr(audit, "attempt", said)
    monkeypatch.setattr(leaks, "find", lambda root: [])
    assert audit_all(ROOT) == code
