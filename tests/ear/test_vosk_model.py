"""The model's download: from a server on this machine that does what real ones do, good and bad."""

from __future__ import annotations

import errno
import hashlib
import io
import socket
import stat
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from voicecoach.ear.vosk_model import SMALL_ENGLISH, ModelFile, default_folder, fetch, install, installed
from voicecoach.errors import SetupError

NAME = "vosk-model-tiny"


def packed(files: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        for name, target in (links or {}).items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(entry, target)
    return buffer.getvalue()


GOOD = packed({f"{NAME}/am/final.mdl": bytes(range(256)) * 2000, f"{NAME}/conf/model.conf": b"--beam=10.0\n"})


@dataclass
class Server:
    """What it serves and how; ``asked`` keeps each request's Range header."""

    content: bytes = GOOD
    ranges: bool = True
    cut_after: int | None = None
    status: int = 200
    shift: int = 0
    asked: list[str | None] = field(default_factory=list)
    address: str = ""

    @property
    def model(self) -> ModelFile:
        return ModelFile(NAME, self.address, len(self.content), hashlib.sha256(self.content).hexdigest(), 1 << 20)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        wanted = handler.headers.get("Range")
        self.asked.append(wanted)
        if self.status != 200:
            handler.send_error(self.status)
            return
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and self.ranges else 0
        body = self.content[start:]
        handler.send_response(206 if wanted and self.ranges else 200)
        if wanted and self.ranges:
            size = len(self.content)
            handler.send_header("Content-Range", f"bytes {start + self.shift}-{size - 1}/{size}")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body if self.cut_after is None else body[: self.cut_after])


@pytest.fixture
def server() -> Iterator[Server]:
    served = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        served.address = f"http://127.0.0.1:{http.server_address[1]}/{NAME}.zip"
        threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
        yield served
        http.shutdown()


def get(server: Server, folder: Path, model: ModelFile | None = None) -> Path:
    return fetch(lambda done, of: None, model or server.model, folder)


def part(folder: Path) -> Path:
    return folder / f"{NAME}.zip.part"


def test_the_model_lies_in_the_users_cache_once_it_was_fetched(server: Server) -> None:
    assert installed(server.model) is None
    path = get(server, default_folder())
    assert path == installed(server.model) == default_folder() / NAME
    assert (path / "conf" / "model.conf").read_bytes() == b"--beam=10.0\n"
    assert [entry.name for entry in default_folder().iterdir()] == [NAME]


