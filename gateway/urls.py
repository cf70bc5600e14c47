"""The addresses of OpenAI's protocol, under /v1/."""

from django.urls import path, re_path

from gateway import views

urlpatterns = [
    path("models", views.ModelsView.as_view(), name="gateway-models"),
    path("models/<path:name>", views.ModelView.as_view(), name="gateway-model"),
    path("chat/completions", views.CompletionsView.as_view(), name="gateway-completions"),
    re_path(r"", views.NothingView.as_view(), name="gateway-nothing"),
]
