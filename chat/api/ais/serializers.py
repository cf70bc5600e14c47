"""What the providers' REST API takes and gives. Keys go in and never come out."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from chat import limits
from chat.models import Provider
from common.http.api import NumberField, StrictSerializer, TextField
from outbound.addresses import URL_CHARS
from providers import registry

NAMED_MODELS = 50
SPOKEN = [choice for choice in Provider.Protocol.values if choice != Provider.Protocol.DEMO]


class KeyField(TextField):
    """A key as vendors give them out: printable ASCII on one line."""

    default_error_messages = {"not_a_key": _("This is not a key: it has spaces, line breaks or accents.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_length=limits.KEY_CHARS, write_only=True, style={"input_type": "password"}, **kwargs
        )

    def to_internal_value(self, data: Any) -> str:
        key: str = super().to_internal_value(data)
        if not (key.isascii() and key.isprintable()) or " " in key:
            self.fail("not_a_key")
        return key


class KeySerializer(StrictSerializer):
    """A vendor's key. It is tested, stored encrypted and never given back."""

    key = KeyField()


class ServerSerializer(StrictSerializer):
    """A compatible server."""

    label = TextField(max_length=100)  # type: ignore[assignment]  # a field called "label"
    protocol = serializers.ChoiceField(choices=SPOKEN, default=Provider.Protocol.OPENAI.value)
    base_url = TextField(max_length=URL_CHARS)
    key = KeyField(required=False, allow_blank=True, default="")
    models = serializers.ListField(
        child=TextField(max_length=limits.MODEL_CHARS),
        required=False,
        default=list,
        max_length=100,
    )
    for_everyone = serializers.BooleanField(required=False, default=False)

    def validate_for_everyone(self, value: bool) -> bool:
        if value and not self.context["user"].is_superuser:
            raise serializers.ValidationError(
                _("Only the owner of this WeBox can add a server for everybody.")
            )
        return value


class ProviderPatchSerializer(StrictSerializer):
    """What can be changed of a server."""

    label = TextField(max_length=100)  # type: ignore[assignment]  # a field called "label"
    base_url = TextField(max_length=URL_CHARS)
    default_model = TextField(max_length=limits.MODEL_CHARS)


class PreferenceSerializer(StrictSerializer):
    """How a person wants an AI asked; what is left out or null is the usual."""

    model = TextField(max_length=limits.MODEL_CHARS, required=False, allow_blank=True, default="")
    temperature = NumberField(
        required=False, allow_null=True, default=None, min_value=0, max_value=limits.TEMPERATURE
    )
    max_tokens = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=limits.MAX_TOKENS
    )
    system_prompt = TextField(
        max_length=limits.SYSTEM_PROMPT_CHARS, required=False, allow_blank=True, default=""
    )


class LocalServerSerializer(StrictSerializer):
    """One of the servers that were found."""

    slug = serializers.ChoiceField(choices=[server.slug for server in registry.LOCAL_SERVERS])
