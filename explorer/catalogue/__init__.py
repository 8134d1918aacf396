"""What can be chosen: backbones with their stages, data sets, strategies, methods. Plain data, one row each."""

from explorer.catalogue.backbone import Backbone as Backbone
from explorer.catalogue.backbones import BACKBONES as BACKBONES
from explorer.catalogue.datasets import DATASETS as DATASETS
from explorer.catalogue.datasets import LABELS as LABELS
from explorer.catalogue.datasets import Dataset as Dataset
from explorer.catalogue.methods import ATTRIBUTIONS as ATTRIBUTIONS
from explorer.catalogue.methods import BASELINES as BASELINES
from explorer.catalogue.methods import CONTROLS as CONTROLS
from explorer.catalogue.methods import PROJECTIONS as PROJECTIONS
from explorer.catalogue.strategies import AUGMENTATIONS as AUGMENTATIONS
from explorer.catalogue.strategies import BATCHNORM_MODES as BATCHNORM_MODES
from explorer.catalogue.strategies import BATCHNORM_TITLES as BATCHNORM_TITLES
from explorer.catalogue.strategies import LAYERNORM_MODES as LAYERNORM_MODES
from explorer.catalogue.strategies import LAYERNORM_TITLES as LAYERNORM_TITLES
from explorer.catalogue.strategies import MOST_VIEWS as MOST_VIEWS
from explorer.catalogue.strategies import STRATEGIES as STRATEGIES
from explorer.catalogue.strategies import Strategy as Strategy
from explorer.catalogue.weights import Preprocessing as Preprocessing
from explorer.catalogue.weights import Weights as Weights
