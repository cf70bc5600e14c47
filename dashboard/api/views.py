"""The statistics over REST."""

from typing import cast

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from dashboard import stats
from webox.schema import operation


class ProviderCountSerializer(serializers.Serializer[stats.ProviderCount]):
    """One line of `top_providers`."""

    provider = serializers.CharField()
    count = serializers.IntegerField()


class UserStatsSerializer(serializers.Serializer[stats.Figures]):
    """The guide's fields of `GET /api/stats/user`."""

    total_conversations = serializers.IntegerField()
    total_messages = serializers.IntegerField()
    conversations_this_week = serializers.IntegerField()
    member_since = serializers.DateTimeField()
    is_premium = serializers.BooleanField()
    top_providers = ProviderCountSerializer(many=True)


class UserStatsView(APIView):
    description = _(
        "Your own figures: what exists now, this week’s conversations, and the AIs you asked most."
    )

    @operation("getStatistics", _("Your figures"), answer=UserStatsSerializer)
    def get(self, request: Request) -> Response:
        figures = stats.figures(cast("User", request.user), now=timezone.now())
        return Response(UserStatsSerializer(figures).data)
