"""A request's parameters as the client sent them, one reader for each protocol.

moto's own parsers drop unknown parameters, and fail at a wrong number. These parsers keep both, so that the check can
name them: a scalar that does not fit its type stays the text that was sent.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.core.model import OperationModel
from moto.core.parse import (
    UNDEFINED,
    EC2QueryParser,
    QueryParser,
    RequestParserError,
    RestJSONParser,
    RestXMLParser,
)
from moto.core.request import Request

#: Parameters of a request in the Query protocol that are not the operation's (IAM Reference, "Common parameters").
_COMMON = frozenset({"Action", "Version", "AWSAccessKeyId", "Signature", "SignatureMethod", "SignatureVersion"})
_SIGNED = "X-Amz-"


@dataclass(frozen=True)
class Reading:
    """The *parameters* of a request, in the shape of the operation's input.

    *unknown* lists parameters that the operation does not define. *malformed* says why the body cannot be read.
    """

    parameters: Mapping[str, Any] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    malformed: str = ""


def read(request: Request, operation: OperationModel, protocol: str, path_parameters: Mapping[str, Any]) -> Reading:
    """Read *request*. For a protocol without a reader, which no client of the sandbox uses, the reading is empty."""
    shape = operation.input_shape
    if shape is None or protocol not in _READERS:
        return Reading()
    reader = _READERS[protocol](operation)
    values = _Values(request.values)
    try:
        parsed = reader.parse(
            {
                "method": request.method,
                "values": values,
                "headers": request.headers,
                "body": request.get_data(),
                "url_path": request.path,
                "url_params": path_parameters,
            }
        )
    except (RequestParserError, ValueError) as error:
        return Reading(malformed=type(error).__name__)
    unknown = [*reader.unknown, *values.unread()] if protocol in ("query", "ec2") else reader.unknown
    return Reading({name: value for name, value in parsed.items() if value is not None}, tuple(unknown))


class _Values:
    """A form that records which of its values were read."""

    def __init__(self, form: Any) -> None:
        self._form = form
        self._read: set[str] = set()

    def __iter__(self) -> Iterator[str]:
        return iter(self._form)

    def get(self, name: str, default: Any = None) -> Any:
        self._read.add(name)
        return self._form.get(name, default)

    def getlist(self, name: str) -> list[Any]:
        found: list[Any] = self._form.getlist(name)
        return found

    def to_dict(self, flat: bool = True) -> dict[str, Any]:
        found: dict[str, Any] = self._form.to_dict(flat=flat)
        return found

    def unread(self) -> list[str]:
        return [
            name
            for name in self._form
            if name not in self._read and name not in _COMMON and not name.startswith(_SIGNED)
        ]


def _number(kind: type[int] | type[float], text: Any) -> Any:
    try:
        return kind(text)
    except (TypeError, ValueError):
        return text


def _blob(text: Any) -> Any:
    """The bytes of a blob, which text holds in base64."""
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else text
    except (binascii.Error, ValueError):
        return text


def _truth(text: Any) -> Any:
    return {"true": True, "false": False}.get(str(text).lower(), text)


class _Form:
    """Scalars of the Query protocols: text that fits the type is converted, other text is kept."""

    unknown: tuple[str, ...] = ()

    def _parse_structure(self, shape: Any, node: Any, prefix: str = "") -> Any:
        node.get(prefix)  # An empty structure is sent as its name alone.
        return super()._parse_structure(shape, node, prefix)  # type: ignore[misc]

    def _parse_list(self, shape: Any, node: Any, prefix: str = "") -> Any:
        # An empty list is sent as its name alone, which moto's parser for EC2 does not know.
        return [] if node.get(prefix) == "" else super()._parse_list(shape, node, prefix)  # type: ignore[misc]

    def _parse_integer(self, shape: Any, node: Any, prefix: str = "") -> Any:  # noqa: ARG002 - moto's interface
        return _number(int, node.get(prefix, UNDEFINED))

    def _parse_float(self, shape: Any, node: Any, prefix: str = "") -> Any:  # noqa: ARG002 - moto's interface
        return _number(float, node.get(prefix, UNDEFINED))

    def _parse_boolean(self, shape: Any, node: Any, prefix: str = "") -> Any:  # noqa: ARG002 - moto's interface
        value = node.get(prefix, UNDEFINED)
        return value if value is UNDEFINED else _truth(value)

    def _parse_blob(self, shape: Any, node: Any, prefix: str = "") -> Any:  # noqa: ARG002 - moto's interface
        return _blob(node.get(prefix, UNDEFINED))

    def _parse_text(self, shape: Any, node: Any, prefix: str = "") -> Any:  # noqa: ARG002 - moto's interface
        return node.get(prefix, UNDEFINED)

    _parse_long = _parse_integer
    _parse_double = _parse_float
    _parse_timestamp = _default_handle = _parse_text


class _Query(_Form, QueryParser):
    pass


class _Ec2(_Form, EC2QueryParser):
    pass


class _Json(RestJSONParser):
    """AWS JSON: the input is the body alone, with JSON's types."""

    def __init__(self, operation: OperationModel) -> None:
        super().__init__(operation)
        self.unknown: list[str] = []
        self._path: list[str] = []

    def _do_parse(self, request_dict: Any, shape: Any) -> Any:
        return self._parse_shape(shape, self._initial_body_parse(request_dict["body"]))

    def _initial_body_parse(self, body_contents: bytes) -> Any:
        found = json.loads(body_contents) if body_contents.strip() else {}
        if not isinstance(found, dict):
            raise RequestParserError("The body is not an object")
        return found

    def _parse_structure(self, shape: Any, value: Any) -> Any:
        if not isinstance(value, Mapping) or shape.is_document_type:
            return value
        names = {each.serialization.get("name", name): name for name, each in shape.members.items()}
        parsed = {}
        for name, each in value.items():
            self._path.append(name)
            if name not in names:
                self.unknown.append(".".join(self._path))
            elif each is not None:
                parsed[names[name]] = self._parse_shape(shape.members[names[name]], each)
            self._path.pop()
        return parsed

    def _parse_list(self, shape: Any, node: Any) -> Any:
        if shape.serialization.get("location") == "header" and isinstance(node, str):
            node = [each.strip() for each in node.split(",")]
        return [self._parse_shape(shape.member, each) for each in node] if isinstance(node, list) else node

    def _parse_map(self, shape: Any, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {key: self._parse_shape(shape.value, each) for key, each in value.items()}

    def _parse_number(self, shape: Any, value: Any) -> Any:
        # Only in a path, a query or a header are numbers text.
        kind = float if shape.type_name in ("float", "double") else int
        return _number(kind, value) if shape.serialization.get("location") else value

    def _parse_boolean(self, shape: Any, value: Any) -> Any:
        return _truth(value) if shape.serialization.get("location") else value

    def _parse_blob(self, shape: Any, value: Any) -> Any:  # noqa: ARG002 - moto's interface
        return _blob(value)

    def _parse_scalar(self, shape: Any, value: Any) -> Any:  # noqa: ARG002 - moto's interface
        return value

    _parse_integer = _parse_long = _parse_float = _parse_double = _parse_number
    _parse_string = _parse_timestamp = _parse_scalar


class _RestJson(_Json):
    def _do_parse(self, request_dict: Any, shape: Any) -> Any:
        return RestJSONParser._do_parse(self, request_dict, shape)


class _RestXml(RestXMLParser):
    def __init__(self, operation: OperationModel) -> None:
        super().__init__(operation)
        self.unknown: list[str] = []

    def _parse_structure(self, shape: Any, node: Any) -> Any:
        if isinstance(node, list):
            node = node[0]
        known = {
            self._member_key_name(each, name)
            for name, each in shape.members.items()
            if "location" not in each.serialization
        }
        self.unknown += [tag for tag in map(self._node_tag, node) if tag not in known]
        return super()._parse_structure(shape, node)

    def _parse_number(self, shape: Any, node: Any) -> Any:
        return _number(float if shape.type_name in ("float", "double") else int, _text(node))

    def _parse_boolean(self, shape: Any, node: Any) -> Any:  # noqa: ARG002 - moto's interface
        return _truth(_text(node))

    def _parse_blob(self, shape: Any, node: Any) -> Any:  # noqa: ARG002 - moto's interface
        return _blob(_text(node))

    def _parse_scalar(self, shape: Any, node: Any) -> Any:  # noqa: ARG002 - moto's interface
        return _text(node)

    _parse_integer = _parse_long = _parse_float = _parse_double = _parse_number
    _parse_string = _parse_character = _parse_timestamp = _parse_scalar


def _text(node: Any) -> Any:
    node = node[0] if isinstance(node, list) else node
    return (node.text or "") if hasattr(node, "text") else node


_READERS: dict[str, Any] = {
    "ec2": _Ec2,
    "json": _Json,
    "query": _Query,
    "rest-json": _RestJson,
    "rest-xml": _RestXml,
}
