"""Keys and passwords of real services in the files of the checkout."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.plugins.base import RegexBasedDetector
from detect_secrets.plugins.ip_public import IPPublicDetector
from pathspec import GitIgnoreSpec

KNOWN = frozenset(
    {
        # In addresses of examples, and of tests.
        *("password", "motdepasse", "pass", "secret", "b"),
        *("a%20password%20of%20your%20own", "p%40ss%2Fw%3Ard%20%231%25"),
        # Hostile input: a key as people paste it, a private key without one, a token that nobody signed.
        *("sk-proj-AAAABBBBCCCCDDDDEEEEFFFF0000111122223333", "BEGIN PRIVATE KEY"),
        "eyJhbGciOiJub25lIn0.eyJ1c2VyX2lkIjoxfQ.",
        # Canaries of tests, and keys that no vendor ever gave out.
        "sk-CANARY-of-a-person-9876543210",
        "sk-CANARY-of-faults-0123456789",
        "sk-CANARY-of-the-server-0123456789",
        "sk-a-key-of-somebody-1234",
        "sk-bad-and-rejected-0000",
        "sk-good-key-of-somebody-9876",
        "sk-good-key-of-the-server-4321",
        "sk-good-one-with-9876",
        "sk-very-secret-key-0123456789",
    }
)


class VendorKeys(RegexBasedDetector):
    """Keys of the AI vendors that WeBox knows, and its own access tokens."""

    secret_type = "Key of an AI vendor"  # noqa: S105 - what it is called
    denylist = (
        re.compile(
            r"(?<![\w-])(?:sk-|gsk_|xai-|hf_|r8_|pplx-|tgp_v1_|AIza|webox_)(?=[\w-]*\d)[\w-]{18,}", re.ASCII
        ),
        # Some vendors' keys have no mark of their own: the name that they are given to tells.
        re.compile(r"_API_KEY\W{1,8}([A-Za-z0-9]{32,})"),
    )


@dataclass(frozen=True)
class Leak:
    """Something that looks like a real key, and where."""

    path: str
    line: int
    kind: str
    value: str = field(repr=False)

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.kind}"


def detectors() -> list[RegexBasedDetector]:
    """What looks for keys that can be told by their shape; none asks a service whether a key is good."""
    # Those for strings without order and for words like "password" see hundreds here: checksums, and tests.
    kinds: list[type] = list(get_mapping_from_secret_type_to_class().values())
    regular = [
        kind for kind in kinds if issubclass(kind, RegexBasedDetector) and kind is not IPPublicDetector
    ]
    return [VendorKeys(), *(kind() for kind in regular)]


def find(root: Path) -> list[Leak]:
    """Every leak in a checkout, whether git knows its file already or not."""
    return [leak for leak in look_alikes(root) if leak.value not in KNOWN]


def look_alikes(root: Path) -> list[Leak]:
    """What looks like a key in a checkout, the known ones too."""
    looking = detectors()
    return [leak for path in files(root) for leak in look_alikes_in(root, path, looking)]


def look_alikes_in(root: Path, path: Path, looking: list[RegexBasedDetector]) -> Iterator[Leak]:
    """What looks like a key in one file; what holds a zero byte is no text."""
    content = (root / path).read_bytes()
    if b"\0" in content:
        return
    for number, line in enumerate(content.decode(errors="replace").split("\n"), start=1):
        for detector in looking:
            for value in detector.analyze_string(line):
                yield Leak(path.as_posix(), number, detector.secret_type, value)


def files(root: Path) -> Iterator[Path]:
    """The files of a checkout but for those that .gitignore names, which is where real keys belong."""
    rules = (root / ".gitignore").read_text(encoding="utf-8").splitlines()
    ignored = GitIgnoreSpec.from_lines([".git", *rules])
    for folder, folders, names in os.walk(root):
        here = Path(folder).relative_to(root)
        folders[:] = sorted(
            name for name in folders if not ignored.match_file(f"{(here / name).as_posix()}/")
        )
        yield from (here / name for name in names if not ignored.match_file((here / name).as_posix()))
