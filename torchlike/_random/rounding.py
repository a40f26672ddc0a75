"""x"""
import numpy as np
def libm(fn,x): return np.fromiter(map(fn,x.tolist()),np.float64,x.size)