def test_progress_grows_to_the_whole(server: Server, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    fetch(lambda done, of: told.append((done, of)), server.model, tmp_path)
    assert told[0] == (0, len(GOOD))
    assert told[-1] == (len(GOOD), len(GOOD))
    assert told == sorted(told)


def test_a_download_that_was_cut_goes_on_where_it_stopped(server: Server, tmp_path: Path) -> None:
    server.cut_after = 1000
    with pytest.raises(SetupError, match=r"cut after 1000 of .* goes on from there"):
        get(server, tmp_path)
    assert installed(server.model, tmp_path) is None
    server.cut_after = None
    told: list[int] = []
    fetch(lambda done, of: told.append(done), server.model, tmp_path)
    assert server.asked == [None, "bytes=1000-"]
    assert told[0] == 1000
    assert installed(server.model, tmp_path)


def test_a_server_that_knows_no_ranges_begins_anew(server: Server, tmp_path: Path) -> None:
    part(tmp_path).write_bytes(b"half a file")
    server.ranges = False
    assert (get(server, tmp_path) / "am").is_dir()
    assert server.asked == ["bytes=11-"]


def test_a_part_that_is_complete_needs_no_network(server: Server, tmp_path: Path) -> None:
    part(tmp_path).write_bytes(GOOD)
    get(server, tmp_path)
    assert server.asked == []


def test_a_leftover_that_is_too_long_is_begun_anew(server: Server, tmp_path: Path) -> None:
    part(tmp_path).write_bytes(GOOD + b"more")
    get(server, tmp_path)
    assert server.asked == [None]


def test_a_wrong_hash_installs_nothing_and_the_next_try_begins_anew(server: Server, tmp_path: Path) -> None:
    part(tmp_path).write_bytes(b"0" * 1000)
    with pytest.raises(SetupError, match="SHA-256"):
        get(server, tmp_path)
    assert list(tmp_path.iterdir()) == []
    get(server, tmp_path)
    assert server.asked == ["bytes=1000-", None]


def test_another_part_than_was_asked_for_is_refused(server: Server, tmp_path: Path) -> None:
    part(tmp_path).write_bytes(GOOD[:1000])
    server.shift = 7
    with pytest.raises(SetupError, match="another part"):
        get(server, tmp_path)
    assert part(tmp_path).read_bytes() == GOOD[:1000]


def test_more_than_the_model_is_not_taken(server: Server, tmp_path: Path) -> None:
    model = replace(server.model, size=1000)
    with pytest.raises(SetupError, match="more than the model is long"):
        get(server, tmp_path, model)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("status", [403, 404, 416, 503])
def test_a_refusal_names_what_to_do(server: Server, tmp_path: Path, status: int) -> None:
    server.status = status
    with pytest.raises(SetupError, match=rf"answered {status} .* --from {NAME}\.zip") as caught:
        get(server, tmp_path)
    assert "\n" not in str(caught.value)


def test_nobody_at_the_other_end_names_what_to_do(server: Server, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = replace(server.model, url=f"http://127.0.0.1:{taken.getsockname()[1]}/{NAME}.zip")
        with pytest.raises(SetupError, match=r"could not be reached \(.*refused\)\. .*--from"):
            get(server, tmp_path, nobody)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_full_disk_says_how_much_room_is_needed(server: Server, tmp_path: Path) -> None:
    part(tmp_path).symlink_to("/dev/full")
    with pytest.raises(SetupError, match=r"disk is full\. Make room for 120 MB") as caught:
        get(server, tmp_path)
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.ENOSPC


def test_a_folder_that_cannot_be_made_is_named(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match="file/models cannot be written"):
        get(server, tmp_path / "file" / "models")
    assert server.asked == []


UNSAFE = {
    "climbing": packed({f"{NAME}/a": b"", f"{NAME}/../../evil": b"x"}),
    "absolute": packed({"/evil": b"x"}),
    "another folder": packed({f"{NAME}/a": b"", "evil/a": b"x"}),
    "backslashes": packed({f"{NAME}/..\\..\\evil": b"x"}),
    "a drive": packed({f"{NAME}/c:evil": b"x"}),
    "a link": packed({f"{NAME}/a": b""}, {f"{NAME}/link": "/etc/passwd"}),
    "a bomb": packed({f"{NAME}/a": bytes(2 << 20)}),
    "nothing": packed({}),
}


@pytest.mark.parametrize("content", UNSAFE.values(), ids=UNSAFE)
def test_an_archive_that_would_do_harm_is_left_alone(server: Server, tmp_path: Path, content: bytes) -> None:
    server.content = content
    folder = tmp_path / "deep" / "models"
    with pytest.raises(SetupError, match="left alone"):
        get(server, folder)
    assert [path.name for path in folder.iterdir()] == [part(folder).name]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["deep", "models", part(folder).name]


def test_what_is_no_zip_file_is_said_to_be_none(server: Server, tmp_path: Path) -> None:
    server.content = b"<html>Sign in to this hotel's network</html>"
    with pytest.raises(SetupError, match="cannot be unpacked"):
        get(server, tmp_path)
    assert installed(server.model, tmp_path) is None


def test_a_file_carried_here_by_hand_is_checked_too(server: Server, tmp_path: Path) -> None:
    folder, carried = tmp_path / "models", tmp_path / "carried.zip"
    with pytest.raises(SetupError, match=r"no file .*carried\.zip"):
        install(carried, server.model, folder)
    carried.write_bytes(GOOD[:-1])
    with pytest.raises(SetupError, match="SHA-256"):
        install(carried, server.model, folder)
    with pytest.raises(SetupError, match=r"no file"):
        install(tmp_path, server.model, folder)
    carried.write_bytes(GOOD)
    assert install(carried, server.model, folder) == installed(server.model, folder)
    assert carried.exists()
    assert server.asked == []


def test_an_installation_replaces_the_one_before(server: Server, tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "damaged").write_text("")
    get(server, tmp_path)
    assert sorted(path.name for path in (tmp_path / NAME).iterdir()) == ["am", "conf"]


def test_the_real_model_is_named_completely() -> None:
    assert SMALL_ENGLISH.url.startswith("https://")
    assert SMALL_ENGLISH.url.endswith(f"/{SMALL_ENGLISH.name}.zip")
    assert len(bytes.fromhex(SMALL_ENGLISH.sha256)) == 32
    assert SMALL_ENGLISH.size < SMALL_ENGLISH.most_unpacked
