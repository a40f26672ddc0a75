"""``torch.utils.model_zoo``: `torchlike.hub.load_state_dict_from_url` as it was called once."""

from torchlike._missing import watch as _watch
from torchlike.hub import load_state_dict_from_url as load_url

__all__ = ["load_url"]

_watch()  # it is imported by those alone who ask for it
