"""schemathesis over a running WeBox, as nobody, as two people and as its owner.

By hand, more thoroughly than in CI: `python -m tests.api.fuzzing --examples 200`.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests import ROOT
from tests.site.running import (
    OWNER_EMAIL,
    PASSWORD,
    Site,
    environment,
    free_port,
    running_site,
    server_command,
)

WHO = ("nobody", "ana", "ben", "owner")
VENDORS = (
    "OPENAI", "ANTHROPIC", "GOOGLE", "MISTRAL", "COHERE", "PERPLEXITY", "DEEPSEEK", "GROQ", "TOGETHER",
    "REPLICATE", "HUGGINGFACE", "XAI", "OPENROUTER",
)  # fmt: skip
# They look for whatever address is made up, which is not on this machine.
LEFT_OUT = ("addServer", "changeServer")
# What a description can't say: which names of AIs there are, what is an image, that two numbers multiply,
# how many tags a conversation has already, what is a word, that one of two names is wanted.
REFUSED_FOR_ITS_MEANING = {
    "createLineUp": (400,),
    "changeLineUp": (400,),
    "changeConversations": (400,),
    "search": (400,),
    "uploadImage": (413, 415),
    "send": (400,),
    "gatewayComplete": (400, 502),
    "register": (400,),
    "signIn": (400,),
    "changeAccount": (400,),
    "saveKey": (400, 424),
    "saveServerKey": (400, 424),
    "testProvider": (400, 424),
    "syncModels": (400, 424),
    "addLocalServer": (424,),
    "changeBudget": (400,),
    "getActivity": (400,),
    "getProviderStatistics": (400,),
    "getCosts": (400,),
}


@contextmanager
def fuzzed_site(var: Path) -> Iterator[Site]:
    """A site whose vendors are out of reach: nothing that is asked of it leaves this machine."""
    nowhere = {f"{vendor}_BASE_URL": "http://127.0.0.1:9/v1" for vendor in VENDORS}
    env = environment(var, WEBOX_OWNER_EMAIL=OWNER_EMAIL, WEBOX_OWNER_PASSWORD=PASSWORD, **nowhere)
    port = free_port()
    with running_site(server_command(port), env, port, var / "log") as site:
        yield site


def tokens(site: Site) -> dict[str, str]:
    """An access token for each person; both of them have asked something."""
    people = [site.account(name) for name in ("ana", "ben")]
    for person in people:
        person.post("/api/chat/send", message=f"{person.name}'s secret", selected_providers=["demo:quick"])
    sign_in = {"email": OWNER_EMAIL, "password": PASSWORD}
    got = httpx.post(f"{site.url}/api/auth/token", json=sign_in, trust_env=False).raise_for_status()
    return {person.name: person.token for person in people} | {"owner": got.json()["access"]}


def configuration(folder: Path, who: str, access: dict[str, str]) -> Path:
    """schemathesis' own configuration for one of them; ana and ben must not see each other's objects."""
    lines = []
    if who != "nobody":
        entries = [
            {"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {token}"}]}
            for name, token in access.items()
        ]
        (folder / "auth.json").write_text(json.dumps({"auth": entries}), encoding="utf-8")
        lines += ["[auth.wfc]", f"path = {json.dumps(str(folder / 'auth.json'))}", f'user = "{who}"']
        if who != "owner":
            lines.append('peers = ["ana", "ben"]')
    usual = ["2xx", "401", "403", "404", "406", "409", "429", "503"]
    for name, statuses in REFUSED_FOR_ITS_MEANING.items():
        expected = json.dumps([*usual, *map(str, statuses)])
        lines += ["[[operations]]", f'include-operation-id = "{name}"']
        lines += [f"checks.positive_data_acceptance.expected-statuses = {expected}"]
    path = folder / f"{who}.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def fuzz(site: Site, config: Path, examples: int, *words: str) -> subprocess.CompletedProcess[str]:
    """Ask everything with every check; its exit code is 0 where nothing was found."""
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run"]
    command += [f"{site.url}/api/schema/?format=json", "--checks", "all", "--continue-on-failure"]
    command += ["--max-examples", str(examples), "--request-timeout", "30", "--warnings", "off"]
    command += words
    for name in LEFT_OUT:
        command += ["--exclude-operation-id", name]
    env = {
        "PATH": str(Path(sys.executable).parent),
        "NO_PROXY": "127.0.0.1",
        "NO_COLOR": "1",
        "HOME": str(config.parent),
    }
    return subprocess.run(
        command, cwd=config.parent, env=env, capture_output=True, encoding="utf-8", check=False
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=200, help="for each operation, phase and person")
    parser.add_argument("--who", choices=WHO, action="append")
    args = parser.parse_args()
    codes = []
    for who in args.who or WHO:
        with tempfile.TemporaryDirectory() as folder, fuzzed_site(Path(folder)) as site:
            done = fuzz(site, configuration(Path(folder), who, tokens(site)), args.examples)
            print(f"=== {who} ===\n{done.stdout}{done.stderr}")
            codes.append(done.returncode)
    return max(codes)


if __name__ == "__main__":
    assert Path.cwd() == ROOT, "run it where manage.py is"
    sys.exit(main())
