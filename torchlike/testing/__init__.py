"""``torch.testing``: comparing results, and tensors to try functions on."""

from torchlike._missing import watch as _watch
from torchlike._types.public import publish as _publish
from torchlike.testing._comparison import assert_allclose as assert_allclose
from torchlike.testing._comparison import assert_close as assert_close
from torchlike.testing._creation import make_tensor as make_tensor

_publish(globals())

_watch()  # it is imported by those alone who ask for it
