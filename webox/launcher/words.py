"""What the launcher says, in English and French: it speaks before Django and its catalogues exist.

Parses on every Python since 3.6, because the refusal of an old one is said from here.
"""

# ruff: noqa: E501 - a sentence is read whole

import ctypes
import os
import sys

FRENCH_WINDOWS = 0x0C  # primary language id, https://learn.microsoft.com/windows/win32/intl/language-identifier-constants-and-strings

# In French, `~` stands for a space that does not break.
SENTENCES = {
    "python_too_old": (
        "WeBox needs Python {needed} or newer, and this is Python {found}. Get one at https://www.python.org/downloads/",
        "WeBox a besoin de Python {needed} ou plus récent, et celui-ci est Python {found}. Téléchargez-le sur https://www.python.org/downloads/",
    ),
    "no_venv": (
        "This Python can’t make virtual environments: its venv and ensurepip modules are missing (on Debian and Ubuntu: apt install python3-venv).",
        "Ce Python ne sait pas créer d’environnement virtuel~: il lui manque les modules venv et ensurepip (sous Debian et Ubuntu~: apt install python3-venv).",
    ),
    "making_venv": (
        "Making the Python environment in {path}",
        "Création de l’environnement Python dans {path}",
    ),
    "remaking_venv": (
        "The Python environment in {path} is incomplete or made by another Python; making it again",
        "L’environnement Python de {path} est incomplet ou fait par un autre Python~; il est recréé",
    ),
    "installing": ("Installing the packages of {file}", "Installation des paquets de {file}"),
    "fetching": ("Fetching packages", "Téléchargement des paquets"),
    "unpacking": ("Installing packages", "Installation des paquets"),
    "retrying": (
        "The network is slow or cut; trying again",
        "Le réseau est lent ou coupé~; nouvel essai",
    ),
    "installed": ("Everything is installed ({seconds:.0f} s)", "Tout est installé ({seconds:.0f}~s)"),
    "interrupted": (
        "Interrupted. The next start takes it up again.",
        "Interrompu. Le prochain démarrage reprendra.",
    ),
    "no_network": (
        "The packages can’t be fetched: the package index can’t be reached. Check the network, then start again (pip’s words: {log}).",
        "Impossible de télécharger les paquets~: le dépôt de paquets est injoignable. Vérifiez le réseau, puis relancez (détails de pip~: {log}).",
    ),
    "wrong_hash": (
        "A package fetched is not the one that was pinned, so nothing was installed (pip’s words: {log}).",
        "Un paquet téléchargé n’est pas celui qui était attendu~: rien n’a été installé (détails de pip~: {log}).",
    ),
    "pip_failed": (
        "The packages can’t be installed: {detail} (pip’s words: {log}).",
        "Impossible d’installer les paquets~: {detail} (détails de pip~: {log}).",
    ),
    "disk_full": (
        "The disk is full: make room, then start again.",
        "Le disque est plein~: faites de la place, puis relancez.",
    ),
    "not_writable": (
        "WeBox can’t write to {path}: {detail}.",
        "WeBox ne peut pas écrire dans {path}~: {detail}.",
    ),
    "port_taken": (
        "Port {port} is taken by another program (or WeBox already runs). Use another one: --port {other}",
        "Le port {port} est déjà pris par un autre programme (ou WeBox tourne déjà). Choisissez-en un autre~: --port {other}",
    ),
    "port_refused": (
        "WeBox may not use port {port} ({detail}). Use one above 1023: --port 8000",
        "WeBox n’a pas le droit d’utiliser le port {port} ({detail}). Choisissez-en un au-dessus de 1023~: --port 8000",
    ),
    "host_unknown": (
        "{host} is not an address of this machine ({detail}).",
        "{host} n’est pas une adresse de cette machine ({detail}).",
    ),
    "setting_word": (
        "{name} is “{value}”; it must be one of {allowed}.",
        "{name} vaut «~{value}~»~; il faut l’un de~: {allowed}.",
    ),
    "setting_number": (
        "{name} must be a whole number of at least {minimum}.",
        "{name} doit être un nombre entier d’au moins {minimum}.",
    ),
    "setting_database": (
        "DATABASE_URL must be postgres://user:password@host:5432/name or sqlite:///path.",
        "DATABASE_URL doit être postgres://utilisateur:motdepasse@hôte:5432/base ou sqlite:///chemin.",
    ),
    "setting": ("A setting is wrong: {detail}", "Un réglage est incorrect~: {detail}"),
    "redis_without_postgresql": (
        "REDIS_URL is set, so WeBox runs on several processes, and those need PostgreSQL: set "
        "DATABASE_URL=postgres://user:password@host:5432/name, or unset REDIS_URL.",
        "REDIS_URL est défini, donc WeBox tourne sur plusieurs processus, et il leur faut PostgreSQL~: "
        "définissez DATABASE_URL=postgres://utilisateur:motdepasse@hôte:5432/base, ou retirez REDIS_URL.",
    ),
    "runs_already": (
        "WeBox already runs on {path}, and two would not hear of each other (webox.E005). Stop that one, or give this one a folder of its own (WEBOX_VAR); for several processes set REDIS_URL.",
        "WeBox tourne déjà sur {path}, et deux ne s’entendraient pas (webox.E005). Arrêtez celui-là, ou donnez à celui-ci un dossier à lui (WEBOX_VAR)~; pour plusieurs processus, définissez REDIS_URL.",
    ),
    "only_needs_redis": (
        "--only {name} is for WeBox on several processes: set REDIS_URL and a PostgreSQL DATABASE_URL first.",
        "--only {name} concerne WeBox sur plusieurs processus~: définissez d’abord REDIS_URL et un DATABASE_URL PostgreSQL.",
    ),
    "database": ("The database can’t be used: {detail}", "La base de données est inutilisable~: {detail}"),
    "redis": ("Redis can’t be reached: {detail}", "Redis est injoignable~: {detail}"),
    "migrating": (
        "Bringing the database up to date ({count} steps)",
        "Mise à jour de la base de données ({count} étapes)",
    ),
    "owner_link": (
        "Make the owner’s account with this link, good once: {url}",
        "Créez le compte du propriétaire avec ce lien, valable une fois~: {url}",
    ),
    "ready": (
        "WeBox is ready at {url} (Ctrl-C stops it)",
        "WeBox est prêt sur {url} (Ctrl-C pour l’arrêter)",
    ),
    "stopping": ("Stopping WeBox", "Arrêt de WeBox"),
    "starting_parts": (
        "Starting WeBox on several processes: {names}",
        "Démarrage de WeBox sur plusieurs processus~: {names}",
    ),
    "part_ended": (
        "The process {name} ended by itself (code {code}), so WeBox stops.",
        "Le processus {name} s’est arrêté de lui-même (code {code}), donc WeBox s’arrête.",
    ),
    "help": (
        "Set WeBox up and run it. Other commands: “test” runs the tests (“test --all” every one of them, "
        "“test -- …” passes arguments to pytest), “manage …” is Django’s manage.py.",
        "Installer et lancer WeBox. Autres commandes~: «~test~» lance les tests («~test --all~» tous sans "
        "exception, «~test -- …~» passe des arguments à pytest), «~manage …~» est le manage.py de Django.",
    ),
    "help_host": ("address to listen on (127.0.0.1)", "adresse d’écoute (127.0.0.1)"),
    "help_port": ("port to listen on (8000)", "port d’écoute (8000)"),
    "help_no_browser": ("do not open the browser", "ne pas ouvrir le navigateur"),
    "help_only": (
        "with REDIS_URL: run this one process instead of all",
        "avec REDIS_URL~: lancer ce seul processus au lieu de tous",
    ),
    "help_all": (
        "everything, and fail where a tool is missing",
        "tout, en échouant s’il manque un outil",
    ),
    "bad_port": ("{value} is not a port (0 to 65535)", "{value} n’est pas un port (de 0 à 65535)"),
}


def prefers_french() -> bool:
    """Whether the person’s own system speaks French."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name)
        if value:
            return value.lower().startswith("fr")
    if sys.platform == "win32":
        language = ctypes.windll.kernel32.GetUserDefaultUILanguage()
        return bool(language & 0x3FF == FRENCH_WINDOWS)
    return False


def say(key: str, **params: object) -> str:
    """The sentence `key` in the person’s language, with its parameters filled in."""
    english, french = SENTENCES[key]
    sentence = french.replace("~", "\u00a0") if prefers_french() else english
    return sentence.format(**params)


class Problem(Exception):
    """Why WeBox can’t go on: one sentence for the person who started it."""

    def __init__(self, key: str, **params: object) -> None:
        super().__init__(say(key, **params))
