"""The REST addresses of the statistics; no trailing slashes."""

from django.urls import path

from dashboard.api import views

urlpatterns = [
    path("user", views.UserStatsView.as_view(), name="stats-user"),
    path("activity", views.ActivityView.as_view(), name="stats-activity"),
    path("providers", views.ProvidersView.as_view(), name="stats-providers"),
    path("costs", views.CostsView.as_view(), name="stats-costs"),
]
