"""The REST address of the statistics; no trailing slash."""

from django.urls import path

from dashboard.api import views

urlpatterns = [path("user", views.UserStatsView.as_view(), name="stats-user")]
