"""Pure functions on arrays and summaries: no files, no study, no prose.

An estimator here takes numpy arrays or :class:`expeval.stats.moments.Moments`, and returns
:class:`expeval.stats.estimate.Estimate` values.  All differences are experimental - control.
"""
