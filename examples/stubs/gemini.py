"""Gemini's API (ai.google.dev, API reference): list and read models, generate, and generate as a stream."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Iterator
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox.stub_api import Handler, json_body, json_response, same_key

MODELS = ("gemini-2.5-flash", "gemini-2.5-flash-lite", "gemini-2.5-pro", "gemini-2.0-flash")
#: Seconds between two parts of a streamed answer: enough to see that they arrive one by one.
PAUSE = 0.1

_PATH = re.compile(r"/v1(?:beta)?/models(?:/(?P<model>[\w.-]+)(?::(?P<verb>\w+))?)?")


def create(key: str) -> Handler:
    """A handler that accepts *key* in the header ``x-goog-api-key`` or the query's ``key``."""

    def serve(request: Request) -> Response:
        found = _PATH.fullmatch(request.path)
        if not found:
            return _error(404, "NOT_FOUND", "The requested URL was not found on this server.")
        if not same_key(request.headers.get("x-goog-api-key") or request.args.get("key"), key):
            return _error(401, "UNAUTHENTICATED", "API key not valid. Please pass a valid API key.", "API_KEY_INVALID")
        return _route(request, found["model"], found["verb"])

    return serve


def _route(request: Request, model: str | None, verb: str | None) -> Response:
    if request.method == "GET" and model is None:
        return json_response({"models": [_model(name) for name in MODELS]})
    if model is None or model not in MODELS:
        return _error(404, "NOT_FOUND", f"models/{model} is not found for API version v1beta.")
    if request.method == "GET" and verb is None:
        return json_response(_model(model))
    if request.method == "POST" and verb in ("generateContent", "streamGenerateContent"):
        return _generate(request, model, as_stream=verb == "streamGenerateContent")
    return _error(404, "NOT_FOUND", "The requested URL was not found on this server.")


def _generate(request: Request, model: str, *, as_stream: bool) -> Response:
    prompt = _prompt(json_body(request))
    if not prompt:
        return _error(400, "INVALID_ARGUMENT", "* GenerateContentRequest.contents: contents is not specified")
    if as_stream:
        return _stream(model, prompt, as_events=request.args.get("alt") == "sse")
    return json_response(_part(model, _answer_id(), prompt, f"The sandbox read: {prompt}", last=True))


def _stream(model: str, prompt: str, *, as_events: bool) -> Response:
    answer_id = _answer_id()
    words = f"The sandbox read: {prompt}".split()

    def parts() -> Iterator[str]:
        for number, word in enumerate(words, 1):
            last = number == len(words)
            part = json.dumps(_part(model, answer_id, prompt, word if last else f"{word} ", last=last))
            if as_events:
                yield f"data: {part}\r\n\r\n"
            else:
                yield f"{'[' if number == 1 else ','}{part}{']' if last else ''}"
            if not last:
                time.sleep(PAUSE)

    return Response(parts(), content_type="text/event-stream" if as_events else "application/json")


def _model(name: str) -> dict[str, Any]:
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": name.replace("-", " ").title(),
        "inputTokenLimit": 1048576,
        "outputTokenLimit": 65536,
        "supportedGenerationMethods": ["generateContent", "streamGenerateContent"],
        "temperature": 1,
        "topP": 0.95,
        "topK": 64,
    }


def _answer_id() -> str:
    return uuid.uuid4().hex[:22]


def _part(model: str, answer_id: str, prompt: str, text: str, *, last: bool) -> dict[str, Any]:
    asked, answered = len(prompt.split()), len(text.split())
    candidate: dict[str, Any] = {"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}
    if last:
        candidate["finishReason"] = "STOP"
    return {
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": asked,
            "candidatesTokenCount": answered,
            "totalTokenCount": asked + answered,
        },
        "modelVersion": model,
        "responseId": answer_id,
    }


def _prompt(asked: dict[str, Any]) -> str:
    contents = asked.get("contents") or []
    entries = [contents] if isinstance(contents, dict) else contents
    texts = [part.get("text", "") for entry in entries for part in entry.get("parts", [])]
    return " ".join(filter(None, texts))


def _error(status: int, name: str, message: str, reason: str | None = None) -> Response:
    error: dict[str, Any] = {"code": status, "message": message, "status": name}
    if reason:
        error["details"] = [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": reason,
                "domain": "googleapis.com",
                "metadata": {"service": "generativelanguage.googleapis.com"},
            }
        ]
    return json_response({"error": error}, status)
