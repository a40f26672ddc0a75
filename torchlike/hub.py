"""``torch.hub``: models and their weights by name or address, kept in a folder."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlparse
from urllib.request import Request, urlopen

from torchlike._programs.explain import warn
from torchlike._types.public import publish as _publish
from torchlike.serialization import load as _load

HASH_REGEX = re.compile(r"-([a-f0-9]*)\.")
READ_DATA_CHUNK = 128 * 1024
ENV_GITHUB_TOKEN = "GITHUB_TOKEN"
ENV_TORCH_HOME = "TORCH_HOME"
ENV_XDG_CACHE_HOME = "XDG_CACHE_HOME"
DEFAULT_CACHE_DIR = "~/.cache"
VAR_DEPENDENCY = "dependencies"
MODULE_HUBCONF = "hubconf.py"
_TRUSTED = ("facebookresearch", "facebookincubator", "pytorch", "fairinternal")
_OLD_ZIP = (
    "Falling back to the old format < 1.6. This support will be deprecated in favor of default zipfile format introduced in "
    "1.6. Please redo torch.save() to save it in the new zipfile format."
)


class _State:
    """The folder that was set."""

    folder: str | None = None


# ---------------------------------------------------------------------- the folder


def _get_torch_home() -> str:
    cache = os.getenv(ENV_XDG_CACHE_HOME, DEFAULT_CACHE_DIR)
    return os.path.expanduser(os.getenv(ENV_TORCH_HOME, os.path.join(cache, "torch")))


def get_dir() -> str:
    """The folder: what `set_dir` has set, else ``hub`` in ``$TORCH_HOME`` or in the cache."""
    if os.getenv("TORCH_HUB"):
        warn("TORCH_HUB is deprecated, please use env TORCH_HOME instead")
    return os.path.join(_get_torch_home(), "hub") if _State.folder is None else _State.folder


def set_dir(d: str | os.PathLike) -> None:
    """Set the folder."""
    _State.folder = os.path.expanduser(d)


# ---------------------------------------------------------------------- files


def download_url_to_file(url: str, dst: str, hash_prefix: str | None = None, progress: bool = True) -> None:
    """Fetch a file; it is there when all of it is.

    Args:
        url: where it is.
        dst: where it goes.
        hash_prefix: how its SHA-256 begins; not looked at by default.
        progress: whether it is shown how far it is.

    Raises:
        RuntimeError: it has another hash.
        URLError: it is not to be had.
    """
    dst = os.path.expanduser(dst)
    folder, name = os.path.split(dst)
    digest = hashlib.sha256()
    handle, partial = tempfile.mkstemp(".partial", name + ".", folder or ".")
    try:
        with os.fdopen(handle, "wb") as file, urlopen(Request(url, headers={"User-Agent": "torch.hub"})) as source:
            size = source.info().get("Content-Length")
            with _bar(None if size is None else int(size), progress) as advance:
                while data := source.read(READ_DATA_CHUNK):
                    file.write(data)
                    digest.update(data)
                    advance(len(data))
        found = digest.hexdigest()
        if hash_prefix is not None and not found.startswith(hash_prefix):
            raise RuntimeError(f'invalid hash value (expected "{hash_prefix}", got "{found}")')
        os.chmod(partial, 0o666 & ~_umask())
        os.replace(partial, dst)
    finally:
        if os.path.exists(partial):
            os.remove(partial)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextmanager
def _bar(size: int | None, is_shown: bool) -> Generator[Callable[[int], Any]]:
    """What is told how many bytes came: tqdm's bar if that is installed, else a line that counts."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        done = 0

        def advance(count: int) -> None:
            nonlocal done
            done += count
            share = f"{done} bytes" if size is None else f"{100 * done / size:.1f}%"
            if is_shown:
                sys.stderr.write(f"\r{share}")

        yield advance
        if is_shown:
            sys.stderr.write("\n")
    else:
        with tqdm(total=size, disable=not is_shown, unit="B", unit_scale=True, unit_divisor=1024) as bar:
            yield bar.update


