"""Models and weights by name or address; everything on this machine."""

from __future__ import annotations

import hashlib
import io
import os
import sys
import threading
import warnings
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

import torchlike
from tests.support import reference

hub = torchlike.hub
CONF = """
dependencies = {needs!r}
from beside import made as _made

def double(x=1, *, times=2):
    "What it doubles."
    return _made(x) * times

not_callable = 3
def _hidden(): pass
"""


def forget(torch):
    """Take `set_dir` back."""
    setattr(*(torch.hub._State, "folder") if torch is torchlike else (torch.hub, "_hub_dir"), None)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder for both libraries."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TORCH_HUB", raising=False)
    return tmp_path


@pytest.fixture
def served(home):
    """A folder that a server of this machine gives out, and its address."""
    folder = home / "served"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def repository(folder, needs=("json",)):
    folder.mkdir(parents=True)
    (folder / "hubconf.py").write_text(CONF.format(needs=list(needs)))
    (folder / "beside.py").write_text("def made(x): return x + 1\n")
    return str(folder)


def told(call):
    try:
        return call()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        sys.modules.pop("beside", None)


def test_a_folder_of_models(home):
    folder, poor = repository(home / "repo"), repository(home / "poor", ["json", "nobody_has_this"])

    def ask(torch):
        load = partial(torch.hub.load, source="local")
        return [
            told(lambda: load(folder, "double", 3, times=5)),
            told(lambda: load(folder, "other")),
            told(lambda: load(folder, "not_callable")),
            told(lambda: load(folder, 3)),
            told(lambda: load(poor, "double")),
            told(lambda: torch.hub.load(folder, "double", source="web")),
            told(lambda: str(type(load(str(home / "nowhere"), "double")))),
        ]

    assert ask(torchlike) == ask(reference())
    assert folder not in sys.path


def test_a_repository_that_is_there(home, monkeypatch, capsys):
    def ask(torch):
        kept = os.path.join(torch.hub.get_dir(), "me_mine_v1")
        repository(type(home)(kept) if not os.path.exists(kept) else home / torch.__name__)
        found = [
            told(lambda: torch.hub.list("me/mine:v1", trust_repo=True, verbose=False)),
            told(lambda: torch.hub.help("me/mine:v1", "double")),
            told(lambda: torch.hub.load("me/mine:v1", "double", verbose=False)),
        ]
        monkeypatch.setattr("builtins.input", lambda text: "n")
        found.append(told(lambda: torch.hub.load("me/mine:v1", "double", trust_repo=False)))
        found.append(told(lambda: torch.hub.load("me/other:v1", "double")))
        monkeypatch.setattr("builtins.input", lambda text: "perhaps")
        return [*found, told(lambda: torch.hub.load("me/other:v1", "double"))]

    assert ask(torchlike) == ask(reference())
    assert "Using cache found in" in capsys.readouterr().err


def test_the_folder(home, monkeypatch):
    def ask(torch):
        found = [torch.hub.get_dir()]
        torch.hub.set_dir("~/elsewhere")
        found.append(torch.hub.get_dir())
        forget(torch)
        monkeypatch.delenv("TORCH_HOME")
        monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
        found.append(torch.hub.get_dir())
        monkeypatch.setenv("TORCH_HOME", str(home / "home"))
        return found

    assert ask(torchlike) == ask(reference())
    monkeypatch.setenv("TORCH_HUB", "x")
    with pytest.warns(UserWarning, match="TORCH_HUB is deprecated"):
        hub.get_dir()


def test_weights_are_fetched_once(served, capsys):
    folder, address = served
    torchlike.save({"w": torchlike.arange(3.0)}, folder / "plain.pth")
    digest = hashlib.sha256((folder / "plain.pth").read_bytes()).hexdigest()[:8]
    os.rename(folder / "plain.pth", folder / f"net-{digest}.pth")
    (folder / "net-0000.pth").write_bytes(b"other")
    url = f"{address}/net-{digest}.pth?a=b"
    for _ in range(2):
        assert hub.load_state_dict_from_url(url, check_hash=True, progress=False)["w"].tolist() == [0, 1, 2]
        os.path.exists(folder / f"net-{digest}.pth") and os.remove(folder / f"net-{digest}.pth")
    assert capsys.readouterr().out.count("Downloading") == 1
    kept = os.path.join(hub.get_dir(), "checkpoints")
    assert os.listdir(kept) == [f"net-{digest}.pth"]
    with pytest.raises(RuntimeError, match=r'^invalid hash value \(expected "0000", got "'):
        hub.load_state_dict_from_url(f"{address}/net-0000.pth", check_hash=True)
    with pytest.raises(OSError, match="404"):
        hub.download_url_to_file(f"{address}/none", os.path.join(kept, "none"), progress=False)
    assert os.listdir(kept) == [f"net-{digest}.pth"]
    from torchlike.utils.model_zoo import load_url

    assert load_url(url, file_name=f"net-{digest}.pth", map_location="cpu", weights_only=True)["w"].shape == (3,)


def test_an_old_archive_has_one_file(served, home):
    folder, address = served
    inner = io.BytesIO()
    torchlike.save({"w": torchlike.ones(2)}, inner)
    with zipfile.ZipFile(folder / "old.zip", "w") as archive:
        archive.writestr("old.pth", inner.getvalue())
    with zipfile.ZipFile(folder / "bad.zip", "w") as archive:
        archive.writestr("../bad.pth", inner.getvalue())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = hub.load_state_dict_from_url(f"{address}/old.zip", str(home / "there"), progress=True)
        with pytest.raises(ValueError, match="directory traversal"):
            hub.load_state_dict_from_url(f"{address}/bad.zip", str(home / "there"), progress=False)
    assert found["w"].tolist() == [1, 1] and "Falling back to the old format" in str(caught[0].message)
    assert not (home / "bad.pth").exists()
