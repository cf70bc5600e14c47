"""The sockets' addresses."""

from django.urls import path

from chat.live.socket import ConversationConsumer

websocket_urlpatterns = [
    path("api/chat/ws/<int:conversation_id>", ConversationConsumer.as_asgi()),
]
