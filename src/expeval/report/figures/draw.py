"""stub"""
from expeval.results import Results
from expeval.report.figure import Figure
def draw_figures(results: Results) -> tuple[Figure, ...]:
    return ()
