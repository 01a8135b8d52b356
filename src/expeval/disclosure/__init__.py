"""Small cells, and what would give them away: Results in, Results out.

Nothing below ``minimum_cell`` leaves the program as a count of students, and nothing from which it follows by
arithmetic.  :mod:`~expeval.disclosure.counts` lists the counts and the identities between them,
:mod:`~expeval.disclosure.attack` solves them as a reader with a pencil would, :mod:`~expeval.disclosure.withhold`
rewrites the tables.
"""

from __future__ import annotations

from dataclasses import replace

from expeval.disclosure.attack import Hidden, hide
from expeval.disclosure.bins import families, is_levels, merge_small
from expeval.disclosure.counts import Counts, Place, take_counts
from expeval.disclosure.withhold import withhold
from expeval.results import Results, WarningRow

__all__ = ["protect"]


def protect(results: Results, minimum_cell: int) -> Results:
    """Withhold (set to ``None``) every count of students below ``minimum_cell`` and what would give it away.

    Right for tables that hold no student's row and are published whole.  It guards against subtraction
    inside one set of results; not against a reader who holds two sets (before and after a withdrawal), who
    knows some of the students, who reasons from the greedy rule itself, or from one number being at most
    another (an institution's complete students are some of its analysed ones).

    Parameters
    ----------
    results
        The tables of a run; not changed.
    minimum_cell
        The smallest count of students that may be published, 5 in most reports on education; 1: everything is
        published and ``results`` comes back as it is.

    Returns
    -------
    Results
        The same tables in the same order.  Withheld are

        - counts from 1 to ``minimum_cell`` - 1 in ``sources``, ``flow``, ``groups``, ``distributions``, ``n``
          of ``estimates`` and the figures of ``decisions``; zero reveals nobody and is published;
        - further counts, cheapest first, until no withheld count is the only whole number of at least one that
          fits what is published: an arm's ``complete``, reasons and levels, then ``missing``, ``rows``, ``read``;
        - with the ``n`` of an institution (level, cohort) that goes for another's sake, all of its row but estimate
          and interval, from which df and so n could be had;
        - every number of a row of ``estimates`` with fewer than ``minimum_cell`` students, the description,
          distribution and assumptions of an arm with fewer, the residuals of a regression on fewer;
        - with an arm's description the other arm's and the intercepts of its regressions: difference plus mean would
          be the small arm's mean.

        Intervals of ``distributions`` are merged with their neighbours until each holds nobody or enough.
        A last row of ``warnings``, code ``"suppressed"``, says that something is withheld, and no numbers.

    Notes
    -----
    Published by convention, wherever the students are at least ``minimum_cell``: the numbers analysed and
    the ``n`` of ``groups`` and ``estimates`` (df = n - p would tell them anyway), and mean, sd,
    quartiles, skewness, ``min`` and ``max`` of an arm.  Hence two leaks that no withholding of counts can close,
    and of which the warning tells:

    - a reason that follows from the ``n`` of tests and regressions alone: 44 and 41, with one reason in one arm;
    - a level of an ordinal or binary outcome that follows from the mean (sd, skewness) at full precision:
      the mean of a binary outcome times n is the count of ones.

    Counts of institutions, classes and clusters are not counts of students and stay.  So does ``mended`` of
    ``sources``, which counts cells of a file.  Results that say that they were protected at this
    ``minimum_cell`` come back as they are: idempotent.

    The row whose shape this asks for: ``rows`` of ``sources`` may be ``None``.

    References
    ----------
    National Center for Education Statistics (2011). Statistical methods for protecting personally identifiable
    information in aggregate reporting. SLDS Technical Brief 3, NCES 2011-603.
    """
    if minimum_cell <= 1 or _is_protected(results, minimum_cell):
        return results
    merged = replace(results, distributions=merge_small(results.distributions, minimum_cell))
    counts = take_counts(merged)
    hidden = hide(counts.ledger, counts.small(minimum_cell))
    places = frozenset(place for number in hidden.counts for place in counts.places[number])
    protected = withhold(merged, places, _copies(merged, counts, hidden), minimum_cell)
    if protected == merged:
        return merged
    told = bool(hidden.told) or _moments_tell(protected, places)
    warning = WarningRow(None, "suppressed", _message(minimum_cell) + (_TOLD if told else ""))
    return replace(protected, warnings=(*protected.warnings, warning))


_TOLD = (
    " Some of them can still be worked out from figures that are never withheld: the numbers analysed, "
    "means and standard deviations."
)


def _message(minimum_cell: int) -> str:
    return f"Counts of fewer than {minimum_cell} students, and counts that would give them away, are withheld."


def _is_protected(results: Results, minimum_cell: int) -> bool:
    said = [row.message for row in results.warnings if row.code == "suppressed"]
    return any(message.startswith(_message(minimum_cell)) for message in said)


def _copies(results: Results, counts: Counts, hidden: Hidden) -> dict[str | None, set[int]]:
    """The numbers that stood in withheld cells, by outcome; ``sources`` belong to every outcome."""
    outcomes = {row.outcome for row in results.flow} | {row.outcome for row in results.groups}
    copies: dict[str | None, set[int]] = {outcome: set() for outcome in (*sorted(outcomes), None)}
    for number in hidden.counts:
        value = counts.ledger.values[number]
        for place in counts.places[number]:
            owners = copies if place.table == "sources" else {_outcome(results, place), None}
            for outcome in owners:
                if value is not None:
                    copies.setdefault(outcome, set()).add(value)
    return copies


def _outcome(results: Results, place: Place) -> str:
    return str(getattr(results, place.table)[place.row].outcome)


def _moments_tell(results: Results, hidden: frozenset[Place]) -> bool:
    """Whether withheld levels follow from n, mean, sd and skewness: as many equations as unknown levels.

    The levels' powers form a Vandermonde matrix, which is regular, so only the numbers of both count.
    """
    groups = {(row.outcome, row.arm, row.moment): row for row in results.groups}
    for family in families(results.distributions):
        unknown = sum(Place("distributions", i, "n") in hidden for i in family.rows)
        row = groups.get(family.key)
        if row is None or not unknown or not is_levels(results.distributions, family):
            continue
        if unknown <= 1 + sum(moment is not None for moment in (row.mean, row.sd, row.skewness)):
            return True
    return False
