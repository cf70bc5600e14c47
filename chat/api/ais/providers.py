"""Providers over REST: what a person may use, their keys (write-only), servers and preferences."""

from typing import cast

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from msgspec import to_builtins
from msgspec.structs import replace
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from chat.ais import probes, servers
from chat.ais.offers import Offer, offers
from chat.ais.probes import Synced
from chat.ais.records import (
    KeyTest,
    ModelRecord,
    PreferenceRecord,
    ProviderRecord,
    key_test,
    model_record,
    preference_record,
    provider_record,
)
from chat.ais.servers import NewServer
from chat.api.ais.serializers import (
    KeySerializer,
    LocalServerSerializer,
    PreferenceSerializer,
    ProviderPatchSerializer,
    ServerSerializer,
)
from chat.api.pagination import PAGING, LinkPagination
from chat.api.records import FoundServer
from chat.api.throttles import count
from chat.errors import ProviderNotFound
from chat.models import AiPreference, Provider
from common.http.api import answer
from common.http.schema import LOCATION, ListOf, operation
from outbound import addresses
from providers import registry

SEARCH = OpenApiParameter("search", str, description=_("Words that the name or the label holds."))


class IsOwner(BasePermission):
    """The one who runs this WeBox."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return bool(request.user.is_superuser)


def person(request: Request) -> User:
    return cast("User", request.user)


def find_offer(request: Request, slug: str) -> Offer:
    """The provider as the signed-in person sees it, their own first. Raises ProviderNotFound."""
    found = sorted(offers(person(request), slug=slug), key=lambda offer: offer.provider.owner_id is None)
    if not found:
        raise ProviderNotFound
    return found[0]


def find_own(request: Request, slug: str) -> Provider:
    """A provider this person may change: their own; the owner everybody's too. Raises ProviderNotFound."""
    provider = find_offer(request, slug).provider
    if provider.owner_id != request.user.pk and not (provider.owner_id is None and request.user.is_superuser):
        raise ProviderNotFound
    return provider


class ProvidersView(APIView):
    description = _(
        "The AIs you can use, with their models and what keeps you from the others; POST adds a server.\n\n"
        "A server of your own must be on the internet, under https. The owner may add one for everybody "
        "(`for_everyone`), at any address."
    )

    serializer_class = ServerSerializer

    @operation("listProviders", _("The AIs you can use"), answer=ListOf(ProviderRecord))
    def get(self, request: Request) -> Response:
        return answer([provider_record(offer, person(request)) for offer in offers(person(request))])

    @operation(
        "addServer",
        _("Add a compatible server"),
        body=ServerSerializer,
        answer=ProviderRecord,
        status=201,
        parameters=[LOCATION],
        errors=(409,),
        example={
            "label": "My server",
            "base_url": "https://ai.example.org/v1",
            "key": "sk-…",
            "models": ["llama-4"],
        },
    )
    def post(self, request: Request) -> Response:
        body = ServerSerializer(data=request.data, context={"user": request.user})
        body.is_valid(raise_exception=True)
        count(request, "vendor_call")
        given = body.validated_data
        owner = None if given.pop("for_everyone") else person(request)
        made = servers.add_server(owner, NewServer(**given | {"models": tuple(given["models"])}))
        location = request.build_absolute_uri(f"/api/chat/providers/{made.slug}")
        return answer(_record(request, made.slug), status=201, headers={"Location": location})


