import os, sys, time

sys.path.insert(0, "/work/main")
os.environ["TORCHLIKE_CACHE_DIR"] = "/tmp/tlcache"
import numpy as np, cProfile, pstats, torchlike as L

D = L.utils.data
X = np.random.rand(20000, 784).astype(np.float32)
Y = np.arange(20000)
for how in ("from_numpy", "clone"):
    x, y = L.from_numpy(X), L.from_numpy(Y)
    if how == "clone":
        x, y = x.clone(), y.clone()
        x.sum().item()

    class T(D.Dataset):
        def __len__(s):
            return 1280

        def __getitem__(s, i):
            return x[i], y[i]

    l = D.DataLoader(T(), 64, shuffle=True)
    for _ in range(3):
        b = time.perf_counter()
        k = sum(1 for _ in l)
        t = (time.perf_counter() - b) / k * 1e6
    print(how, round(t), "us a batch")
    p = cProfile.Profile()
    p.enable()
    list(l)
    p.disable()
    pstats.Stats(p).sort_stats("tottime").print_stats(9)
