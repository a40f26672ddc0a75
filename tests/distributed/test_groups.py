"""A group of one process answers, computes and refuses as PyTorch's does."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
import warnings
from datetime import timedelta

import pytest

import torchlike
from tests.support import check_op, reference

WITHOUT = """
dist.get_rank()
dist.get_world_size()
dist.barrier()
dist.all_reduce(torch.ones(2))
dist.get_backend()
dist.destroy_process_group()
dist.new_group()
dist.broadcast(torch.ones(2), 0)
dist.get_node_local_rank()
dist.get_process_group_ranks(None)
dist.all_gather_object([None], 1)
dist.monitored_barrier()
dist.get_pg_count(), dist.group.WORLD, dist.is_initialized(), dist.is_available(), dist.is_torchelastic_launched()
dist.init_process_group("gloo")
dist.init_process_group("nccl", init_method="file:///tmp/never")
dist.init_process_group("mpi")
dist.init_process_group("gloo", init_method="tcp://127.0.0.1:34567")
dist.init_process_group("gloo", init_method="tcp://127.0.0.1", rank=0, world_size=1)
dist.init_process_group(init_method="foo://x", rank=0, world_size=1)
dist.init_process_group("gloo", store=dist.HashStore(), rank=0)
dist.init_process_group("gloo", store=dist.HashStore(), rank=-1, world_size=1)
dist.init_process_group("gloo", init_method="env://", store=dist.HashStore())
dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1, timeout=3)
dist.init_process_group(3)
dist.init_process_group("gloo", device_id=0)
dist.rendezvous(3)
dist.rendezvous("tcp://127.0.0.1:1?rank=0", rank=1)
torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(2, 2))
torch.utils.data.DistributedSampler([1, 2])
""".strip().splitlines()

WITHIN = """
dist.get_rank(), dist.get_world_size(), dist.get_backend(), dist.get_backend_config(), dist.is_initialized()
dist.group.WORLD.rank(), dist.group.WORLD.size(), dist.group.WORLD.name(), dist.group.WORLD.group_name
dist.group.WORLD.group_desc, dist.group.WORLD.bound_device_id
dist.all_reduce(x)
dist.all_reduce(x, dist.ReduceOp.AVG)
dist.all_reduce(x, dist.ReduceOp.BAND)
dist.all_reduce(x, dist.ReduceOp.PREMUL_SUM)
dist.all_reduce(torch.ones(3, dtype=torch.complex64), dist.ReduceOp.MAX)
dist.all_reduce([1])
dist.all_reduce(torch.ones(3, requires_grad=True))
dist.all_reduce_coalesced([x, y])
dist.all_reduce_coalesced([x, y.int()])
dist.broadcast(x, 0)
dist.broadcast(x, 1)
dist.broadcast(x)
dist.broadcast(x, 0, group_src=0)
dist.broadcast(x, group_src=0)
dist.reduce(x, 0)
dist.reduce(x, 1)
dist.all_gather([y], x)
dist.all_gather([torch.zeros(2)], x)
dist.all_gather([y, y], x)
dist.all_gather([y.int()], x)
dist.all_gather(y, x)
dist.all_gather([3], x)
dist.all_gather_into_tensor(y, x)
dist.all_gather_single(y, x)
dist.all_gather_single(torch.zeros(1, 3), x)
dist.all_gather_coalesced([[y]], [x])
dist.all_gather_coalesced(3, [x])
dist.gather(x, [y])
dist.gather(x)
dist.gather(x, [y], dst=1)
dist.scatter(y, [x])
dist.scatter(y)
dist.scatter(torch.zeros(2), [x])
dist.scatter(y, [x], src=1)
dist.reduce_scatter(y, [x])
dist.reduce_scatter_tensor(y, x)
dist.reduce_scatter_single(y, x)
dist.all_to_all([y], [x])
dist.all_to_all_single(y, x)
dist.all_to_all_single(y, x, [3], [3])
dist.all_to_all_single(y, x, [2], [3])
dist.all_to_all_single(y, x, [1, 2], [3])
dist.send(x, 0)
dist.barrier()
dist.barrier(device_ids=0)
dist.monitored_barrier()
dist.monitored_barrier(timeout=3)
dist.monitored_barrier(timeout=0.5)
dist.get_process_group_ranks(dist.group.WORLD), dist.get_global_rank(dist.group.WORLD, 0)
dist.new_group([1])
dist.new_group([0, 0])
dist.new_group([0, 1])
dist.new_group([0], backend="nccl")
dist.get_backend(dist.new_group([0])), dist.new_group().rank(), dist.get_rank(dist.new_group())
dist.get_world_size(dist.new_group()), dist.get_process_group_ranks(dist.new_group([0]))
dist.get_group_rank(dist.new_group([0]), 1)
dist.get_global_rank(dist.new_group([0]), 1)
dist.all_reduce(x, group=dist.new_group([0]))
dist.new_subgroups()
dist.new_subgroups(2)
dist.new_subgroups(0)
dist.new_subgroups_by_enumeration([])
dist.new_subgroups_by_enumeration([[0]])[0].size()
dist.init_process_group("gloo")
dist.destroy_process_group(3)
dist.destroy_process_group(dist.new_group([0]))
dist.get_rank(dist.GroupMember.NON_GROUP_MEMBER), dist.get_world_size(dist.GroupMember.NON_GROUP_MEMBER)
dist.all_reduce(x, group=dist.GroupMember.NON_GROUP_MEMBER)
dist.all_gather_object([None], 1, group=dist.GroupMember.NON_GROUP_MEMBER)
dist.get_backend(dist.GroupMember.NON_GROUP_MEMBER)
dist.get_rank(5)
dist.get_node_local_rank(3)
dist.is_backend_available("gloo"), dist.is_backend_available("nccl"), dist.is_backend_available("cpu:gloo")
dist.is_gloo_available(), dist.is_nccl_available(), dist.is_mpi_available(), dist.is_ucc_available()
dist.batch_isend_irecv([])
dist.batch_isend_irecv([3])
dist.P2POp(dist.isend, x, 0).peer, dist.P2POp(dist.irecv, x, 0).group_peer
dist.P2POp(len, x, 0)
dist.supports_complex(dist.ReduceOp.SUM), dist.supports_complex(dist.ReduceOp.MAX)
str(dist.ReduceOp.SUM), repr(dist.ReduceOp.AVG), dist.ReduceOp(dist.ReduceOp.SUM) == dist.ReduceOp.SUM
dist.reduce_op.SUM, dist.ReduceOp.SUM == dist.ReduceOp.MAX, int(dist.ReduceOp.MAX), dist.ReduceOp.MIN.name
dist.Backend.GLOO, dist.Backend("NCCL"), dist.Backend("foo"), type(dist.Backend.GLOO)
str(dist.BackendConfig("cpu:gloo,cuda:nccl")), str(dist.BackendConfig("gloo"))
dist.BackendConfig("cpu:gloo,cpu:mpi")
dist.BackendConfig("cpu:gloo:x,")
dist.get_default_backend_for_device("cpu"), dist.get_default_backend_for_device(torch.device("cuda"))
dist.get_default_backend_for_device("meta")
dist.get_debug_level(), dist.DebugLevel.DETAIL
found := [None], dist.all_gather_object(found, {"a": 1}), found
found := [None], dist.gather_object(3, found), found
dist.gather_object(3)
dist.gather_object(3, [])
found := [None], dist.scatter_object_list(found, [1]), found
dist.scatter_object_list([], [1])
dist.scatter_object_list([None])
found := [1, 2], dist.broadcast_object_list(found, 0), found
dist.broadcast_object_list([1], 1)
dist.all_gather_object([None], lambda: 3)
dist.send_object_list([1], 0)
dist.all_reduce(torch.ones(2, device="meta"))
(work := dist.all_reduce(x, async_op=True)).wait(), work.is_completed(), work.get_future().wait()[0].tolist()
dist.all_gather([y], x, async_op=True).wait()
dist.barrier(async_op=True).wait()
""".strip().splitlines()

DIFFERENTIABLE = {
    "all_reduce": lambda t, x: t.distributed.nn.all_reduce(x) * x,
    "all_gather": lambda t, x: t.distributed.nn.functional.all_gather(x)[0] * x,
    "broadcast": lambda t, x: t.distributed.nn.broadcast(x, 0) * x,
    "reduce": lambda t, x: t.distributed.nn.reduce(x, 0) * x,
    "gather": lambda t, x: t.distributed.nn.gather(x)[0] * x,
    "scatter": lambda t, x: t.distributed.nn.scatter([x, x][:1]) * x,
    "reduce_scatter": lambda t, x: t.distributed.nn.reduce_scatter(t.zeros(2, 3), [x]) * x,
    "all_to_all": lambda t, x: t.distributed.nn.all_to_all([t.zeros(2, 3)], [x])[0] * x,
    "all_to_all_single": lambda t, x: t.distributed.nn.all_to_all_single(t.zeros(2, 3), x) * x,
}


def start(torch) -> None:
    torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)


@pytest.fixture
def groups():
    """A group in both libraries."""
    libraries = (reference(), torchlike)
    for each in libraries:
        start(each)
    yield libraries
    for each in libraries:
        each.distributed.destroy_process_group()


def answers(torch, lines: list[str]) -> list[str]:
    """What each line gives, what it warns of, and what becomes of two tensors."""
    told = []
    for line in lines:
        names = {"torch": torch, "dist": torch.distributed, "x": torch.arange(3.0), "y": torch.zeros(3)}
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                result = str(eval(f"({line})", names))
            except Exception as error:
                result = f"{type(error).__name__}: {str(error).splitlines()[0]}"
        said = [str(each.message).splitlines()[0] for each in caught if "autograd kernel" not in str(each.message)]
        result = re.sub(r" at 0x\w+", "", result).replace("torchlike", "torch")
        told.append(f"{line}: {result} {said} {names['x'].tolist()} {names['y'].tolist()}")
    return told


def test_without_a_group(monkeypatch):
    for each in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(each, raising=False)
    assert answers(torchlike, WITHOUT) == answers(reference(), WITHOUT)


def test_within_a_group(groups):
    torch, ours = groups
    assert answers(ours, WITHIN) == answers(torch, WITHIN)


@pytest.mark.filterwarnings("ignore:torch.distributed.nn.functional:FutureWarning")
@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_gradients(groups, name):
    check_op([(2, 3)], DIFFERENTIABLE[name])


@pytest.mark.parametrize("method", ["env", "file", "tcp", "file with all", "tcp with all"])
def test_processes_find_each_other(monkeypatch, tmp_path, method):
    def run(torch):
        dist = torch.distributed
        probe = dist.TCPStore("127.0.0.1", 0, 1, True)  # a port that was free
        port = probe.port
        del probe
        for name, value in {"RANK": 0, "WORLD_SIZE": 1, "MASTER_ADDR": "localhost", "MASTER_PORT": 0}.items():
            monkeypatch.setenv(name, str(value))
        address = {"env": None, "file": f"file://{tmp_path}/{torch.__name__}", "tcp": "tcp://127.0.0.1:0"}
        if method.endswith("all"):
            dist.init_process_group("gloo", f"{address[method.split()[0]]}?rank=0&world_size=1")
        elif method == "env":
            dist.init_process_group(timeout=timedelta(seconds=5))
        else:
            dist.init_process_group("cpu:gloo", address[method], rank=0, world_size=1)
        try:
            return dist.get_rank(), dist.get_world_size(), dist.get_backend(), dist.get_backend_config(), port > 0
        finally:
            dist.destroy_process_group()

    assert run(torchlike) == run(reference())


def test_several_processes_are_refused(monkeypatch):
    dist = torchlike.distributed
    said = "^torchlike runs a program in one process: it has no groups of several, got world_size=2"
    with pytest.raises(RuntimeError, match=said):
        dist.init_process_group("gloo", "tcp://127.0.0.1:1", rank=1, world_size=2)
    with pytest.raises(RuntimeError, match=said):
        dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=2)
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(RuntimeError, match=said):
        dist.init_process_group("gloo")
    with pytest.raises(ValueError, match=r"^Rank 3 is out of range. Valid ranks are 0 to 0 \(world_size=1\)$"):
        dist.init_process_group("gloo", "tcp://127.0.0.1:1", rank=3, world_size=1)
    assert not dist.is_initialized()


def test_a_gpu_has_its_own_backend(gpus):
    dist = torchlike.distributed
    assert dist.is_nccl_available()
    dist.init_process_group(device_id=torchlike.device("cuda:1"), store=dist.HashStore(), rank=0, world_size=1)
    try:
        assert dist.get_backend() == "nccl" and dist.group.WORLD.bound_device_id == torchlike.device("cuda:1")
    finally:
        dist.destroy_process_group()


SCRIPT = """
import os, torch, torch.distributed as dist
dist.init_process_group("gloo")
print(dist.get_rank(), dist.get_world_size(), dist.get_node_local_rank(), dist.is_torchelastic_launched(), __name__)
print(os.environ["TORCHELASTIC_RESTART_COUNT"], __import__("sys").argv[1:])
dist.destroy_process_group()
if "fail" in __import__("sys").argv: raise SystemExit(3)
"""


def test_an_error_is_recorded(tmp_path, monkeypatch):
    def run(torch):
        errors = importlib.import_module(torch.__name__ + ".distributed.elastic.multiprocessing.errors")
        path = tmp_path / torch.__name__
        monkeypatch.setenv("TORCHELASTIC_ERROR_FILE", str(path))

        @errors.record
        def main(code):
            if code:
                raise code
            return 3

        with pytest.raises(ZeroDivisionError, match="^no$"):
            main(ZeroDivisionError("no"))
        with pytest.raises(SystemExit, match="^2$"):
            main(SystemExit(2))
        told = json.loads(path.read_text())["message"]
        return told["message"], sorted(told["extraInfo"]), main(None), main(SystemExit(0)), main.__name__

    assert run(torchlike) == run(reference())


def test_torchrun(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)

    def run(*args):
        command = [sys.executable, "-m", "torchlike", "-m", "torch.distributed.run", *args]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=100)

    done = run("--nproc-per-node=1", "--standalone", "script.py", "--lr", "1")
    assert (done.returncode, done.stdout) == (0, "0 1 0 True __main__\n0 ['--lr', '1']\n"), done.stderr
    done = run("--nproc_per_node", "1", "--max_restarts=1", "script.py", "fail")
    assert done.returncode == 1 and "\n1 ['fail']" in done.stdout
    done = run("--nproc-per-node=2", "script.py")
    assert done.returncode == 1 and "got world_size=2" in done.stderr
