"""Numbers as a reader sees them: the same number has the same digits everywhere in the page.

Two significant digits on an effect, the decimals of its smaller interval end on all three; p in APA style; thin
space in thousands; a true minus sign.
"""

from __future__ import annotations

import math

MINUS = "\u2212"
THIN = "\u202f"


def decimals_for(*values: float | None) -> int:
    """Decimals that give the first value two significant digits, at most twelve."""
    sizes = [abs(value) for value in values if value is not None and value != 0.0 and math.isfinite(value)]
    if not sizes:
        return 1
    # The digits of the value as it will stand: 9.96 rounds to 10, which needs none.
    exponent = math.floor(math.log10(float(f"{sizes[0]:.1e}")))
    return min(max(1 - exponent, 0), 12)


def number(value: float | None, decimals: int | None = None, missing: str = "–") -> str:
    """A number with fixed decimals (two significant digits unless said)."""
    if value is None:
        return missing
    places = decimals_for(value) if decimals is None else decimals
    if abs(value) >= 1e15:  # digits that a double does not have
        mantissa, _, exponent = f"{abs(value):.3e}".partition("e")
        return f"{MINUS if value < 0 else ''}{mantissa} × 10^{int(exponent)}"
    text = f"{abs(value):,.{places}f}".replace(",", THIN)
    negative = value < 0 and any(c in "123456789" for c in text)
    return (MINUS if negative else "") + text


def count(value: int | None, missing: str = "withheld") -> str:
    """A count with thin spaces; one that was withheld says so."""
    return missing if value is None else f"{value:,}".replace(",", THIN)


def p_value(value: float | None, missing: str = "–") -> str:
    """A p-value alone: ".032", "< .001"."""
    if value is None:
        return missing
    if value < 0.001:
        return "<\u00a0.001"
    text = f"{value:.3f}"
    return text if value >= 0.9995 else text[1:]


def p_words(value: float | None) -> str:
    """A p-value in a sentence: "p = .032", "p < .001"."""
    if value is None:
        return "no p-value"
    return f"p {p_value(value)}" if value < 0.001 else f"p = {p_value(value)}"


def percent(confidence: float) -> str:
    """A level of confidence: "95 %", "99.5 %"."""
    return f"{100 * confidence:g} %"


def degrees(value: float | None) -> str:
    """Degrees of freedom: whole, or with two decimals."""
    if value is None:
        return "–"
    return number(value, 0 if float(value).is_integer() else 2)


def plain(value: float) -> str:
    """A number with the decimals that it has, ten digits at most: ends of bins, ticks of an axis."""
    text = f"{round(value, 12):.10g}"
    return number(value, len(text.partition(".")[2]) if "e" not in text else 6)
