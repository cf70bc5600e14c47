"""The chat's pages."""

from django.urls import path

from chat import views

app_name = "chat"
urlpatterns = [
    path("", views.conversation, name="home"),
    path("ais", views.ais, name="ais"),
    path("export", views.export, name="export"),
    path("import", views.bring_in, name="import"),
    path("<int:conversation_id>", views.conversation, name="conversation"),
]
