"""Bounds on what a person may send and what WeBox keeps, in one place."""

MESSAGE_CHARS = 200_000
TITLE_CHARS = 50
"""The title is the first message's start; longer ones get three dots."""
TARGETS_PER_TURN = 8
TARGET_CHARS = 200
TARGETS_OF_A_PERSON = 50
"""How many servers of their own a person may add."""
MODEL_CHARS = 200
LAST_POSITION = 10_000
"""Where rows stand that nobody has placed."""
MAX_TOKENS = 1_000_000
TEMPERATURE = 2.0
SYSTEM_PROMPT_CHARS = 20_000
KEY_CHARS = 1000
"""Longer than any vendor's key."""
IMAGES_PER_MESSAGE = 8
IMAGES_TOLD = 16
"""Of a conversation's images, so many of the newest go along with a question."""
UPLOAD_BYTES = 10 * 1024 * 1024
UPLOAD_PIXELS = 25_000_000
IMAGE_SIDE = 2048
"""Pixels of an image's longer side as it is kept: no vendor looks at more."""
UPLOADS_WAITING = 40
"""Images a person may have uploaded without having asked about them."""
VENDOR_CALLS_PER_MINUTE = 30
UPLOADS_PER_MINUTE = 60
EXPORTS_PER_MINUTE = 6
IMPORTS_PER_MINUTE = 6
IMPORT_BYTES = 50 * 1024 * 1024
"""Of a file that WeBox exported, brought in at once."""
UPLOAD_WAITS_S = 24 * 3600
"""How long such an image is kept."""
UNDO_S = 3600
"""How long a deleted conversation can be had back."""
MESSAGES_TOLD = 1000
TOLD_CHARS = 2_000_000
"""How long a conversation a program may tell in one request, its question included."""
GATEWAY_BYTES = 24 * 1024 * 1024
"""Of such a request as JSON: images come in it as base64."""
LINE_UPS_OF_A_PERSON = 100
LINE_UP_CHARS = 100
FOLDERS_OF_A_PERSON = 500
FOLDER_CHARS = 100
TAGS_OF_A_CONVERSATION = 10
TAG_CHARS = 50
CONVERSATIONS_AT_ONCE = 200
"""How many can be changed or deleted by one request."""
SEARCH_CHARS = 200
SEARCH_HITS = 2000
"""So many of the newest places with the words are looked at."""
HITS_OF_A_CONVERSATION = 10
"""So many of them are listed."""
BODY_BYTES = 2 * 1024 * 1024
"""Of any other request. JSON of more than 1 MiB is refused by its reader, which can say so."""
CLIENT_ID_CHARS = 100
FRAME_BYTES = 1024 * 1024
"""Larger frames from a client are refused with a typed error; the server's own limit is 2 MiB."""
SOCKET_COMMANDS_PER_S = 10
SOCKET_COMMAND_BURST = 20
SOCKET_QUEUE_CHARS = 1024 * 1024
"""A `webox.v1` socket with more than this waiting skips to the current text."""
ANSWER_CHARS = 2_000_000
"""An answer longer than this is ended as `length`: no vendor writes that much, a broken server may."""
SOCKET_REFUSALS = 50
"""A socket that goes on after so many commands were refused in a row is closed."""
SOCKET_SEND_S = 20
"""A client that takes nothing for so long is dropped."""
SOCKET_RECHECK_S = 60
"""How often an open socket's right to be open is read again, beside every command."""
SOCKETS_PER_PERSON = 200
"""In one process."""
HEARTBEAT_STALE_S = 30
"""A running answer whose heartbeat is older than this has lost its process."""
WAITING_STALE_S = 5
"""A queued answer that nobody has looked after for so long does not stand in the queue of its provider."""
SEND_TIMEOUT_S = 900
"""How long `POST /api/chat/send` waits for its answers."""
FINAL_SAVE_S = 5
"""Grace for the writer to save the last text of an answer that was stopped."""
