"""`manage.py provider`: add, list, test, sync and remove the AIs that everybody here may ask."""

import re
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from chat.ais import access, catalogue, probes, servers
from chat.ais.servers import NewServer
from chat.models import Provider, ProviderKey
from chat.models.catalogue import SLUG
from common.errors import WeBoxError
from outbound import addresses
from providers.base import ListedModel, ProtocolName
from providers.errors import ProviderError

PROTOCOLS = [choice for choice in Provider.Protocol.values if choice != Provider.Protocol.DEMO]


class Command(BaseCommand):
    help = "Add, list, test, sync and remove the AIs that everybody here may ask."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        add = verbs.add_parser("add", help="add a vendor or a server; its address may be private")
        add.add_argument("slug", metavar="SLUG", help="its name in the API: a-z, digits, hyphens")
        add.add_argument("--protocol", choices=PROTOCOLS, default="openai", help="default: %(default)s")
        add.add_argument("--base-url", required=True, metavar="URL", help="like http://127.0.0.1:8080/v1")
        add.add_argument("--label", default="", help="its name for people; made from SLUG if not given")
        add.add_argument(
            "--key-env", default="", metavar="NAME", help="the variable with its key: ACME_API_KEY"
        )
        add.add_argument(
            "--model", action="append", default=[], metavar="NAME", help="repeatable; the default one first"
        )
        verbs.add_parser("list", help="show them all")
        test = verbs.add_parser("test", help="ask whether it answers with the server's key")
        test.add_argument("slug", metavar="SLUG")
        sync = verbs.add_parser("sync", help="read the vendors' own lists of models")
        sync.add_argument(
            "slugs", nargs="*", metavar="SLUG", help="all that can be asked, unless some are named"
        )
        remove = verbs.add_parser("remove", help="remove it with its keys; a built-in vendor is switched off")
        remove.add_argument("slug", metavar="SLUG")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        with translation.override("en"):
            try:
                match verb:
                    case "add":
                        self._add(options)
                    case "list":
                        self._list()
                    case "test":
                        self._test(_find(options["slug"]))
                    case "sync":
                        self._sync([_find(slug) for slug in options["slugs"]] or _askable())
                    case "remove":
                        self._remove(_find(options["slug"]))
            except WeBoxError as error:
                raise CommandError(error.detail) from error

    def _add(self, options: dict[str, Any]) -> None:
        slug, protocol, key_env = options["slug"], options["protocol"], options["key_env"]
        if not re.fullmatch(SLUG.regex, slug):
            raise CommandError(f"“{slug}” can’t be a name here. {SLUG.message}")
        if key_env and not settings.VENDOR_KEY_NAME.fullmatch(key_env):
            raise CommandError(f"{key_env} is no name of a key: it must end in _API_KEY or _API_TOKEN.")
        label = (options["label"] or slug.replace("-", " ").capitalize())[:100]
        servers.check_name(None, slug, label)
        models: list[str] = options["model"]
        address = addresses.parse(options["base_url"], usual_path=servers.usual_path(protocol))
        provider = Provider(
            slug=slug,
            label=label,
            mark=servers.mark_of(label),
            protocol=protocol,
            base_url=address.url,
            key_env=key_env,
            needs_key=bool(key_env),
            default_model=models[0] if models else "",
        )
        listed, problem = ([], "") if models else _first_list(provider)
        provider = servers.save_server(
            provider, NewServer(label, protocol, address.url, models=tuple(models)), listed
        )
        self.stdout.write(f"Added {label} at {address.url}. Models: {provider.models.count()}.")
        if problem:
            self.stdout.write(f"Its models could not be read: {problem}")
            self.stdout.write(
                f"Name one as you ask it ({slug}:MODEL), or run: manage.py provider sync {slug}"
            )
        if key_env and not access.environment_key(provider):
            self.stdout.write(f"{key_env} is not set: set it, and start WeBox again.")

    def _list(self) -> None:
        rows = [("SLUG", "NAME", "PROTOCOL", "ADDRESS", "KEY", "MODELS", "")]
        keyed = set(ProviderKey.objects.filter(owner=None).values_list("provider_id", flat=True))
        for provider in Provider.objects.filter(owner=None).order_by("position", "pk"):
            rows.append(
                (
                    provider.slug,
                    provider.label,
                    provider.protocol,
                    catalogue.address(provider) or "–",
                    _key_word(provider, stored=provider.pk in keyed),
                    str(provider.models.filter(is_listed=True).count()),
                    "" if provider.enabled else "switched off",
                )
            )
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            line = "  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True))
            self.stdout.write(line.rstrip())

    def _test(self, provider: Provider) -> None:
        error = servers.test(provider, _key(provider))
        if error:
            raise CommandError(error.detail)
        self.stdout.write(f"{provider.label} answers.")

    def _sync(self, providers: list[Provider]) -> None:
        failed = []
        for provider in providers:
            try:
                synced = probes.sync(provider, access.endpoint(provider, _key(provider)))
            except WeBoxError as error:
                failed.append(provider.slug)
                self.stderr.write(f"{provider.label}: {error.detail}")
            else:
                told = f"{synced.listed} models, {synced.added} new, {synced.gone} gone."
                self.stdout.write(f"{provider.label}: {told}")
        if failed:
            raise CommandError(f"Not read: {', '.join(failed)}.")

    def _remove(self, provider: Provider) -> None:
        servers.remove(provider)
        is_there = Provider.objects.filter(owner=None, slug=provider.slug).exists()
        became = "switched off" if is_there else "removed"
        self.stdout.write(f"{provider.label} is {became}; its answers stay.")


def _first_list(provider: Provider) -> tuple[list[ListedModel], str]:
    """The vendor's list of models, or why it can't be had now."""
    protocol: ProtocolName = provider.protocol  # type: ignore[assignment]  # a choice of the column
    try:
        return probes.list_models(protocol, access.endpoint(provider, _key(provider))), ""
    except ProviderError as error:
        return [], error.detail


def _find(slug: str) -> Provider:
    provider = Provider.objects.filter(owner=None, slug=slug).first()
    if provider is None:
        raise CommandError(f"There is no provider “{slug}”. See: manage.py provider list")
    return provider


def _key(provider: Provider) -> str:
    """The server's key: the stored one, else the environment's."""
    stored = ProviderKey.objects.filter(owner=None, provider=provider).first() if provider.pk else None
    return servers.reveal(stored, provider) if stored else access.environment_key(provider)


def _askable() -> list[Provider]:
    """Everybody's that are switched on and have a key, or need none and are there."""
    rows = Provider.objects.filter(owner=None, enabled=True).exclude(protocol=Provider.Protocol.DEMO)
    return [row for row in rows if _key(row) or (not row.needs_key and access.is_there(row))]


def _key_word(provider: Provider, *, stored: bool) -> str:
    if stored:
        return "stored"
    if access.environment_key(provider):
        return "environment"
    return "missing" if provider.needs_key else "none needed"
