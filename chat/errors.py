"""The errors of the chat app: conversations, answers, uploads, imports, servers and the engine."""

from django.utils.translation import gettext_lazy as _

from common.errors import WeBoxError


class ConversationNotFound(WeBoxError):
    """Unknown or somebody else's: the two look the same from outside. The sentence is never translated."""

    code = "conversation_not_found"
    http_status = 404
    message = "Conversation not found"


class AnswerNotFound(WeBoxError):
    code = "answer_not_found"
    http_status = 404
    message = _("This answer no longer exists.")


class EmptyMessage(WeBoxError):
    code = "empty_message"
    message = _("The message is empty.")


class MessageTooLong(WeBoxError):
    code = "message_too_long"
    message = _("The message is too long: %(chars)s characters, %(limit)s at the most.")


class NoProvider(WeBoxError):
    code = "no_provider"
    message = _("Choose at least one AI.")


class TooManyProviders(WeBoxError):
    code = "too_many_providers"
    message = _("Choose at most %(limit)s AIs at once.")


class UnknownProvider(WeBoxError):
    code = "unknown_provider"
    message = _("WeBox does not know the AI “%(name)s”.")


class ClientIdConflict(WeBoxError):
    code = "client_id_conflict"
    http_status = 409
    message = _("This message was already sent with other content.")


class BadIdempotencyKey(WeBoxError):
    code = "bad_idempotency_key"
    message = _("The Idempotency-Key is too long: %(limit)s characters at the most.")


class MessageNotFound(WeBoxError):
    """Unknown or somebody else's."""

    code = "message_not_found"
    http_status = 404
    message = _("This message does not exist.")


class BadParent(WeBoxError):
    code = "bad_parent"
    message = _("A question goes after an answer, not after another question.")


class NothingToUndo(WeBoxError):
    code = "nothing_to_undo"
    http_status = 404
    message = _("There is nothing to undo, or it is too late.")


class BadEventId(WeBoxError):
    code = "bad_event_id"
    message = _("Last-Event-ID is not one of this stream.")


class AnswerStillRunning(WeBoxError):
    code = "still_running"
    http_status = 409
    message = _("This answer is still being written.")


class TurnInProgress(WeBoxError):
    code = "busy"
    http_status = 409
    message = _("The answers to the last message are still being written on this connection.")


class BadFrame(WeBoxError):
    code = "bad_frame"
    message = _("This frame is not a command that WeBox knows: %(reason)s")


class FrameTooLarge(WeBoxError):
    code = "frame_too_large"
    message = _("This frame is too large.")


class TooManyCommands(WeBoxError):
    code = "rate_limited"
    http_status = 429
    message = _("Too many commands at once. Wait a moment.")


class SignInAgain(WeBoxError):
    code = "sign_in_again"
    http_status = 401
    message = _("Your session has expired. Sign in again.")


class EngineStopping(WeBoxError):
    code = "server_stopping"
    http_status = 503
    message = _("WeBox is restarting. Try again in a moment.")


class Lost(WeBoxError):
    """The process that wrote the answer is gone."""

    code = "lost"
    http_status = 503
    message = _("WeBox was restarted while this answer was being written. The text so far is kept.")


class ProviderDisabled(WeBoxError):
    code = "provider_disabled"
    http_status = 403
    message = _("The owner of this WeBox has switched %(vendor)s off.")


class ModelDisabled(WeBoxError):
    code = "model_disabled"
    http_status = 403
    message = _("The owner of this WeBox has switched this model of %(vendor)s off. Choose another one.")


class ProviderNotFound(WeBoxError):
    """Unknown, or somebody else's own server."""

    code = "provider_not_found"
    http_status = 404
    message = _("This provider does not exist.")


class NameTaken(WeBoxError):
    code = "name_taken"
    http_status = 409
    message = _("There is already an AI called “%(name)s”. Choose another name.")


class TooManyOwn(WeBoxError):
    code = "too_many_servers"
    http_status = 409
    message = _("You can add at most %(limit)s servers. Remove one first.")


class NoSuchKey(WeBoxError):
    code = "no_such_key"
    http_status = 404
    message = _("There is no key to remove.")


class UploadTooLarge(WeBoxError):
    code = "upload_too_large"
    http_status = 413
    message = _("The image is too large: %(limit_mb)s MB at the most.")


class NotAnImage(WeBoxError):
    code = "not_an_image"
    http_status = 415
    message = _("This is not an image WeBox can read. Send a PNG, JPEG, WebP or GIF.")


class TooManyPixels(WeBoxError):
    code = "too_many_pixels"
    http_status = 413
    message = _("The image has too many pixels: %(limit_mp)s megapixels at the most.")


class TooManyUploads(WeBoxError):
    code = "too_many_uploads"
    http_status = 429
    message = _("Too many images are waiting to be sent. Send or remove some first.")


class TooManyImages(WeBoxError):
    code = "too_many_images"
    message = _("A question can have at most %(limit)s images.")


class AttachmentNotFound(WeBoxError):
    """Unknown, somebody else's, or part of another message already."""

    code = "attachment_not_found"
    http_status = 404
    message = _("This image does not exist any more. Add it again.")


class NeedsPremium(WeBoxError):
    code = "premium"
    http_status = 403
    message = _("%(vendor)s is reserved for premium accounts here.")


class NotAnExport(WeBoxError):
    """`why`: what the reader says of the file, in English, without its content."""

    code = "not_an_export"
    message = _("This is not a file that WeBox exported, or it is damaged (%(why)s).")


class ImportTooLarge(WeBoxError):
    code = "import_too_large"
    http_status = 413
    message = _("The file is too large: %(limit_mb)s MB at the most.")


class NotInPlan(WeBoxError):
    code = "not_in_plan"
    http_status = 403
    message = _("%(model)s is not part of your plan. Choose another model.")


class LineUpNotFound(WeBoxError):
    """Unknown or somebody else's."""

    code = "line_up_not_found"
    http_status = 404
    message = _("This line-up does not exist.")


class BadLineUpName(WeBoxError):
    code = "bad_line_up_name"
    message = _("The name of a line-up needs a letter or a digit, and has no comma and no slash.")


class LineUpNameTaken(WeBoxError):
    code = "line_up_name_taken"
    http_status = 409
    message = _("There is already a line-up or an AI called “%(name)s”. Choose another name.")


class TooManyLineUps(WeBoxError):
    code = "too_many_line_ups"
    http_status = 409
    message = _("You can keep at most %(limit)s line-ups. Remove one first.")


class FolderNotFound(WeBoxError):
    """Unknown or somebody else's."""

    code = "folder_not_found"
    http_status = 404
    message = _("This folder does not exist any more.")


class FolderNameTaken(WeBoxError):
    code = "folder_name_taken"
    http_status = 409
    message = _("There is already a folder called “%(name)s”. Choose another name.")


class TooManyFolders(WeBoxError):
    code = "too_many_folders"
    http_status = 409
    message = _("You can have at most %(limit)s folders. Remove one first.")


class TooManyTags(WeBoxError):
    code = "too_many_tags"
    message = _("A conversation can have at most %(limit)s tags.")


class NothingToSearch(WeBoxError):
    code = "nothing_to_search"
    message = _("Type at least one letter or digit to search for.")
