"""The chat's REST addresses; no trailing slashes."""

from django.urls import path

from chat.api import views

urlpatterns = [
    path("send", views.SendView.as_view(), name="send"),
    path("conversations", views.ConversationsView.as_view(), name="conversations"),
    path("conversations/<int:conversation_id>", views.ConversationView.as_view(), name="conversation"),
    path("conversations/<int:conversation_id>/messages", views.MessagesView.as_view(), name="messages"),
]
