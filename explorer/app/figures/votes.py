"""What is said of an accuracy whose images voted for, or were fitted with, one another: the count, and no interval."""

from explorer.evidence import Score

NO_INTERVAL = (
    "No interval: test images vote for one another (or are fitted with one another), so their errors are not "
    "independent, and the variance of such an accuracy cannot be estimated without bias (Bengio & Grandvalet 2004, "
    "JMLR 5:1089). In simulations of 10 nearest neighbours among 40 to 306 images a 95 % Wilson interval covers 87 "
    "to 93 %."
)


def tally(score: Score) -> str:
    """`88.9 % (272 of 306)`."""
    return f"{100 * score.accuracy:.1f} % ({score.correct} of {score.n})"
