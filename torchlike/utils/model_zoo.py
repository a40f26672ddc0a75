"""``torch.utils.model_zoo``: `torchlike.hub.load_state_dict_from_url` as it was called once."""

from torchlike.hub import load_state_dict_from_url as load_url

__all__ = ["load_url"]
