"""Tavily's search API (docs.tavily.com, API reference): ``GET /usage`` and ``POST /search``."""

from __future__ import annotations

import itertools
import uuid
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox.stub_api import Handler, json_body, json_response, same_key

#: Credits of the plan that the stub pretends.
LIMIT = 1000
_MOST_RESULTS = 20


def create(key: str) -> Handler:
    """A handler that accepts *key*."""
    searches = itertools.count(1)
    used = 0

    def serve(request: Request) -> Response:
        nonlocal used
        route = (request.method, request.path)
        if route not in (("GET", "/usage"), ("POST", "/search")):
            return json_response({"detail": "Not Found"}, 404)
        given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        if not same_key(given, key):
            return json_response({"detail": {"error": "Unauthorized: missing or invalid API key."}}, 401)
        if request.method == "GET":
            return json_response(_usage(used))
        asked = json_body(request)
        if not asked.get("query"):
            return json_response({"detail": {"error": "Query is missing."}}, 400)
        used = next(searches)
        return json_response(_results(asked))

    return serve


def _usage(used: int) -> dict[str, Any]:
    return {
        "key": {"usage": used, "limit": LIMIT, "search_usage": used, "extract_usage": 0, "crawl_usage": 0},
        "account": {
            "current_plan": "Researcher",
            "plan_usage": used,
            "plan_limit": LIMIT,
            "paygo_usage": 0,
            "paygo_limit": None,
        },
    }


def _results(asked: dict[str, Any]) -> dict[str, Any]:
    query = str(asked["query"])
    wanted = asked.get("max_results", 5)
    count = min(wanted, _MOST_RESULTS) if isinstance(wanted, int) and wanted >= 0 else 5
    return {
        "query": query,
        "follow_up_questions": None,
        "answer": f"A sandbox's answer to: {query}" if asked.get("include_answer") else None,
        "images": [],
        "results": [
            {
                "url": f"https://example.com/{number}",
                "title": f"Result {number} for {query}",
                "content": f"Text number {number} that the sandbox found for {query}.",
                "score": round(0.99 - number / 100, 2),
                "raw_content": None,
            }
            for number in range(1, count + 1)
        ],
        "response_time": 0.01,
        "request_id": str(uuid.uuid4()),
    }
