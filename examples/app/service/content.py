"""`/search` and `/generate`: what the service gets from Tavily and from Gemini."""

from __future__ import annotations

from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field, ValidationError

from service.failures import CONNECTION_MESSAGES, DependencyError, connection_stage
from service.settings import GEMINI_MODEL, GEMINI_URL, TAVILY_URL, api_key, optional

router = APIRouter()

# Gemini refuses a wrong key with 400 and says so only in the body's reason.
GEMINI_BAD_KEY = "API_KEY_INVALID"


class Found(BaseModel):
    """One result of a search."""

    title: str
    url: str
    content: str


class SearchAnswer(BaseModel):
    """The results, best first."""

    results: list[Found]


class Prompt(BaseModel):
    """What Gemini is asked."""

    prompt: str = Field(min_length=1, max_length=20_000)


class Generated(BaseModel):
    """What Gemini answered."""

    model: str
    text: str


@router.get("/search")
async def search(
    request: Request,
    query: Annotated[str, Query(min_length=1, max_length=400)],
    limit: Annotated[int, Query(ge=1, le=20)] = 5,
) -> SearchAnswer:
    """Search the web by Tavily."""
    answer = await _post(
        request.app.state.http,
        "tavily",
        optional("TAVILY_BASE_URL", TAVILY_URL) + "/search",
        {"Authorization": f"Bearer {api_key('TAVILY_API_KEY', 'tavily')}"},
        {"query": query, "max_results": limit},
    )
    try:
        return SearchAnswer.model_validate(answer)
    except ValidationError as error:
        raise DependencyError("tavily", "answer", "its answer holds no results in the documented form") from error


@router.post("/generate")
async def generate(request: Request, prompt: Prompt) -> Generated:
    """Have a text written by Gemini."""
    model = optional("GEMINI_MODEL", GEMINI_MODEL)
    answer = await _post(
        request.app.state.http,
        "gemini",
        f"{optional('GEMINI_BASE_URL', GEMINI_URL)}/v1beta/models/{model}:generateContent",
        {"x-goog-api-key": api_key("GEMINI_API_KEY", "gemini")},
        {"contents": [{"parts": [{"text": prompt.prompt}]}]},
    )
    try:
        parts = answer["candidates"][0]["content"]["parts"]
        return Generated(model=model, text="".join(part["text"] for part in parts))
    except (KeyError, IndexError, TypeError) as error:
        raise DependencyError("gemini", "answer", "its answer holds no text") from error


async def _post(
    client: httpx.AsyncClient, dependency: str, url: str, headers: dict[str, str], body: dict[str, Any]
) -> Any:
    """Post JSON and return the JSON that comes back; any other outcome is a DependencyError that names the stage."""
    try:
        response = await client.post(url, headers=headers, json=body)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise DependencyError(dependency, "configuration", "its base URL is not an HTTP URL") from error
    except httpx.TimeoutException as error:
        raise DependencyError(dependency, "timeout", CONNECTION_MESSAGES["timeout"]) from error
    except httpx.TransportError as error:
        stage = connection_stage(error)
        raise DependencyError(dependency, stage, CONNECTION_MESSAGES[stage]) from error
    if not response.is_success:
        raise DependencyError(dependency, *_refusal(response))
    try:
        return response.json()
    except ValueError as error:
        raise DependencyError(dependency, "answer", "its answer is not JSON") from error


def _refusal(response: httpx.Response) -> tuple[str, str]:
    if response.status_code == 401 or (response.status_code == 400 and GEMINI_BAD_KEY in response.text):
        return "auth", "it did not accept the API key"
    if response.status_code == 403:
        return "permission", "the API key may not do this"
    # Tavily: 429 too many requests, 432 and 433 the plan's limits.
    if response.status_code in {429, 432, 433}:
        return "quota", "its quota is used up"
    return "http", f"it answered {response.status_code}"