class ProviderView(APIView):
    description = _("One provider. Your own servers can be renamed, moved (which drops the key) and removed.")

    serializer_class = ProviderPatchSerializer

    @operation("getProvider", _("One AI"), answer=ProviderRecord)
    def get(self, request: Request, slug: str) -> Response:
        return answer(_record(request, slug))

    @operation(
        "changeServer",
        _("Rename or move a server"),
        body=ProviderPatchSerializer,
        answer=ProviderRecord,
        errors=(409,),
        example={"label": "My server at home"},
    )
    def patch(self, request: Request, slug: str) -> Response:
        provider = find_own(request, slug)
        body = ProviderPatchSerializer(provider, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        if "base_url" in given:
            address = addresses.parse(given["base_url"], usual_path=servers.usual_path(provider.protocol))
            if provider.owner_id is not None:
                addresses.check_public(address)
            given["base_url"] = address.url
        servers.edit(provider, given)
        return answer(_record(request, slug))

    @operation("removeServer", _("Remove a server"), status=204, errors=(409,))
    def delete(self, request: Request, slug: str) -> Response:
        servers.remove(find_own(request, slug))
        return Response(status=204)


class KeyView(APIView):
    description = _(
        "Your own key for a provider: PUT tests and saves it, DELETE forgets it. It is never given back."
    )

    serializer_class = KeySerializer

    @operation(
        "saveKey",
        _("Test and save your key"),
        body=KeySerializer,
        answer=ProviderRecord,
        errors=(409,),
        example={"key": "sk-0123456789"},
    )
    def put(self, request: Request, slug: str) -> Response:
        return self.save(request, find_offer(request, slug).provider, person(request))

    @operation("forgetKey", _("Forget your key"), status=204)
    def delete(self, request: Request, slug: str) -> Response:
        servers.remove_key(person(request), find_offer(request, slug).provider)
        return Response(status=204)

    def save(self, request: Request, provider: Provider, owner: User | None) -> Response:
        body = KeySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        count(request, "vendor_call")
        _row, error = servers.save_key(owner, provider, body.validated_data["key"])
        return answer(replace(_record(request, provider.slug), test=key_test(error)))


class ServerKeyView(KeyView):
    description = _(
        "The server’s key for a provider, which serves whom the owner lets use it; the owner’s alone."
    )

    permission_classes = (IsOwner,)

    @operation(
        "saveServerKey",
        _("Test and save the key of this WeBox"),
        body=KeySerializer,
        answer=ProviderRecord,
        errors=(409,),
        example={"key": "sk-0123456789"},
    )
    def put(self, request: Request, slug: str) -> Response:
        return self.save(request, _of_everybody(slug), None)

    @operation("forgetServerKey", _("Forget the key of this WeBox"), status=204)
    def delete(self, request: Request, slug: str) -> Response:
        servers.remove_key(None, _of_everybody(slug))
        return Response(status=204)


class ProviderTestView(APIView):
    description = _("Ask the provider with the key that would be used for you now; `ok`, or why not.")

    @operation("testProvider", _("Ask an AI whether your key works"), answer=KeyTest)
    def post(self, request: Request, slug: str) -> Response:
        offer = find_offer(request, slug)
        count(request, "vendor_call")
        return answer(key_test(servers.test_for(person(request), offer.provider)))


class ProviderSyncView(APIView):
    description = _("Read the provider’s own list of models again: for your own servers; the owner for all.")

    @operation("syncModels", _("Read an AI’s list of models again"), answer=Synced, errors=(409, 424))
    def post(self, request: Request, slug: str) -> Response:
        provider = find_own(request, slug)
        count(request, "vendor_call")
        return answer(servers.sync_for(person(request), provider))


class PreferenceView(APIView):
    description = _(
        "How you want this AI asked where a question does not say; DELETE goes back to the usual."
    )

    serializer_class = PreferenceSerializer

    @operation("getPreference", _("How you want an AI asked"), answer=PreferenceRecord)
    def get(self, request: Request, slug: str) -> Response:
        return answer(preference_record(find_offer(request, slug).preference))

    @operation(
        "savePreference",
        _("Choose how you want an AI asked"),
        body=PreferenceSerializer,
        answer=PreferenceRecord,
        example={"model": "gpt-5.4-mini", "temperature": 0.3, "system_prompt": "Be brief."},
    )
    def put(self, request: Request, slug: str) -> Response:
        provider = find_offer(request, slug).provider
        body = PreferenceSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        row, _is_new = AiPreference.objects.update_or_create(
            user=person(request), provider=provider, defaults=body.validated_data
        )
        return answer(preference_record(row))

    @operation("forgetPreference", _("Ask an AI as usual again"), status=204)
    def delete(self, request: Request, slug: str) -> Response:
        AiPreference.objects.filter(
            user=person(request), provider=find_offer(request, slug).provider
        ).delete()
        return Response(status=204)


class ModelsView(APIView):
    description = _(
        "A provider’s models that may be chosen, the usual ones first; `search` looks in their names."
    )

    @operation(
        "listModels", _("The models of an AI"), answer=ListOf(ModelRecord), parameters=[SEARCH, *PAGING]
    )
    def get(self, request: Request, slug: str) -> Response:
        models = find_offer(request, slug).models
        words = request.query_params.get("search", "")[:100].casefold().split()
        found = [one for one in models if all(word in f"{one.name} {one.label}".casefold() for word in words)]
        pagination = LinkPagination()
        page = pagination.paginate_queryset(found, request, view=self)
        return pagination.get_paginated_response(to_builtins([model_record(model) for model in page or []]))


class LocalServersView(APIView):
    description = _(
        "The usual servers (Ollama, llama.cpp, LM Studio, vLLM) that run on WeBox’s own machine; POST "
        "adds one.\n\n"
        "Nothing looks for them unless the owner asks."
    )

    permission_classes = (IsOwner,)
    serializer_class = LocalServerSerializer

    @operation(
        "findLocalServers",
        _("Look for servers on WeBox’s own machine"),
        answer=ListOf(FoundServer),
    )
    def get(self, request: Request) -> Response:
        count(request, "vendor_call")
        return answer(
            [
                FoundServer(
                    slug=server.slug,
                    label=server.label,
                    base_url=server.base_url,
                    is_added=servers.has_local(server),
                )
                for server in probes.find_local()
            ]
        )

    @operation(
        "addLocalServer",
        _("Add a server that was found"),
        body=LocalServerSerializer,
        answer=ProviderRecord,
        status=201,
        errors=(409, 424),
        example={"slug": "lmstudio"},
    )
    def post(self, request: Request) -> Response:
        body = LocalServerSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        count(request, "vendor_call")
        server = next(one for one in registry.LOCAL_SERVERS if one.slug == body.validated_data["slug"])
        return answer(_record(request, servers.add_local(server).slug), status=201)


def _record(request: Request, slug: str) -> ProviderRecord:
    return provider_record(find_offer(request, slug), person(request))


def _of_everybody(slug: str) -> Provider:
    provider = Provider.objects.filter(owner=None, slug=slug).first()
    if provider is None:
        raise ProviderNotFound
    return provider
