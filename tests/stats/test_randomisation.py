"""Randomisation tests against refits of every division with dummies spelled out, and against what exactness means."""

import itertools
import math

import numpy as np
import pytest

from expeval.stats.fixed_effects import fixed_effects
from expeval.stats.randomisation import randomise_students, randomise_units
from expeval.stats.unit_means import unit_means


def rng(seed=1):
    return np.random.default_rng(seed)


def every_division(treated, strata):
    """Every 0/1 vector with each stratum's own count."""
    blocks = [np.flatnonzero(strata == s) for s in np.unique(strata)]
    choices = [itertools.combinations(block.tolist(), int(treated[block].sum())) for block in blocks]
    for chosen in itertools.product(*choices):
        division = np.zeros(treated.size)
        division[list(itertools.chain.from_iterable(chosen))] = 1.0
        yield division


def t_hc3(D, covariates, y, institution):
    dummies = [(institution == j).astype(float) for j in np.unique(institution)]
    X = np.column_stack([D, *dummies, *covariates])
    bread = np.linalg.inv(X.T @ X)
    b = bread @ X.T @ y
    leverage = np.einsum("ij,jk,ik->i", X, bread, X)
    if leverage.max() > 1.0 - 1e-10:  # one student carries the treatment: no error, counted as extreme
        return np.copysign(np.inf, b[0])
    e = (y - X @ b) / (1.0 - leverage)
    return b[0] / np.sqrt((bread @ (X.T * e**2) @ X @ bread)[0, 0])


def t_classical(D, others, y):
    X = np.column_stack([D, *others])
    bread = np.linalg.inv(X.T @ X)
    b = bread @ X.T @ y
    e = y - X @ b
    return b[0] / np.sqrt(e @ e / (y.size - X.shape[1]) * bread[0, 0])


def share(t, stars, alternative):
    stars = np.array(stars)
    if alternative == "less":
        t, stars = -t, -stars
    elif alternative == "two-sided":
        t, stars = abs(t), abs(stars)
    return np.mean(stars >= t - 1e-9 * abs(t))


def students(seed=1, sizes=(4, 5, 6)):
    r = rng(seed)
    institution = np.repeat(np.arange(len(sizes)), sizes)
    treatment = np.concatenate([r.permutation([1.0, 1.0] + [0.0] * (size - 2)) for size in sizes])
    covariate = r.normal(500.0, 3.0, institution.size)
    y = 0.7 * treatment + covariate + r.normal(size=institution.size) * (1.0 + treatment) + 4.0 * institution
    return treatment, covariate, y, institution


def units(seed=1, U=8, size=5):
    r = rng(seed)
    unit = np.repeat(np.arange(U), r.integers(2, size, U))
    treatment = (unit % 2).astype(float)
    level = r.normal(size=U)[unit]
    baseline = r.normal(size=unit.size)
    y = 0.5 * treatment + level + baseline + r.normal(size=U)[unit] + r.normal(size=unit.size)
    return treatment, level, baseline, y, unit


