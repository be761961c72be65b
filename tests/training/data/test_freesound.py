"""Sounds of Freesound by their numbers, from a stand-in for the service on this computer."""

from __future__ import annotations

import http.server
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from local_server import LocalServer
from paths import ROOT

from emberwatch.base.errors import EmberwatchError, UsageError
from emberwatch.training.data.clips import load_dataset
from emberwatch.training.data.freesound import Wanted, fetch_sounds, read_list
from emberwatch.training.data.licences import trainable

KEY = "k3y"
CC0, BY_NC = "http://creativecommons.org/publicdomain/zero/1.0/", "https://creativecommons.org/licenses/by-nc/4.0/"


def ogg() -> bytes:
    packed = io.BytesIO()
    soundfile.write(packed, np.sin(np.arange(8000) * 0.7).astype(np.float32) * 0.3, 16000, format="OGG")
    return packed.getvalue()


PREVIEW = ogg()


class Service(LocalServer):
    """Answers as the API does: descriptions for whoever has the key, previews for all."""

    def __init__(self) -> None:
        self.sounds = {12: ("ada", CC0), 345: ("bob", BY_NC), 6: ("ada", CC0)}
        self.asked: list[str] = []
        self.limit = 1000
        super().__init__()

    def answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        self.asked.append(request.path)
        parts = request.path.partition("?")[0].strip("/").split("/")
        if parts[0] == "previews":
            self.send(request, PREVIEW)
            return
        if request.headers.get("Authorization") != f"Token {KEY}":
            request.send_error(401)
            return
        if sum("apiv2" in path for path in self.asked) > self.limit:
            request.send_error(429)
            return
        number = int(parts[2])
        if parts[:2] != ["apiv2", "sounds"] or number not in self.sounds:
            request.send_error(404)
            return
        uploader, licence = self.sounds[number]
        previews = {"preview-hq-ogg": f"{self.url}/previews/{number}.ogg"}
        told = {"id": number, "name": "x", "username": uploader, "license": licence, "previews": previews}
        self.send(request, json.dumps(told).encode())

    def send(self, request: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)


@pytest.fixture
def service() -> Iterator[Service]:
    with Service().running() as service:
        yield service


def wanted(*numbers: int) -> list[Wanted]:
    return [Wanted(number, "other", "kettle") for number in numbers]


def test_sounds_come_with_licence_uploader_and_label(service: Service, tmp_path: Path) -> None:
    result = fetch_sounds([*wanted(12, 345), Wanted(6, "alarm", "t3")], tmp_path / "freesound", KEY, service.url)
    assert (result.clips, result.new, result.gone) == (3, 3, [])
    clips = load_dataset(tmp_path / "freesound")
    assert [(c.path.name, c.label, c.category, c.group, c.licence) for c in clips] == [
        ("12.ogg", "other", "kettle", "freesound-ada", CC0),
        ("345.ogg", "other", "kettle", "freesound-bob", BY_NC),
        ("6.ogg", "alarm", "t3", "freesound-ada", CC0),
    ]
    assert [clip.path.name for clip in trainable(clips)] == ["12.ogg", "6.ogg"]
    assert all(clip.path.read_bytes() == PREVIEW for clip in clips)


def test_what_is_there_is_not_fetched_again(service: Service, tmp_path: Path) -> None:
    fetch_sounds(wanted(12), tmp_path, KEY, service.url)
    service.asked.clear()
    result = fetch_sounds(wanted(12, 345), tmp_path, KEY, service.url)
    assert (result.clips, result.new) == (2, 1)
    assert not any("/12" in path for path in service.asked)


def test_sounds_that_are_gone_are_told_and_passed_over(service: Service, tmp_path: Path) -> None:
    result = fetch_sounds(wanted(99, 12), tmp_path, KEY, service.url)
    assert (result.clips, result.gone) == (1, [99])


def test_a_limit_of_requests_keeps_what_came_and_goes_on_later(service: Service, tmp_path: Path) -> None:
    service.limit = 2
    with pytest.raises(EmberwatchError, match="goes on later"):
        fetch_sounds(wanted(12, 345, 6), tmp_path, KEY, service.url)
    assert [clip.path.name for clip in load_dataset(tmp_path)] == ["12.ogg", "345.ogg"]
    service.limit = 1000
    assert fetch_sounds(wanted(12, 345, 6), tmp_path, KEY, service.url).new == 1
    assert len(load_dataset(tmp_path)) == 3


@pytest.mark.parametrize(("key", "named"), [("", "FREESOUND_API_KEY"), ("wrong", "refuses the key")])
def test_a_key_is_needed(service: Service, tmp_path: Path, key: str, named: str) -> None:
    with pytest.raises(UsageError, match=named):
        fetch_sounds(wanted(12), tmp_path, key, service.url)


def test_folders_of_others_are_left_alone(service: Service, tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("file,label\nmine.wav,alarm\n")
    with pytest.raises(UsageError, match="not made by a fetch"):
        fetch_sounds(wanted(12), tmp_path, KEY, service.url)
    assert (tmp_path / "manifest.csv").read_text() == "file,label\nmine.wav,alarm\n"


def test_lists(tmp_path: Path) -> None:
    path = tmp_path / "ids.txt"
    path.write_text("12  # a kettle\n\n345,alarm,t3\n6,other\n12,other,kettle\n")
    assert read_list(path) == [Wanted(12, "other", "kettle"), Wanted(345, "alarm", "t3"), Wanted(6, "other", "other")]


@pytest.mark.parametrize(
    ("text", "named"), [("x12\n", ":1: 'x12'"), ("1\n2,maybe\n", ":2: label 'maybe'"), ("#\n", "no sounds")]
)
def test_bad_lists_are_named(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "ids.txt"
    path.write_text(text)
    with pytest.raises(UsageError, match=named):
        read_list(path)


def test_command(service: Service, tmp_path: Path) -> None:
    (tmp_path / "ids.txt").write_text("12\n99\n")
    command = [sys.executable, "-m", "emberwatch.cli.main", "data", "fetch", "freesound", "--url", service.url]
    command += ["--ids", str(tmp_path / "ids.txt"), "--out", str(tmp_path / "data")]
    run = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "FREESOUND_API_KEY": KEY}
    )
    assert run.returncode == 0, run.stderr
    assert "1 sounds, 1 of them new" in run.stdout and "not there any more: 99" in run.stdout
    without = {name: value for name, value in os.environ.items() if name != "FREESOUND_API_KEY"}
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=without)
    assert run.returncode == 2 and run.stderr.count("\n") == 1 and "FREESOUND_API_KEY" in run.stderr
