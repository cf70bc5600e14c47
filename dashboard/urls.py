"""The dashboard's pages."""

from django.urls import path

from dashboard import views

app_name = "dashboard"
urlpatterns = [
    path("", views.home, name="home"),
    path("budget", views.budget, name="budget"),
    path("site", views.site, name="site"),
    path("usage.csv", views.export, name="export"),
]
