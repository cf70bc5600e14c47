"""The chat's REST addresses; no trailing slashes."""

from django.urls import path

from chat.api.ais import line_ups, providers
from chat.api.conversations import bulk, folders, search, tags, views
from chat.api.turns import answers, attachments, messages, send, streams

urlpatterns = [
    path("send", send.SendView.as_view(), name="send"),
    path("conversations", views.ConversationsView.as_view(), name="conversations"),
    path("conversations/<int:conversation_id>", views.ConversationView.as_view(), name="conversation"),
    path("conversations/<int:conversation_id>/messages", views.MessagesView.as_view(), name="messages"),
    path("conversations/<int:conversation_id>/undo", views.UndoView.as_view(), name="undo"),
    path("conversations/change", bulk.ChangeView.as_view(), name="conversations-change"),
    path("conversations/delete", bulk.DeleteView.as_view(), name="conversations-delete"),
    path("conversations/undo", bulk.UndoView.as_view(), name="conversations-undo"),
    path("folders", folders.FoldersView.as_view(), name="folders"),
    path("folders/<int:folder_id>", folders.FolderView.as_view(), name="folder"),
    path("tags", tags.TagsView.as_view(), name="tags"),
    path("search", search.SearchView.as_view(), name="search"),
    path("messages/<int:message_id>", messages.MessageView.as_view(), name="message"),
    path("messages/<int:message_id>/branches", messages.BranchesView.as_view(), name="branches"),
    path("messages/<int:message_id>/show", messages.ShowBranchView.as_view(), name="show-branch"),
    path("messages/<int:message_id>/events", streams.EventsView.as_view(), name="message-events"),
    path("answers/<int:answer_id>", answers.AnswerView.as_view(), name="answer"),
    path("answers/<int:answer_id>/stop", answers.StopView.as_view(), name="answer-stop"),
    path("answers/<int:answer_id>/retry", answers.RetryView.as_view(), name="answer-retry"),
    path("answers/<int:answer_id>/choose", answers.ChooseView.as_view(), name="answer-choose"),
    path("attachments", attachments.AttachmentsView.as_view(), name="attachments"),
    path("attachments/<uuid:attachment_id>", attachments.AttachmentView.as_view(), name="attachment"),
    path("providers", providers.ProvidersView.as_view(), name="providers"),
    path("providers/<slug:slug>", providers.ProviderView.as_view(), name="provider"),
    path("providers/<slug:slug>/key", providers.KeyView.as_view(), name="provider-key"),
    path("providers/<slug:slug>/server-key", providers.ServerKeyView.as_view(), name="server-key"),
    path("providers/<slug:slug>/test", providers.ProviderTestView.as_view(), name="provider-test"),
    path("providers/<slug:slug>/sync", providers.ProviderSyncView.as_view(), name="provider-sync"),
    path("providers/<slug:slug>/models", providers.ModelsView.as_view(), name="provider-models"),
    path("providers/<slug:slug>/preference", providers.PreferenceView.as_view(), name="provider-preference"),
    path("line-ups", line_ups.LineUpsView.as_view(), name="line-ups"),
    path("line-ups/<int:line_up_id>", line_ups.LineUpView.as_view(), name="line-up"),
    path("local-servers", providers.LocalServersView.as_view(), name="local-servers"),
]
