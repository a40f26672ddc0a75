"""Learning rate schedulers. A learning rate is an argument of the step's program: a schedule compiles nothing."""

from torchlike.optim._lr_base import EPOCH_DEPRECATION_WARNING as EPOCH_DEPRECATION_WARNING
from torchlike.optim._lr_base import LRScheduler as LRScheduler
from torchlike.optim._lr_chains import ChainedScheduler as ChainedScheduler
from torchlike.optim._lr_chains import SequentialLR as SequentialLR
from torchlike.optim._lr_cycles import CosineAnnealingLR as CosineAnnealingLR
from torchlike.optim._lr_cycles import CosineAnnealingWarmRestarts as CosineAnnealingWarmRestarts
from torchlike.optim._lr_cycles import CyclicLR as CyclicLR
from torchlike.optim._lr_cycles import OneCycleLR as OneCycleLR
from torchlike.optim._lr_decays import ConstantLR as ConstantLR
from torchlike.optim._lr_decays import ExponentialLR as ExponentialLR
from torchlike.optim._lr_decays import LambdaLR as LambdaLR
from torchlike.optim._lr_decays import LinearLR as LinearLR
from torchlike.optim._lr_decays import MultiplicativeLR as MultiplicativeLR
from torchlike.optim._lr_decays import MultiStepLR as MultiStepLR
from torchlike.optim._lr_decays import PolynomialLR as PolynomialLR
from torchlike.optim._lr_decays import ReduceLROnPlateau as ReduceLROnPlateau
from torchlike.optim._lr_decays import StepLR as StepLR

_LRScheduler = LRScheduler
