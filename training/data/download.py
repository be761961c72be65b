"""Downloads that survive interruptions: HTTP ranges, retries, SHA-256."""

from __future__ import annotations

import hashlib
import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from emberwatch.base.errors import EmberwatchError

_CHUNK = 1 << 18
_ATTEMPTS = 4
_TIMEOUT_S = 30.0
_FATAL_STATUS = range(400, 500)

Progress = Callable[[int, int | None], None]


class DownloadError(EmberwatchError):
    """A download failed in a way that trying again at once does not help."""


def download(
    url: str,
    target: Path,
    on_progress: Progress = lambda done, total: None,
    *,
    attempts: int = _ATTEMPTS,
    pause_s: float = 1.0,
) -> None:
    """Fetches a file; what an earlier, interrupted call left in ``<target>.part`` is not fetched again.

    Args:
        url: http or https.
        target: appears when the whole file is there.
        on_progress: gets the bytes that are there and their total, None where the server does not tell.
        attempts: connections to try while one after the other breaks without having brought anything.
        pause_s: wait before the second attempt, doubled for each one more.

    Raises:
        DownloadError: the server cannot be reached, refuses, or keeps breaking off; or the file cannot be written.
    """
    if not url.lower().startswith(("http://", "https://")):
        raise DownloadError(f"address {url!r} is not of the web; it must begin with http:// or https://")
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(target.parent, error) from None
    failures = 0
    while True:
        before = part.stat().st_size if part.is_file() else 0
        try:
            if _fetch_once(url, part, on_progress):
                part.replace(target)
                _state_file(part).unlink(missing_ok=True)
                return
            reason = "the connection broke off"
        except urllib.error.HTTPError as error:
            if error.code in _FATAL_STATUS and error.code not in (408, 429):
                raise DownloadError(
                    f"{url}: the server says {error.code} {error.reason}; is the address right?"
                ) from None
            reason = f"the server says {error.code} {error.reason}"
        except (urllib.error.URLError, OSError, http.client.HTTPException) as error:
            cause = getattr(error, "reason", None) or error
            reason = str(getattr(cause, "strerror", None) or cause)
        after = part.stat().st_size if part.is_file() else 0
        failures = 1 if after > before else failures + 1
        if failures >= attempts:
            kept = f"; {after} bytes are kept, the same command goes on from there" if after else ""
            raise DownloadError(f"{url} cannot be fetched ({reason}); is this computer online?{kept}")
        time.sleep(pause_s * 2 ** (failures - 1))


def _state_file(part: Path) -> Path:
    return part.with_name(part.name + ".json")


def _fetch_once(url: str, part: Path, on_progress: Progress) -> bool:
    """One connection. Returns whether the file is complete now."""
    have = part.stat().st_size if part.is_file() else 0
    state = _load_state(_state_file(part), url) if have else {}
    if have and not state:
        have = 0  # of another address, or from a server that gives nothing to recognise its file by
    request = urllib.request.Request(url, headers={"User-Agent": "emberwatch", "Accept-Encoding": "identity"})
    if have:
        request.add_header("Range", f"bytes={have}-")
        request.add_header("If-Range", str(state["tag"]))
    try:
        response = urllib.request.urlopen(request, timeout=_TIMEOUT_S)
    except urllib.error.HTTPError as error:
        if error.code != 416:
            raise
        total = (error.headers.get("Content-Range") or "").rpartition("/")[2]
        if total == str(have):
            return True
        part.unlink()  # longer than the file: it is not a part of it
        return False
    with response:
        resumed = response.status == 206
        total_bytes = _total(response, have if resumed else 0)
        tag = response.headers.get("ETag") or response.headers.get("Last-Modified")
        if tag and not tag.startswith("W/"):  # a weak tag does not stand for the same bytes
            _write_state(part, {"url": url, "tag": tag})
        else:
            _state_file(part).unlink(missing_ok=True)
        done = have if resumed else 0
        with _Sink(part, resumed) as sink:
            on_progress(done, total_bytes)
            while chunk := _read(response):
                sink.write(chunk)
                done += len(chunk)
                on_progress(done, total_bytes)
    return total_bytes is None or done >= total_bytes


class _Sink:
    """The unfinished file. What goes wrong with it is final: no other connection would help a full disk."""

    def __init__(self, part: Path, append: bool) -> None:
        self._part = part
        try:
            self._file = part.open("ab" if append else "wb", buffering=0)
        except OSError as error:
            raise _unwritable(part, error) from None

    def __enter__(self) -> _Sink:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, data: bytes) -> None:
        """Everything, or DownloadError."""
        view = memoryview(data)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            raise _unwritable(self._part, error) from None


def _unwritable(path: Path, error: OSError) -> DownloadError:
    have = path.stat().st_size if path.is_file() else 0
    kept = f"; {have} bytes are kept, the same command goes on from there" if have else ""
    return DownloadError(f"{path} cannot be written: {error.strerror or error}{kept}")


def _read(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read1(_CHUNK)
    except http.client.IncompleteRead as error:
        return error.partial


def _total(response: http.client.HTTPResponse, offset: int) -> int | None:
    length = response.headers.get("Content-Length")
    return offset + int(length) if length and length.isdigit() else None


def _write_state(part: Path, state: dict[str, str]) -> None:
    try:
        _state_file(part).write_text(json.dumps(state), encoding="utf-8")
    except OSError as error:
        raise _unwritable(_state_file(part), error) from None


def _load_state(path: Path, url: str) -> dict[str, str]:
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) and state.get("url") == url and "tag" in state else {}


def sha256_of(path: Path, on_progress: Progress = lambda done, total: None) -> str:
    """Hex SHA-256 of a file."""
    digest = hashlib.sha256()
    total = path.stat().st_size
    done = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            done += len(chunk)
            on_progress(done, total)
    return digest.hexdigest()
