"""``torch.distributed.run`` (``torchrun``): start a program as one of several processes; here as the only one.

python -m torchlike -m torch.distributed.run --nproc_per_node=1 script.py args...
"""

from __future__ import annotations

import argparse as _argparse
import os as _os
import signal as _signal
import socket as _socket
import subprocess as _subprocess
import sys as _sys
import uuid as _uuid
from collections.abc import Sequence as _Sequence
from typing import Any

from torchlike._missing import watch as _watch
from torchlike._types import devices as _devices
from torchlike.distributed._groups import ALONE as _ALONE

# options of PyTorch's that say where processes and their words go, with the number of values: one process has one place
_ABOUT_PLACES = (
    "--rdzv-backend --rdzv-endpoint --rdzv-id --rdzv-conf --monitor-interval --start-method --role --log-dir --redirects "
    "--tee --local-ranks-filter --node-rank --local-addr --logs-specs --numa-binding --signals-to-handle --event-log-handler"
).split()
_SHORT = {"--redirects": ["-r"], "--tee": ["-t"]}


def get_args_parser() -> _argparse.ArgumentParser:
    """What understands ``torchrun``'s command line."""
    parser = _argparse.ArgumentParser(description="Torch Distributed Elastic Training Launcher", allow_abbrev=False)

    def option(name: str, **settings: Any) -> None:
        names = {name, name.replace("-", "_").replace("__", "--", 1)}
        parser.add_argument(*sorted(names), *_SHORT.get(name, []), **settings)

    option("--nnodes", default="1:1", help="Number of nodes, or a range of them")
    option("--nproc-per-node", default="1", help="Number of workers per node: a number, auto, cpu, gpu")
    option("--standalone", action="store_true", help="Start a local standalone rendezvous")
    option("--max-restarts", type=int, default=0, help="Maximum number of restarts before failing")
    option("--master-addr", default="127.0.0.1", help="Address of the master node")
    option("--master-port", type=int, default=0, help="Port on the master node")
    for each in _ABOUT_PLACES:
        option(each)
    parser.add_argument("-m", "--module", action="store_true", help="Run the script as a module, as python -m does")
    option("--no-python", action="store_true", help="Run the script as a program of its own")
    option("--run-path", action="store_true", help="Run the script in the launcher's own way")
    parser.add_argument("training_script", help="The program to be started")
    parser.add_argument("training_script_args", nargs=_argparse.REMAINDER)
    return parser


def parse_args(args: _Sequence[str] | None) -> _argparse.Namespace:
    """Read ``torchrun``'s command line; the program's own if None is given."""
    return get_args_parser().parse_args(args)


def main(args: _Sequence[str] | None = None) -> None:
    """Start a program as ``torchrun`` does, and wait for it.

    Args:
        args: the command line; the program's own by default.

    Raises:
        SystemExit: the program failed, or several processes are asked for.
    """
    run(parse_args(args))


def run(args: _argparse.Namespace) -> None:
    """Start a program as its command line says, and wait for it.

    Raises:
        SystemExit: the program failed, or several processes are asked for.
    """
    count = _processes(args.nproc_per_node) * int(args.nnodes.partition(":")[0])
    if count != 1:
        raise SystemExit(_ALONE.format(count))
    for restarts in range(args.max_restarts + 1):
        code = _call(_command(args), _environment(args, restarts))
        if code == 0:
            return
    raise SystemExit(1)


def _processes(said: str) -> int:
    if said.isdigit():
        return int(said)
    there = len(_devices.jax_devices("cuda"))
    if said == "gpu":
        if not there:
            raise SystemExit("Cuda is not available.")
        return there
    if said in ("cpu", "auto"):
        return there if said == "auto" and there else _os.cpu_count() or 1
    raise SystemExit(f"Unsupported nproc_per_node value: {said}")


def _command(args: _argparse.Namespace) -> list[str]:
    program = [args.training_script, *args.training_script_args]
    if args.no_python:
        return program
    return [_sys.executable, "-u", "-m", "torchlike", *(["-m"] if args.module else []), *program]


def _environment(args: _argparse.Namespace, restarts: int) -> dict[str, str]:
    said = {
        "GROUP_WORLD_SIZE LOCAL_WORLD_SIZE ROLE_WORLD_SIZE WORLD_SIZE": "1",
        "GROUP_RANK LOCAL_RANK RANK ROLE_RANK": "0",
        "ROLE_NAME": args.role or "default",
        "MASTER_ADDR": args.master_addr,
        "MASTER_PORT": str(args.master_port or _free_port()),
        "TORCHELASTIC_MAX_RESTARTS": str(args.max_restarts),
        "TORCHELASTIC_RESTART_COUNT": str(restarts),
        "TORCHELASTIC_RUN_ID": args.rdzv_id or (str(_uuid.uuid4()) if args.standalone else "none"),
        "TORCHELASTIC_USE_AGENT_STORE": "False",  # the process keeps its store itself
    }
    return {**_os.environ, **{name: value for names, value in said.items() for name in names.split()}}


def _free_port() -> int:
    with _socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _call(command: list[str], environment: dict[str, str]) -> int:
    """Run a program, and pass on to it the signals that would end this one."""
    with _subprocess.Popen(command, env=environment) as process:
        before = _signal.signal(_signal.SIGTERM, lambda number, frame: process.send_signal(number))
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.send_signal(_signal.SIGINT)
            raise
        finally:
            _signal.signal(_signal.SIGTERM, before)


_watch()  # it is imported by those alone who ask for it

if __name__ == "__main__":
    main()
