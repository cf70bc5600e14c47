"""What the account API takes and gives."""

import json
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import User
from accounts.preferences import LANGUAGES, THEMES
from accounts.signing_in.second_step import CODE_CHARS
from common.data import strict_json
from common.http.api import MomentField, StrictSerializer, TextField, TruthField

PASSWORD_CHARS = 1000
# Longer than any login, so that the look-up says no and not the form.
LOGIN_CHARS = 255
PREFERENCES_BYTES = 16 * 1024


@extend_schema_field({"type": "object"})
class PreferencesField(serializers.JSONField):
    """A JSON object of at most 16 KiB."""

    default_error_messages = {
        "not_an_object": _("Send a JSON object."),
        "too_large": _("The preferences are larger than 16 KiB."),
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if getattr(data, "is_json_string", False):
            try:
                data = strict_json.loads(str(data))
            except strict_json.BadJson:
                self.fail("not_an_object")
        if not isinstance(data, dict):
            self.fail("not_an_object")
        if len(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()) > PREFERENCES_BYTES:
            self.fail("too_large")
        return data


class RegisterSerializer(StrictSerializer):
    """A new account."""

    # Lengths and forms are accounts.identity's affair, where the pages and the admin ask too.
    email = TextField()
    username = TextField()
    password = TextField(max_length=PASSWORD_CHARS, trim_whitespace=False, style={"input_type": "password"})


class CredentialsSerializer(StrictSerializer):
    """A password and one login: `username` takes an email too. `otp` is the code of the second step."""

    username = TextField(max_length=LOGIN_CHARS, required=False)
    email = TextField(max_length=LOGIN_CHARS, required=False)
    password = TextField(max_length=PASSWORD_CHARS, trim_whitespace=False, style={"input_type": "password"})
    otp = TextField(max_length=CODE_CHARS, required=False)

    def validate(self, attrs: dict[str, str]) -> dict[str, str]:
        if ("username" in attrs) == ("email" in attrs):
            raise serializers.ValidationError({"username": [_("Send either a username or an email.")]})
        return attrs


class RefreshSerializer(StrictSerializer):
    """The refresh token of the last pair."""

    refresh = TextField(max_length=4096)


class MeSerializer(StrictSerializer):
    """What a person can change of their own account."""

    username = TextField()
    preferences = PreferencesField()

    def update(self, instance: User, validated_data: dict[str, Any]) -> User:
        for name, value in validated_data.items():
            setattr(instance, name, value)
        return instance


class PreferencesSerializer(StrictSerializer):
    """What a person likes; PATCH changes what it names."""

    theme = serializers.ChoiceField(choices=THEMES)
    language = serializers.ChoiceField(choices=LANGUAGES, allow_null=True)
    line_up = serializers.IntegerField(min_value=1, max_value=strict_json.MAX_INT, allow_null=True)
    better_titles = TruthField()


class AccountSerializer(serializers.Serializer[User]):
    """An account as its owner sees it."""

    id = serializers.IntegerField()
    email = serializers.CharField()
    username = serializers.CharField()
    is_active = serializers.BooleanField()
    is_admin = serializers.BooleanField()
    is_premium = serializers.BooleanField()
    created_at = MomentField()
    preferences = serializers.DictField()
