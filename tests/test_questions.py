"""What programs ask of the library, and its switches: answers and errors are PyTorch's on a machine without a GPU."""

from __future__ import annotations

import copy
import pickle
import time
import warnings
from collections import OrderedDict, defaultdict, deque, namedtuple

import pytest

import torchlike
from tests.support import reference

ALIKE = """
torch.inf, torch.pi, torch.e, torch.newaxis, torch.nan != torch.nan
torch.get_default_device()
torch.set_default_device("cpu"), torch.get_default_device(), torch.set_default_device(None)
torch.set_default_device("foo")
torch.get_device_module().__name__[-4:], torch.get_device_module("cuda").__name__[-5:]
torch.get_device_module("foo")
torch.get_device_module(3)
torch.accelerator.is_available(), torch.accelerator.device_count(), torch.accelerator.current_accelerator()
torch.accelerator.current_accelerator(check_available=True)
torch.accelerator.current_device_index()
torch.accelerator.current_device_idx()
torch.accelerator.synchronize()
torch.accelerator.empty_cache()
torch.accelerator.memory_allocated()
torch.accelerator.max_memory_allocated()
torch.accelerator.memory_reserved()
torch.xpu.is_available(), torch.xpu.device_count(), torch.xpu.is_bf16_supported(), torch.xpu.is_initialized()
torch.xpu.is_tf32_supported(), torch.xpu.get_arch_list(), torch.xpu.empty_cache(), torch.xpu.manual_seed(1)
torch.xpu.get_rng_state_all(), torch.xpu.set_rng_state_all([]), torch.xpu.manual_seed_all(1)
torch.xpu.memory_allocated(), torch.xpu.memory_reserved(), torch.xpu.max_memory_allocated()
torch.xpu.current_device()
torch.xpu.synchronize()
torch.xpu.get_rng_state()
torch.xpu.set_device(0)
torch.xpu.mem_get_info()
torch.xpu.get_device_properties()
torch.mps.is_available(), torch.mps.device_count(), torch.mps.manual_seed(1)
torch.mps.empty_cache()
torch.mps.synchronize()
torch.mtia.is_available(), torch.mtia.device_count(), torch.mtia.is_initialized()
torch.cpu.is_available(), torch.cpu.device_count(), torch.cpu.current_device(), torch.cpu.synchronize()
torch.cpu.is_initialized(), torch.cpu.set_device("cpu"), torch.cpu.current_stream() is torch.cpu.current_stream()
torch.cuda.get_rng_state_all(), torch.cuda.set_rng_state_all([]), torch.cuda.max_memory_reserved()
torch.cuda.get_rng_state()
torch.cuda.initial_seed()
torch.cuda.is_tf32_supported()
torch.backends.mps.is_macos_or_newer(13, 0)
torch.backends.mps.is_macos13_or_newer()
torch.backends.cuda.matmul.allow_tf32, torch.backends.cuda.matmul.allow_fp16_accumulation
torch.backends.cuda.matmul.foo
setattr(torch.backends.cuda.matmul, "foo", 1)
torch.backends.cudnn.is_acceptable(torch.ones(2)), torch.backends.cudnn.benchmark_limit
torch.is_autocast_enabled(), torch.is_autocast_enabled("cpu"), torch.is_autocast_cache_enabled()
torch.is_autocast_enabled("foo")
torch.is_autocast_enabled(3)
torch.is_autocast_cpu_enabled()
torch.get_autocast_cpu_dtype()
torch.get_autocast_gpu_dtype()
[torch.get_autocast_dtype(each) for each in ("cpu", "cuda", "mps", "xpu", "hpu", "xla", "mtia", "maia", "ipu")]
torch.get_autocast_dtype("meta")
torch.get_deterministic_debug_mode(), torch.are_deterministic_algorithms_enabled()
torch.use_deterministic_algorithms(1)
torch.use_deterministic_algorithms(True, warn_only=0)
torch.set_deterministic_debug_mode("x")
torch.set_deterministic_debug_mode(5)
torch.set_deterministic_debug_mode(None)
torch.get_float32_matmul_precision()
torch.set_float32_matmul_precision(1)
torch.set_flush_denormal(3)
torch.set_num_interop_threads(0)
torch.set_num_interop_threads("a")
torch.compiler.is_exporting(), torch.compiler.allow_in_graph(len) is len, torch._dynamo.allow_in_graph([len]) == [len]
torch.compiler.allow_in_graph(3)
torch.jit.is_scripting(), torch.jit.is_tracing(), torch.jit.annotate(int, 3), torch.jit.Final
torch.jit.unused(len) if False else torch.jit.export(lambda x: x)(3)
torch.jit.ignore(3)
torch.distributed.is_initialized(), torch.distributed.is_torchelastic_launched(), torch.distributed.is_nccl_available()
torch._check(False)
torch._check(False, lambda: "no")
torch._check(False, "no")
torch._check(1)
torch._check(torch.tensor(True))
torch._check_index(False), torch._check(True)
torch._check_value(False)
torch._check_type(False)
torch._check_not_implemented(False)
torch._check_with(KeyError, False, lambda: "x")
torch._check_is_size(-1)
torch._check_is_size(5, max=3)
torch._check_tensor_all(torch.tensor([True, False]))
torch._check_tensor_all(torch.tensor([1, 0]))
torch._check_tensor_all(True)
torch._check_tensor_all(torch.tensor([True]))
torch._assert(False, "m")
torch.get_device(torch.ones(2)), torch.is_distributed(torch.ones(2))
torch.get_device(3)
torch.detach(torch.ones(2, requires_grad=True) * 2).requires_grad
torch.detach_(torch.ones(2, requires_grad=True) * 2).requires_grad
torch.addmv_(torch.ones(2), torch.ones(2, 3), torch.ones(3)).tolist()
torch.as_strided_(torch.arange(6), (2, 2), (3, 1)).tolist()
torch.ones(2).is_pinned(), torch.ones(2).is_shared(), torch.ones(2).is_inference(), torch.ones(2).is_distributed()
torch.ones(2).layout, torch.ones(2).layout is torch.strided
type(torch.__version__).__name__, torch.__version__ >= (2, 13), torch.__version__ > "2.12.9", torch.__version__ < "3"
torch.version.hip, torch.version.rocm, torch.version.xpu, torch.version.debug
torch.functional.einsum("i,i->", torch.ones(2), torch.ones(2)).item()
torch.nn.modules.utils._pair(3), torch.nn.modules.utils._triple([1, 2, 3]), torch.nn.modules.utils._pair.__name__
torch.nn.modules.utils._reverse_repeat_tuple((1, 2), 2), torch.nn.modules.utils._list_with_default([None, 2], [5, 6, 7])
torch.nn.modules.utils._list_with_default([None, 2], [5])
torch.types.Number, torch.types._size, hasattr(torch.nn.common_types, '_size_2_t')
torch.utils.dlpack.from_dlpack(torch.utils.dlpack.to_dlpack(torch.ones(2))).tolist()
torch.return_types.max((1, 2)), torch.return_types.max([1, 2], {}).values, torch.return_types.max((1, 2)).n_fields
torch.return_types.max(1)
torch.return_types.max((1,))
torch.return_types.max((1, 2, 3))
""".strip().splitlines()