def load_state_dict_from_url(
    url: str,
    model_dir: str | None = None,
    map_location: Any = None,
    progress: bool = True,
    check_hash: bool = False,
    file_name: str | None = None,
    weights_only: bool = False,
) -> dict[str, Any]:
    """What `torch.save` has written to a file, which is fetched if it is not there.

    Args:
        url: where it is.
        model_dir: where it is kept; ``checkpoints`` in `get_dir` by default.
        map_location: see `torchlike.load`.
        progress: whether it is shown how far it is.
        check_hash: whether its name tells how its hash begins: ``name-<hash>.pth``.
        file_name: what it is called there; as in `url` by default.
        weights_only: see `torchlike.load`.

    Raises:
        RuntimeError: it has another hash, or is no such file.
        URLError: it is not to be had.
    """
    if os.getenv("TORCH_MODEL_ZOO"):
        warn("TORCH_MODEL_ZOO is deprecated, please use env TORCH_HOME instead")
    folder = os.path.join(get_dir(), "checkpoints") if model_dir is None else model_dir
    os.makedirs(folder, exist_ok=True)
    name = file_name or os.path.basename(urlparse(url).path)
    kept = os.path.join(folder, name)
    if not os.path.exists(kept):
        sys.stdout.write(f'Downloading: "{url}" to {kept}\n')
        told = HASH_REGEX.search(name) if check_hash else None
        download_url_to_file(url, kept, told.group(1) if told else None, progress)
    inner = _only_file(kept)
    if inner is not None:
        warn(_OLD_ZIP, FutureWarning)
        with zipfile.ZipFile(kept) as archive:
            _extract(archive, folder)
        kept = os.path.join(folder, inner)
    return _load(kept, map_location=map_location, weights_only=weights_only)


def _only_file(path: str) -> str | None:
    """The one file in a zip file that is no archive of `torch.save`; None for others."""
    if not zipfile.is_zipfile(path):
        return None
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    return members[0].filename if len(members) == 1 and not members[0].is_dir() else None


def _extract(archive: zipfile.ZipFile, folder: str) -> None:
    """Unpack an archive, within a folder.

    Raises:
        ValueError: a file would lie elsewhere.
    """
    for member in archive.infolist():
        name = os.path.normpath(member.filename)
        if name.startswith(("/", "\\")) or re.match("[A-Za-z]:", name):
            raise ValueError(f"Archive entry has absolute path: {member.filename}")
        if ".." in re.split(r"[/\\]", name):
            raise ValueError(f"Archive entry contains directory traversal: {member.filename}")
        if not (Path(folder) / name).resolve().is_relative_to(Path(folder).resolve()):
            raise ValueError(f"Archive entry escapes target directory: {member.filename}")
        archive.extract(member, folder)


# ---------------------------------------------------------------------- repositories


def list(
    github: str,
    force_reload: bool = False,
    skip_validation: bool = False,
    trust_repo: bool | str = "check",
    verbose: bool = True,
) -> Any:
    """What a repository's ``hubconf.py`` offers.

    Args:
        github: ``owner/name`` or ``owner/name:branch``.
        force_reload: whether it is fetched anew.
        skip_validation: whether it is not asked if the branch is the owner's.
        trust_repo: whether its code may run: True, False (then it is asked), ``"check"`` (it is if it never was).
        verbose: whether it is told where it is.

    Raises:
        RuntimeError: it is not to be had.
    """
    folder = _fetched(github, force_reload, trust_repo, verbose, skip_validation)
    with _conf(folder) as conf:
        return [name for name in dir(conf) if callable(getattr(conf, name)) and not name.startswith("_")]


def help(
    github: str,
    model: str,
    force_reload: bool = False,
    skip_validation: bool = False,
    trust_repo: bool | str = "check",
) -> str | None:
    """What is written at one of a repository's models; see `list`.

    Raises:
        RuntimeError: there is no such model.
    """
    folder = _fetched(github, force_reload, trust_repo, True, skip_validation)
    with _conf(folder) as conf:
        return _entry(conf, model).__doc__


def load(
    repo_or_dir: str,
    model: str,
    *args: Any,
    source: str = "github",
    trust_repo: bool | str = "check",
    force_reload: bool = False,
    verbose: bool = True,
    skip_validation: bool = False,
    **kwargs: Any,
) -> Any:
    """A model of a repository's: what a function of its ``hubconf.py`` returns.

    Args:
        repo_or_dir: ``owner/name`` or ``owner/name:branch``; for ``source="local"`` a folder.
        model: the function's name.
        args, kwargs: its arguments.
        source: ``"github"`` or ``"local"``.
        trust_repo, force_reload, verbose, skip_validation: see `list`.

    Raises:
        ValueError: there is no such source.
        RuntimeError: there is no such model, or a package that it needs is not installed.
    """
    source = source.lower()
    if source not in ("github", "local"):
        raise ValueError(f'Unknown source: "{source}". Allowed values: "github" | "local".')
    if source == "github":
        repo_or_dir = _fetched(repo_or_dir, force_reload, trust_repo, verbose, skip_validation)
    with _conf(repo_or_dir) as conf:
        return _entry(conf, model)(*args, **kwargs)


@contextmanager
def _conf(folder: str) -> Generator[ModuleType]:
    """A repository's ``hubconf.py``, which finds what lies beside it."""
    sys.path.insert(0, folder)
    try:
        spec = importlib.util.spec_from_file_location(MODULE_HUBCONF, os.path.join(folder, MODULE_HUBCONF))
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(folder)


