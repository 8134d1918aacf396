"""How sure a number is: intervals for an accuracy, a paired comparison of two models on the same images, and both where
images come in groups (patches of one photo, pictures of one patient)."""

from explorer.evidence.classes import ClassScore as ClassScore
from explorer.evidence.classes import by_class as by_class
from explorer.evidence.classes import majority as majority
from explorer.evidence.crossing import Crossing as Crossing
from explorer.evidence.crossing import crossing as crossing
from explorer.evidence.crossing import overtakes as overtakes
from explorer.evidence.groups import Grouped as Grouped
from explorer.evidence.groups import accuracy_by_group as accuracy_by_group
from explorer.evidence.groups import correlation as correlation
from explorer.evidence.groups import difference_by_group as difference_by_group
from explorer.evidence.groups import mean_by_group as mean_by_group
from explorer.evidence.groups import sign_flip as sign_flip
from explorer.evidence.groups import t_quantile as t_quantile
from explorer.evidence.many import holm as holm
from explorer.evidence.pairs import BROKEN as BROKEN
from explorer.evidence.pairs import FIXED as FIXED
from explorer.evidence.pairs import POWER as POWER
from explorer.evidence.pairs import RIGHT_IN_BOTH as RIGHT_IN_BOTH
from explorer.evidence.pairs import WRONG_IN_BOTH as WRONG_IN_BOTH
from explorer.evidence.pairs import Paired as Paired
from explorer.evidence.pairs import difference as difference
from explorer.evidence.pairs import grouped_verdict as grouped_verdict
from explorer.evidence.pairs import images_needed as images_needed
from explorer.evidence.pairs import mcnemar as mcnemar
from explorer.evidence.pairs import paired as paired
from explorer.evidence.pairs import points as points
from explorer.evidence.pairs import quadrants as quadrants
from explorer.evidence.pairs import verdict as verdict
from explorer.evidence.pareto import pareto as pareto
from explorer.evidence.seeds import Together as Together
from explorer.evidence.seeds import together as together
from explorer.evidence.shares import Balanced as Balanced
from explorer.evidence.shares import Score as Score
from explorer.evidence.shares import balanced as balanced
from explorer.evidence.shares import wilson as wilson
