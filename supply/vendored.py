"""The vendored front-end files: what their manifests say, whether their packages agree, and newer ones."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from msgspec import UNSET, UnsetType
from packaging.version import Version

from supply import npm
from supply.tools import days_ago

MANIFESTS = ("static/vendor/vendor.json", "tests/browser/vendor_js/vendor.json")
FROM_NPM = "npm:"


class Bundled(msgspec.Struct, forbid_unknown_fields=True):
    """Somebody else's work that the authors of a vendored file compiled into it."""

    name: str
    version: str
    licence: str
    licence_file: str


class Entry(msgspec.Struct, forbid_unknown_fields=True):
    """One vendored file."""

    file: str
    name: str
    version: str
    package: str
    source: str
    sha256: str
    licence: str
    licence_file: str
    bundles: list[Bundled] | UnsetType = UNSET
    bundles_licence_file: str | UnsetType = UNSET

    @property
    def package_name(self) -> str:
        """What npm calls its package."""
        return self.package.removeprefix(FROM_NPM).rpartition("@")[0]

    def own_texts(self) -> list[str]:
        """The licence files that come from the package itself."""
        return [self.licence_file] + [one for one in [self.bundles_licence_file] if one]

    def bundled(self) -> list[Bundled]:
        """What is compiled into it, as far as the manifest lists that."""
        return self.bundles or []


class Manifest(msgspec.Struct, forbid_unknown_fields=True):
    """A folder's vendor.json."""

    about: str
    files: list[Entry]


def read(path: Path) -> Manifest:
    """A manifest. Raises msgspec.ValidationError when something is missing or not known."""
    return msgspec.json.decode(path.read_bytes(), type=Manifest)


def known(root: Path) -> set[str]:
    """The names of all that is vendored."""
    return {entry.name for name in MANIFESTS for entry in read(root / name).files}


def write(path: Path, manifest: Manifest) -> None:
    """Write a manifest."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")


def digest(content: bytes) -> str:
    """The checksum that the manifests hold."""
    return hashlib.sha256(content).hexdigest()


def faults(folder: Path, entry: Entry, package: npm.Package) -> list[str]:
    """What differs between a vendored file and its package; empty when the file is a plain copy."""
    found = []
    if package.files.get(entry.source) != (folder / entry.file).read_bytes():
        found.append(f"{entry.file} is not {entry.source} of {entry.package}")
    texts = set(package.files.values())
    for text in entry.own_texts():
        if (folder / text).read_bytes() not in texts:
            found.append(f"{text} is no file of {entry.package}")
    stated = stated_licence(package)
    if stated != entry.licence:
        found.append(f"{entry.package} says that its licence is {stated!r}, not {entry.licence!r}")
    return found


def stated_licence(package: npm.Package) -> str:
    """What a package says that its licence is."""
    return str(json.loads(package.files["package.json"]).get("license", "")).strip("()")


def verify(root: Path) -> list[str]:
    """Download every package and compare; says what differs. Raises CouldNotLook."""
    found = []
    for name in MANIFESTS:
        folder = (root / name).parent
        for entry in read(root / name).files:
            found += faults(folder, entry, npm.fetch(entry.package.removeprefix(FROM_NPM)))
    return found


@dataclass
class Updated:
    """What an update of the vendored files came to."""

    changed: list[tuple[str, str, str]] = field(default_factory=list)  # name, old version, new version
    by_hand: list[str] = field(default_factory=list)


def update(root: Path, names: list[str], cooldown: int) -> Updated:
    """Copy newer files from their packages, of these names or of all. Raises CouldNotLook.

    What one copy can't do is left as it is, and said.
    """
    result = Updated()
    for name in MANIFESTS:
        manifest = read(root / name)
        for entry in manifest.files:
            if not names or entry.name in names:
                update_entry((root / name).parent, entry, cooldown, result)
                # At once: a registry that fails at the next one leaves files and manifest in step.
                write(root / name, manifest)
    return result


def update_entry(folder: Path, entry: Entry, cooldown: int, result: Updated) -> None:
    """Bring one vendored file, its licence texts and its line of the manifest up to date."""
    new = npm.fetch(entry.package_name, days_ago(cooldown) if cooldown else "")
    if Version(new.version) <= Version(entry.version):
        return
    old = npm.fetch(entry.package.removeprefix(FROM_NPM))
    paths = {(folder / text).read_bytes(): text for text in entry.own_texts()}
    sources = {path: paths[content] for path, content in old.files.items() if content in paths}
    wrong = faults(folder, entry, old)
    wrong += [f"{new.version} has no {path}" for path in [entry.source, *sources] if path not in new.files]
    if stated_licence(new) != entry.licence:
        wrong.append(f"{new.version} has the licence {stated_licence(new)!r}")
    if wrong:
        result.by_hand.append(f"{entry.name} {entry.version} stays: {'; '.join(wrong)}")
        return
    for path, text in sources.items():
        (folder / text).write_bytes(new.files[path])
    content = new.files[entry.source]
    (folder / entry.file).write_bytes(content)
    result.changed.append((entry.name, entry.version, new.version))
    entry.version, entry.sha256 = new.version, digest(content)
    entry.package = f"{FROM_NPM}{new.name}@{new.version}"
    if entry.bundled():
        listed = ", ".join(f"{one.name} {one.version}" for one in entry.bundled())
        result.by_hand.append(f"{entry.name} {new.version}: what does it bundle? Listed are {listed}")