def answer(torch, question: str):
    """What a question is answered by, with warnings; an error is its type and text."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = str(eval(question, {"torch": torch}))
        except Exception as error:
            result = type(error).__name__, str(error)
    return result, [(each.category, str(each.message).split(" (Triggered")[0]) for each in caught]


@pytest.mark.parametrize("question", ALIKE)
def test_questions_are_answered_as_by_pytorch(question):
    ours, theirs = (answer(torch, question) for torch in (torchlike, reference()))
    assert (str(ours[0]).replace("torchlike.", "torch."), ours[1]) == (str(theirs[0]), theirs[1])


def test_switches_keep_what_they_are_set_to():
    def switched(torch):
        seen = []
        for given in ({"mode": True}, {"mode": True, "warn_only": True}, {"mode": False}):
            torch.use_deterministic_algorithms(**given)
            seen += [torch.are_deterministic_algorithms_enabled(), torch.get_deterministic_debug_mode()]
            seen.append(torch.is_deterministic_algorithms_warn_only_enabled())
        for mode in ("error", 1, "default"):
            torch.set_deterministic_debug_mode(mode)
            seen.append(torch.get_deterministic_debug_mode())
        matmul = torch.backends.cuda.matmul
        for precision in ("high", "medium", "highest"):
            torch.set_float32_matmul_precision(precision)
            seen += [torch.get_float32_matmul_precision(), matmul.allow_tf32]
        for allowed in (True, False):
            matmul.allow_tf32 = allowed
            seen.append(torch.get_float32_matmul_precision())
        with torch.backends.cudnn.flags(enabled=False, benchmark=True):
            seen += [torch.backends.cudnn.enabled, torch.backends.cudnn.benchmark]
        return [*seen, torch.backends.cudnn.enabled, torch.backends.cudnn.benchmark]

    assert switched(torchlike) == switched(reference())
    with pytest.warns(UserWarning, match="x is not one of 'highest', 'high', or 'medium'"):
        torchlike.set_float32_matmul_precision("x")


def test_what_differs_here_is_answered_honestly():
    assert not torchlike.set_flush_denormal(True)
    assert not any(getattr(torchlike.backends, each).is_available() for each in ("mkl", "openmp", "nnpack"))
    assert torchlike.backends.cpu.get_cpu_capability() in ("AVX512", "AVX2", "DEFAULT")
    assert "jax 0." in torchlike.__config__.show() and "threads" in torchlike.__config__.parallel_info()
    assert torchlike.get_num_interop_threads() >= 1


def test_a_default_device_is_where_tensors_are_made():
    from torchlike._types import devices

    torchlike.set_default_device("cuda")
    try:
        with pytest.raises(AssertionError, match="not compiled with CUDA"):
            torchlike.ones(2)
        with torchlike.device("cpu"):
            assert torchlike.ones(2).device.type == "cpu"
    finally:
        torchlike.set_default_device(None)
    assert devices.default() is devices.CPU


def test_synchronize_computes_what_is_pending():
    x = torchlike.ones(300, 300)
    for _ in range(20):
        x = x @ x * 1e-3
    torchlike.cpu.synchronize()
    begun = time.perf_counter()
    assert x._value().array is not None
    x.tolist()
    assert time.perf_counter() - begun < 1


def test_scripts_stay_the_python_that_they_are():
    torch = torchlike

    @torch.jit.script
    def double(x: torch.Tensor) -> torch.Tensor:
        return x * 2

    class Net(torch.jit.ScriptModule):
        @torch.jit.script_method
        def forward(self, x):
            return double(x)

    assert Net()(torch.ones(1)).item() == 2 and torch.jit.script(Net) is Net
    assert torch.jit.ignore(double) is torch.jit.unused(double) is torch.jit.ignore()(double) is double
    with pytest.warns(FutureWarning, match=r"ignore\(True\) has been deprecated"):
        torch.jit.ignore(drop=True)


# ---------------------------------------------------------------------- versions

VERSIONS = [
    "1.9",
    "2.13.0",
    "2.13.0+cpu",
    "2.13",
    "2.14.0a0",
    "2.13.0.dev20",
    "2.13rc1",
    "2.13.0.post1",
    "10.0",
    "parrot",
]


@pytest.mark.parametrize("given", VERSIONS)
def test_versions_compare_as_pytorchs(given):
    from packaging.version import Version

    ours, theirs = torchlike.torch_version.TorchVersion, reference().torch_version.TorchVersion
    tuples = [(1, 9), (2, 13, 0), (2, 13), (3,)]
    for other in [*VERSIONS, *tuples]:
        for compare in ("__lt__", "__le__", "__eq__", "__ge__", "__gt__"):
            assert getattr(ours(given), compare)(other) == getattr(theirs(given), compare)(other), (
                given,
                compare,
                other,
            )
    if given != "parrot":
        assert (ours(given) >= Version("2.13")) == (Version(given) >= Version("2.13"))
    assert hash(ours(given)) == hash(given) and isinstance(ours(given), str)


# ---------------------------------------------------------------------- named results


def test_named_results_can_be_pickled_and_made():
    found = torchlike.ones(2, 3).max(0)
    for again in (pickle.loads(pickle.dumps(found)), copy.deepcopy(found), torchlike.return_types.max(found)):
        assert type(again) is torchlike.return_types.max and again.indices.tolist() == [0, 0, 0]


# ---------------------------------------------------------------------- pytrees

Point = namedtuple("Point", "x y")
TREES = [
    3,
    None,
    [1, (2, {"a": 3, "b": [4, None]})],
    Point(1, [2, Point(3, 4)]),
    OrderedDict(b=1, a=(2, 3)),
    defaultdict(list, a=[1, 2], b=3),
    deque([1, [2]], maxlen=5),
    ((), {}, []),
]
USES = {
    "flatten": lambda p, t: (p.tree_flatten(t)[0], str(p.tree_flatten(t)[1])),
    "counts": lambda p, t: [getattr(p.tree_structure(t), n) for n in ("num_nodes", "num_leaves", "num_children")],
    "there and back": lambda p, t: p.tree_unflatten(*p.tree_flatten(t)),
    "back, the other way": lambda p, t: p.tree_unflatten(*p.tree_flatten(t)[::-1]),
    "map": lambda p, t: p.tree_map(lambda each: (each, 1), t),
    "map, twice": lambda p, t: p.tree_map(lambda a, b: [a, b], t, t),
    "map only": lambda p, t: p.tree_map_only(int, lambda each: -each, t),
    "map what fits": lambda p, t: p.tree_map_only(lambda each: each == 3, str, t),
    "map with paths": lambda p, t: p.tree_map_with_path(lambda way, each: p.keystr(way) + str(each), t),
    "paths": lambda p, t: [(p.keystr(way), each, p.key_get(t, way)) for way, each in p.tree_leaves_with_path(t)],
    "leaves": lambda p, t: p.tree_leaves(t, is_leaf=lambda each: isinstance(each, tuple)),
    "all, any": lambda p, t: (p.tree_all(bool, t), p.tree_any(bool, t), p.tree_all_only(int, bool, t)),
    "equal": lambda p, t: p.tree_structure(t) == p.tree_structure(p.tree_map(str, t)) != p.tree_structure([t]),
    "hash": lambda p, t: hash(p.tree_structure(t)) == hash(p.tree_structure(p.tree_map(str, t))),
    "up to": lambda p, t: p.tree_structure([0, 0]).flatten_up_to([t, t]),
    "mismatch": lambda p, t: p.tree_map(lambda a, b: a, t, [1, 2, 3, 4]),
    "other keys": lambda p, t: p.tree_map(lambda a, b: a, {"a": 1, "b": 1}, {"a": t, "c": t}),
    "too few": lambda p, t: p.tree_unflatten([], p.tree_structure([t, 1])),
    "no structure": lambda p, t: p.tree_unflatten([t], [t]),
    "twice": lambda p, t: p.register_pytree_node(list, lambda x: (x, None), lambda x, _: x),
    "of structures": lambda p, t: str(p.treespec_dict(a=p.tree_structure(t), b=p.treespec_tuple([p.treespec_leaf()]))),
    "leaf": lambda p, t: (p.tree_is_leaf(t), p.is_namedtuple(t), p.tree_structure(t).is_leaf()),
}


@pytest.mark.parametrize("name", USES)
def test_pytrees_are_pytorchs(name):
    pytest.importorskip("torch")
    import torch.utils._pytree as theirs

    def result(pytree, tree):
        try:
            return repr(USES[name](pytree, tree))
        except (ValueError, TypeError) as error:
            return type(error).__name__, str(error).rstrip(".").replace("torch.utils", "torchlike.utils")

    for tree in TREES:
        assert result(torchlike.utils._pytree, tree) == result(theirs, tree), tree


def test_a_users_class_can_be_a_tree():
    class Pair:
        def __init__(self, a, b):
            self.a, self.b = a, b

    pytree = torchlike.utils._pytree
    pytree.register_pytree_node(Pair, lambda pair: ([pair.a, pair.b], None), lambda values, _: Pair(*values))
    try:
        assert vars(pytree.tree_map(lambda x: x + 1, [Pair(1, 2)])[0]) == {"a": 2, "b": 3}
        with pytest.raises(ValueError, match="Did not find a flatten_with_keys_fn"):
            pytree.tree_leaves_with_path(Pair(1, 2))
    finally:
        del pytree.SUPPORTED_NODES[Pair]