def _entry(conf: ModuleType, model: str) -> Callable:
    if not isinstance(model, str):
        raise ValueError("Invalid input: model should be a string of function name")
    needed = getattr(conf, VAR_DEPENDENCY, None) or []
    missing = [each for each in needed if importlib.util.find_spec(each) is None]
    if missing:
        raise RuntimeError(f"Missing dependencies: {', '.join(missing)}")
    found = getattr(conf, model, None)
    if not callable(found):
        raise RuntimeError(f"Cannot find callable {model} in hubconf")
    return found


def _fetched(github: str, force_reload: bool, trust: bool | str, verbose: bool, skip_validation: bool) -> str:
    """The folder of a repository, fetched if it is not there."""
    folder = get_dir()
    os.makedirs(folder, exist_ok=True)
    owner, name, branch = _named(github)
    kept = os.path.join(folder, f"{owner}_{name}_{branch.replace('/', '_')}")
    _check_trusted(owner, f"{owner}_{name}", kept, trust)
    if not force_reload and os.path.exists(kept):
        if verbose:
            sys.stderr.write(f"Using cache found in {kept}\n")
        return kept
    if not skip_validation:
        _check_not_forked(owner, name, branch)
    address = f"https://github.com/{owner}/{name}/zipball/{{}}"
    with tempfile.TemporaryDirectory(dir=folder) as inner:
        archive = os.path.join(inner, "archive.zip")
        sys.stdout.write(f'Downloading: "{address.format(branch)}" to {folder}\n')
        try:
            download_url_to_file(address.format(branch), archive, progress=False)
        except HTTPError as error:
            if error.code != 300:  # a branch and a tag of this name
                raise
            warn(
                f"The ref {branch} is ambiguous. Perhaps it is both a tag and a branch in the repo? Torchhub will now "
                "assume that it's a branch. You can disambiguate tags and branches by explicitly passing "
                "refs/heads/branch_name or refs/tags/tag_name as the ref. That might require using skip_validation=True."
            )
            download_url_to_file(address.format(f"refs/heads/{branch}"), archive, progress=False)
        with zipfile.ZipFile(archive) as opened:
            top = opened.infolist()[0].filename
            _extract(opened, inner)
        if os.path.exists(kept):
            shutil.rmtree(kept)
        shutil.move(os.path.join(inner, top), kept)
    return kept


def _named(github: str) -> tuple[str, str, str]:
    """Owner, name and branch of a repository: ``main`` or ``master`` where none is told."""
    told, _, branch = github.partition(":")
    owner, name = told.split("/")
    if branch:
        return owner, name, branch
    try:
        with urlopen(f"https://github.com/{owner}/{name}/tree/main/"):
            return owner, name, "main"
    except HTTPError as error:
        if error.code == 404:
            return owner, name, "master"
        raise
    except URLError as error:
        for branch in ("main", "master"):
            if os.path.exists(os.path.join(get_dir(), f"{owner}_{name}_{branch}")):
                return owner, name, branch
        raise RuntimeError(
            f"It looks like there is no internet connection and the repo could not be found in the cache ({get_dir()})"
        ) from error


def _check_trusted(owner: str, named: str, kept: str, trust: bool | str) -> None:
    """Ask whether code of a repository may run, unless that was said, and remember it.

    Raises:
        Exception: it may not.
        ValueError: the answer is none.
    """
    known = os.path.join(get_dir(), "trusted_list")
    Path(known).touch()
    is_trusted = named in Path(known).read_text().split() or os.path.isdir(kept) or owner in _TRUSTED
    if trust is False or trust == "check" and not is_trusted:
        said = input(
            f"The repository {named} does not belong to the list of trusted repositories and as such cannot be downloaded. "
            "Do you trust this repository and wish to add it to the trusted list of repositories (y/N)?"
        )
        if said.lower() in ("n", "no", ""):
            raise Exception("Untrusted repository.")
        if said.lower() not in ("y", "yes"):
            raise ValueError(f"Unrecognized response {said}.")
    if not is_trusted:
        with open(known, "a") as file:
            file.write(named + "\n")


def _check_not_forked(owner: str, name: str, branch: str) -> None:
    """Refuse a commit that is none of the owner's.

    Raises:
        ValueError: it is not.
    """
    headers, token = {"Accept": "application/vnd.github.v3+json"}, os.environ.get(ENV_GITHUB_TOKEN)
    if token is not None:
        headers["Authorization"] = f"token {token}"
    for kind in ("branches", "tags"):
        page, found = 0, [None]
        while found:
            page += 1
            url = f"https://api.github.com/repos/{owner}/{name}/{kind}?per_page=100&page={page}"
            with urlopen(Request(url, headers=headers)) as answer:
                found = json.load(answer)
            if any([each["name"] == branch or each["commit"]["sha"].startswith(branch) for each in found]):
                return
    raise ValueError(
        f"Cannot find {branch} in https://github.com/{owner}/{name}. If it's a commit from a forked repo, please call "
        "hub.load() with forked repo directly."
    )


_publish(globals())
