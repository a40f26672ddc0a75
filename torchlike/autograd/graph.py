"""The tape, for those who walk it."""

from __future__ import annotations

from torchlike._autograd.tape import Node as Node

Node.__module__ = "torchlike.autograd.graph"
