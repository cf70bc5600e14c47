"""Addresses below /api/auth/."""

from django.urls import path

from accounts.api import personal_tokens, preferences, views

app_name = "auth-api"
urlpatterns = [
    path("register", views.RegisterView.as_view(), name="register"),
    path("token", views.TokenView.as_view(), name="token"),
    path("token/refresh", views.RefreshView.as_view(), name="refresh"),
    path("socket-ticket", views.SocketTicketView.as_view(), name="socket-ticket"),
    path("tokens", personal_tokens.PersonalTokensView.as_view(), name="tokens"),
    path("tokens/<int:token_id>", personal_tokens.PersonalTokenView.as_view(), name="token-revoke"),
    path("preferences", preferences.PreferencesView.as_view(), name="preferences"),
    path("me", views.MeView.as_view(), name="me"),
]
