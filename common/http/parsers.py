"""How the API reads JSON bodies."""

from collections.abc import Mapping
from typing import IO, Any

from django.utils.http import parse_header_parameters
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

from common.data import strict_json


class StrictJSONParser(BaseParser):
    """Reads a JSON body by common.data.strict_json's rules; UTF-8 alone."""

    media_type = "application/json"
    max_bytes = strict_json.MAX_BYTES
    # The browsable API writes its examples with it.
    renderer_class = JSONRenderer

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        _type, parameters = parse_header_parameters(media_type or "")
        if parameters.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
            raise exceptions.UnsupportedMediaType(media_type or "", _("JSON is read as UTF-8 only."))
        try:
            return strict_json.loads(stream.read(self.max_bytes + 1), self.max_bytes)
        except strict_json.BadJson as error:
            raise exceptions.ParseError(str(error)) from error