def means(values, unit):
    return np.array([values[unit == u].mean() for u in np.unique(unit)])


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("with_covariate", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_students_refitted_with_dummies(seed, with_covariate, alternative):
    treatment, covariate, y, institution = students(seed)
    extra = [covariate - 500.0] if with_covariate else []
    t = t_hc3(treatment, extra, y, institution)
    stars = [t_hc3(D, extra, y, institution) for D in every_division(treatment, institution)]
    X = np.column_stack([treatment, covariate]) if with_covariate else treatment[:, None]
    got = randomise_students(X, y, institution, strata=institution, draws=9, rng=rng(), alternative=alternative)
    assert got.divisions == len(stars) == math.comb(4, 2) * math.comb(5, 2) * math.comb(6, 2)
    assert got.estimate.statistic == pytest.approx(t, rel=1e-9)
    assert got.estimate.p_value == share(t, stars, alternative)
    assert got.estimate.variant == "enumerated"
    assert got.smallest_p_value == 1 / 900
    assert (got.estimate.std_error, got.estimate.df, got.estimate.conf_low) == (None, None, None)


def test_students_divided_across_institutions():
    """The arms' shares of an institution change from division to division, some hold one arm alone."""
    treatment, covariate, y, institution = students(4, (4, 4, 3))
    stratum = np.zeros_like(institution)
    extra = [covariate - 500.0]
    t = t_hc3(treatment, extra, y, institution)
    stars = [t_hc3(D, extra, y, institution) for D in every_division(treatment, stratum)]
    got = randomise_students(np.column_stack([treatment, covariate]), y, institution, strata=None, draws=9, rng=rng())
    assert got.divisions == math.comb(11, 6)
    assert got.estimate.p_value == share(t, stars, "two-sided")


def test_students_drawn_are_refitted_alike():
    """Drawn divisions are those of the seed: the same divisions refitted by fixed_effects give the same p."""
    from expeval.stats.divisions import assignment_of, drawn_divisions

    treatment, covariate, y, institution = students(2, (12, 15, 20))
    X = np.column_stack([treatment, covariate])
    got = randomise_students(X, y, institution, strata=institution, draws=150, rng=rng(5), enumerate_up_to=10)
    drawn = np.concatenate(list(drawn_divisions(assignment_of(treatment == 1, institution, None), 150, rng(5))))
    assert (drawn @ (institution == 1)).tolist() == [2.0] * 150
    t = fixed_effects(X, y, institution, "hc3", 0.95).estimate.statistic
    stars = [
        fixed_effects(np.column_stack([D, covariate]), y, institution, "hc3", 0.95).estimate.statistic for D in drawn
    ]
    assert got.estimate.p_value == pytest.approx((150 * share(t, stars, "two-sided") + 1) / 151, rel=1e-12)
    assert (got.estimate.variant, got.divisions, got.smallest_p_value) == ("drawn", None, 1 / 151)


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("seed", range(3))
def test_institutions_refitted(seed, alternative):
    treatment, level, baseline, y, unit = units(seed)
    arm, others = means(treatment, unit), [np.ones(8), means(level, unit), means(baseline, unit)]
    t = t_classical(arm, others, means(y, unit))
    stars = [t_classical(D, others, means(y, unit)) for D in every_division(arm, np.zeros(8))]
    got = randomise_units(
        y,
        treatment,
        unit,
        strata=None,
        draws=9,
        rng=rng(),
        alternative=alternative,
        institution_covariates=level[:, None],
        baseline=baseline,
    )
    assert got.divisions == len(stars) == 70
    assert got.estimate.statistic == pytest.approx(t, rel=1e-9)
    assert got.estimate.p_value == share(t, stars, alternative)
    assert got.smallest_p_value == (2 / 70 if alternative == "two-sided" else 1 / 70)
    assert (got.units, got.experimental) == (8, 4)


def test_institutions_inside_strata():
    treatment, _, _, y, unit = units(3)
    arm, stratum = means(treatment, unit), np.arange(8) // 4
    t = t_classical(arm, [np.ones(8)], means(y, unit))
    stars = [t_classical(D, [np.ones(8)], means(y, unit)) for D in every_division(arm, stratum)]
    got = randomise_units(y, treatment, unit, strata=stratum[unit], draws=9, rng=rng())
    assert got.divisions == len(stars) == 36
    assert got.estimate.p_value == share(t, stars, "two-sided")
    assert got.smallest_p_value == 2 / 36


def test_classes_inside_institutions():
    r = rng(4)
    unit = np.repeat(np.arange(12), r.integers(2, 6, 12))
    institution, treatment = unit // 4, (unit % 4 < 2).astype(float)
    baseline = r.normal(size=unit.size)
    y = institution * 3.0 + 0.5 * treatment + baseline + r.normal(size=unit.size)
    arm, inside = means(treatment, unit), np.arange(12) // 4
    others = [*((inside == j).astype(float) for j in range(3)), means(baseline, unit)]
    t = t_classical(arm, others, means(y, unit))
    stars = [t_classical(D, others, means(y, unit)) for D in every_division(arm, inside)]
    got = randomise_units(
        y, treatment, unit, strata=institution, institution=institution, baseline=baseline, draws=9, rng=rng()
    )
    assert got.divisions == len(stars) == 216
    assert got.estimate.p_value == share(t, stars, "two-sided")
    assert got.estimate.statistic == pytest.approx(
        unit_means(y, treatment, unit, 0.95, institution=institution, baseline=baseline).estimate.statistic, rel=1e-12
    )


def test_it_is_exact():
    """Whatever the scores: of all observed divisions no more than a share alpha has p <= alpha."""
    _, level, _, y, unit = units(6)
    ps = []
    for D in every_division(np.arange(8) % 2, np.zeros(8)):
        found = randomise_units(
            y, D[unit], unit, strata=None, institution_covariates=level[:, None], draws=9, rng=rng()
        )
        ps.append(found.estimate.p_value)
    for alpha in np.unique(ps):
        assert np.mean(np.array(ps) <= alpha) <= alpha + 1e-12
    assert min(ps) == 2 / 70


def test_drawn_agrees_with_enumerated():
    treatment, level, baseline, y, unit = units(7, U=12)
    more = {"institution_covariates": level[:, None], "baseline": baseline, "strata": None}
    exact = randomise_units(y, treatment, unit, draws=9, rng=rng(), **more).estimate.p_value
    drawn = randomise_units(y, treatment, unit, draws=20_000, rng=rng(), enumerate_up_to=100, **more).estimate.p_value
    assert abs(drawn - exact) < 4.0 * math.sqrt(exact * (1.0 - exact) / 20_000) + 1e-4


@pytest.mark.parametrize("seed", range(4))
def test_order_labels_and_scale_do_not_matter(seed):
    r = rng(seed)
    treatment, covariate, y, institution = students(seed)
    X = np.column_stack([treatment, covariate])
    one = randomise_students(X, y, institution, strata=institution, draws=9, rng=rng()).estimate
    order, labels = r.permutation(y.size), r.permutation(30)[:3]
    again = labels[institution][order]
    Z = (X * np.array([1.0, 100.0]) + np.array([0.0, 7.0]))[order]
    two = randomise_students(Z, (1e-3 * y + 9.0)[order], again, strata=again, draws=9, rng=rng()).estimate
    assert two.p_value == one.p_value
    assert two.statistic == pytest.approx(one.statistic, rel=1e-7)

    treatment, _, baseline, y, unit = units(seed)
    one = randomise_units(y, treatment, unit, strata=None, baseline=baseline, draws=9, rng=rng()).estimate
    order, labels = r.permutation(y.size), r.permutation(30)[:8]
    two = randomise_units(
        (1e3 * y)[order],
        1.0 - treatment[order],
        labels[unit][order],
        strata=None,
        baseline=5.0 * baseline[order],
        draws=9,
        rng=rng(),
    ).estimate
    assert two.p_value == one.p_value
    assert two.statistic == pytest.approx(-one.statistic, rel=1e-9)


def test_a_small_spread_on_a_large_mean_keeps_its_p():
    treatment, _, y, institution = students(3)
    y = np.round(y * 1024.0) / 1024.0
    near = randomise_students(treatment[:, None], y, institution, strata=institution, draws=9, rng=rng()).estimate
    far = randomise_students(
        treatment[:, None], y + 2.0**42, institution, strata=institution, draws=9, rng=rng()
    ).estimate
    assert near.p_value is not None
    assert far.p_value == near.p_value
    treatment, _, baseline, y, unit = units(3)
    y, baseline = np.round(y * 1024.0) / 1024.0, np.round(baseline * 1024.0) / 1024.0
    near = randomise_units(y, treatment, unit, strata=None, baseline=baseline, draws=9, rng=rng()).estimate
    far = randomise_units(
        y + 2.0**42, treatment, unit, strata=None, baseline=baseline + 2.0**42, draws=9, rng=rng()
    ).estimate
    assert far.p_value == near.p_value


def test_a_division_that_a_covariate_determines_is_refitted_without_it():
    """unit_means drops the later column: the t of that division is the t without the covariate."""
    y, unit = np.array([1.0, 2.5, 3.0, 4.2, 0.3, 2.2]), np.arange(6)
    treatment = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
    covariate = np.array([1.0, 0.0, 1.0, 0.0, 1.0, 0.0])
    stars = []
    for D in every_division(treatment, np.zeros(6)):
        clash = abs(np.corrcoef(D, covariate)[0, 1]) > 1.0 - 1e-12
        stars.append(t_classical(D, [np.ones(6)] if clash else [np.ones(6), covariate], y))
    t = t_classical(treatment, [np.ones(6), covariate], y)
    got = randomise_units(
        y, treatment, unit, strata=None, institution_covariates=covariate[:, None], draws=9, rng=rng()
    )
    assert got.estimate.p_value == share(t, stars, "two-sided")


@pytest.mark.parametrize("noise", [1e-3, 1e-6, 1e-9])
def test_a_nearly_perfect_fit_keeps_its_digits(noise):
    """The observed division and its mirror tie, though 1 - R² cancels; no other does."""
    unit = np.arange(8)
    treatment = (unit % 2).astype(float)
    y = treatment + noise * np.sin(unit)
    got = randomise_units(y, treatment, unit, strata=None, draws=9, rng=rng())
    assert got.estimate.p_value == 2 / 70


def test_a_perfect_fit_has_a_p():
    unit = np.arange(6)
    treatment = (unit < 3).astype(float)
    got = randomise_units(2.0 * treatment, treatment, unit, strata=None, draws=9, rng=rng())
    assert (got.estimate.p_value, got.estimate.statistic, got.estimate.reason) == (0.1, None, "no-spread")
    institution = np.repeat([0, 1], 4)
    D = np.tile([1.0, 1.0, 0.0, 0.0], 2)
    inside = randomise_students(D[:, None], D + institution, institution, strata=institution, draws=9, rng=rng())
    assert (inside.estimate.p_value, inside.estimate.reason) == (2 / 36, "no-spread")


def test_an_institution_of_one_student_says_nothing():
    treatment, covariate, y, institution = students(8)
    X = np.column_stack([treatment, covariate])
    one = randomise_students(X, y, institution, strata=institution, draws=9, rng=rng()).estimate
    more = np.vstack([X, [1.0, 444.0]]), np.append(y, 1234.5), np.append(institution, 99)
    two = randomise_students(*more, strata=more[2], draws=9, rng=rng()).estimate
    assert two.p_value == one.p_value
    assert two.statistic == pytest.approx(one.statistic, rel=1e-9)


def test_reasons():
    treatment, covariate, y, institution = students(9)
    X = np.column_stack([treatment, covariate])

    def reason(X, y, institution, strata):
        found = randomise_students(X, y, institution, strata=strata, draws=9, rng=rng())
        assert found.estimate.p_value is None
        assert found.smallest_p_value is None
        return found.estimate.reason

    assert reason(X, institution * 2.0, institution, institution) == "all-equal"
    assert reason(X, 3.0 * covariate + institution, institution, institution) == "all-equal"
    assert reason(X, y, institution, np.arange(y.size)) == "one-division"
    apart = np.column_stack([(institution > 0).astype(float), covariate])
    assert reason(apart, y, institution, None) == "no-institution-with-both-arms"
    unit = np.arange(6)
    arm = (unit < 3).astype(float)
    flat = randomise_units(np.full(6, 0.1), arm, unit, strata=None, draws=9, rng=rng())
    assert (flat.estimate.p_value, flat.estimate.reason) == (None, "all-equal")
    pair = randomise_units(np.array([1.0, 2.0]), np.array([1.0, 0.0]), unit[:2], strata=None, draws=9, rng=rng())
    assert (pair.estimate.p_value, pair.estimate.reason) == (None, "one-cluster-an-arm")
    one_arm = randomise_units(y[:6], np.ones(6), unit, strata=None, draws=9, rng=rng())
    assert (one_arm.estimate.p_value, one_arm.estimate.reason) == (None, "one-arm")
