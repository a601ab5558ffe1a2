"""How the doctor finds an application and its routes without importing them."""

from __future__ import annotations

from pathlib import Path

import pytest

from slipway.doctor import routes
from slipway.doctor.source import Source

PLAIN = "from fastapi import FastAPI\napp = FastAPI()\n"


def source(folder: Path, **files: str) -> Source:
    """A directory of files; `__` in a name stands for a slash."""
    names = []
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        names.append(str(path.relative_to(folder)))
    return Source(folder, names)


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"main": PLAIN}, "main:app"),
        ({"main": "import fastapi\napi: fastapi.FastAPI = fastapi.FastAPI()\n"}, "main:api"),
        ({"main": "from fastapi import FastAPI as F\napp = F(title='x')\n"}, "main:app"),
        ({"app__main": PLAIN}, "app.main:app"),
        ({"app__init": "", "app__main": PLAIN, "main": "from app.main import app\n"}, "main:app"),
        ({"app__main": PLAIN, "app__serve": "from .main import app\n"}, "app.main:app"),
        ({"main": "from fastapi import FastAPI\ndef create():\n    return FastAPI()\napp = create()\n"}, "main:app"),
        (
            {
                "main": "from f import make\napp = make()\n",
                "f": "from fastapi import FastAPI\ndef make():\n    return FastAPI()\n",
            },
            "main:app",
        ),
        ({"main": PLAIN, "other": PLAIN}, "main:app"),
        ({"tests__conftest": PLAIN, "service": PLAIN}, "service:app"),
    ],
)
def test_the_likeliest_application_is_first(tmp_path: Path, files: dict[str, str], found: str) -> None:
    assert source(tmp_path, **files).applications()[0] == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "app = 1\n",
        "from flask import FastAPI\napp = FastAPI()\n",
        "from fastapi import FastAPI\ndef f():\n    app = FastAPI()\n",
    ],
)
def test_what_is_none_is_not_taken_for_one(tmp_path: Path, text: str) -> None:
    assert source(tmp_path, main=text).applications() == []


def test_nothing_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    found = source(tmp_path, main=f"open({str(mark)!r}, 'w')\n{PLAIN}")
    assert found.applications() == ["main:app"]
    assert not mark.exists()


def test_a_file_that_is_no_python_is_named(tmp_path: Path) -> None:
    found = source(tmp_path, main=PLAIN, old="print 'x'\n")
    assert found.unreadable == ["old.py"]
    assert found.applications() == ["main:app"]


def test_modules_that_import_each_other_end(tmp_path: Path) -> None:
    assert source(tmp_path, a="from b import app\n", b="from a import app\n").applications() == []


def test_an_application_that_starts_in_a_folder_is_told_by_its_imports(tmp_path: Path) -> None:
    found = source(tmp_path, backend__main="from routers import x\n" + PLAIN, backend__routers="x = 1\n")
    assert found.misplaced("backend.main") == (["routers"], "backend")


def test_the_start_can_lie_folders_above_the_application(tmp_path: Path) -> None:
    found = source(
        tmp_path, a__b__src__main="from src.routes import x\nfrom os import path\n" + PLAIN, a__b__src__routes="x = 1\n"
    )
    assert found.misplaced("a.b.src.main") == (["src"], "a/b")


def test_imports_from_the_directory_itself_are_fine(tmp_path: Path) -> None:
    found = source(tmp_path, app__main="from app.routers import x\n" + PLAIN, app__routers="x = 1\n")
    assert found.misplaced("app.main") == ([], "")


def test_routes_have_the_prefixes_of_their_routers(tmp_path: Path) -> None:
    main = (
        "from fastapi import FastAPI\nfrom api import health, users as people\nfrom api.v1 import api\n"
        "app = FastAPI()\n"
        "app.include_router(health.router, prefix='/api')\napp.include_router(people.router)\n"
        "app.include_router(api, prefix='/v1')\n@app.get('/')\ndef root(): ...\n@app.post('/x')\ndef x(): ...\n"
    )
    router = "from fastapi import APIRouter\nrouter = APIRouter(prefix='{}')\n@router.get('{}')\nasync def f(): ...\n"
    found = source(
        tmp_path,
        main=main,
        api__health=router.format("/health", "/live"),
        api__users=router.format("", "/users"),
        api__v1="from fastapi import APIRouter\nfrom api import deep\napi = APIRouter()\n"
        "api.include_router(deep.router, prefix='/deep')\n",
        api__deep=router.format("", "/ping"),
    )
    assert set(routes.get_routes(found)) == {"/", "/api/health/live", "/users", "/v1/deep/ping"}


def test_a_prefix_that_is_computed_is_told(tmp_path: Path) -> None:
    found = source(
        tmp_path,
        main=PLAIN + "from api import a\napp.include_router(a, prefix=settings.V1)\n",
        api="from fastapi import APIRouter\na, b = None, None\na = APIRouter()\nb = APIRouter(prefix='/b')\n"
        "a.include_router(b)\n@b.get('/health')\ndef f(): ...\n",
    )
    assert routes.get_routes(found) == [f"{routes.COMPUTED}/b/health"]


def test_routers_that_include_each_other_end(tmp_path: Path) -> None:
    text = "a.include_router(b, prefix='/b')\nb.include_router(a, prefix='/a')\n@a.get('/x')\ndef f(): ...\n"
    assert routes.get_routes(source(tmp_path, main=text)) == ["/a/x"]


@pytest.mark.parametrize(
    ("given", "path"),
    [("", "/openapi.json"), ("openapi_url=None", ""), ("openapi_url='/o'", "/o"), ("openapi_url=f'{x}/o'", "")],
)
def test_fastapis_own_description_is_where_the_text_says(tmp_path: Path, given: str, path: str) -> None:
    assert routes.description(source(tmp_path, main=PLAIN.replace("()", f"({given})"))) == path


def test_ports_of_the_applications_own_start(tmp_path: Path) -> None:
    found = source(tmp_path, main=PLAIN + "import uvicorn\nuvicorn.run(app, port=9000)\n")
    assert routes.ports(found) == [9000]
