"""The one style of all figures, and the way from a matplotlib figure to SVG that can stand inside a page.

matplotlib's objects alone: no pyplot (global state, a choice of backends), and no seaborn, whose import costs 1.7
seconds and loads scipy.stats for what are a few rectangles here.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from xml.etree import ElementTree

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Picture

# Okabe & Ito (2008): told apart by every kind of colour vision, and in grey (luminance 0.15 and 0.43).
EXPERIMENTAL = "#0072B2"
EXPERIMENTAL_EDGE = "#004B76"
CONTROL = "#E69F00"
CONTROL_TEXT = "#8A5A00"  # the orange itself is too light for text on white, and for the edge of a bar
INK = "#1B1B1B"
GREY = "#5F6368"
PALE = "#8A9099"  # the lightest grey that shows data: 3.2 to 1 on white
LIGHT = "#C9CCD1"  # lines of a scale

WIDTH = 6.8
TEXT = 10.0
SMALL = 9.0

_MEASURED = "DejaVu Sans"  # ships with matplotlib, and is wider than the fonts it stands for: nothing overflows
_SHOWN = "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
_SVG = "http://www.w3.org/2000/svg"
_XLINK = "{http://www.w3.org/1999/xlink}href"
_STYLE: dict[Any, Any] = {
    "font.family": _MEASURED,
    "font.size": TEXT,
    "text.color": INK,
    "text.parse_math": False,  # $ and _ in a name are literal
    "svg.fonttype": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.spines.bottom": False,
    "axes.unicode_minus": True,
    "xtick.major.size": 0.0,
    "ytick.major.size": 0.0,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.labelcolor": GREY,
    "ytick.labelcolor": GREY,
    "hatch.linewidth": 0.6,
}


@contextmanager
def canvas(height: float, name: str, width: float = WIDTH) -> Iterator[Picture]:
    """An empty picture of ``width`` by ``height`` inches in the report's style; draw and save it inside."""
    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcParams.update(_STYLE)
        matplotlib.rcParams["svg.hashsalt"] = name
        # A script that the measuring font lacks: the text stays text, and the reader's font has the glyphs.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        picture = Picture(figsize=(width, height), facecolor="none")
        FigureCanvasSVG(picture)
        yield picture


def panel(picture: Picture, left: float, bottom: float, width: float, height: float) -> Axes:
    """Axes at a place given in inches from the lower left corner."""
    across, up = picture.get_size_inches()
    axes = picture.add_axes((left / across, bottom / up, width / across, height / up))
    axes.set_facecolor("none")
    return axes


def write(picture: Picture, x: float, y: float, text: str, **look: Any) -> None:
    """Text at a place given in inches from the lower left corner."""
    across, up = picture.get_size_inches()
    picture.text(x / across, y / up, text, **look)


def svg(picture: Picture, name: str, title: str, description: str) -> str:
    """The picture as SVG that can be a file or part of a page: ids of its own, no style sheet, text as text."""
    out = io.StringIO()
    picture.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    root = ElementTree.fromstring(out.getvalue())
    for child in list(root):
        if child.tag == f"{{{_SVG}}}metadata":
            root.remove(child)
    for parent in root.iter():
        # matplotlib's style sheet would reach every picture of the page; its two rules go to the root instead.
        for sheet in parent.findall(f"{{{_SVG}}}style"):
            parent.remove(sheet)
    for element in root.iter():
        _make_own(element, name)
    _label(root, name, title, description)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _make_own(element: ElementTree.Element, name: str) -> None:
    element.tag = element.tag.replace(f"{{{_SVG}}}", "")
    if _XLINK in element.attrib:
        element.set("href", element.attrib.pop(_XLINK))
    for key, value in element.attrib.items():
        if key == "id":
            element.set(key, f"{name}-{value}")
        elif key == "href":
            element.set(key, value.replace("#", f"#{name}-", 1))
        elif "url(#" in value:
            element.set(key, value.replace("url(#", f"url(#{name}-"))
        elif key == "style":
            # The page's own colour of text, so that a dark page can show the figure too.
            shown = re.sub(f"'?{_MEASURED}'?", _SHOWN, value)
            element.set(key, re.sub(INK, "currentColor", shown, flags=re.IGNORECASE))


def _label(root: ElementTree.Element, name: str, title: str, description: str) -> None:
    across, up = (float(size) for size in root.attrib["viewBox"].split()[2:])
    # CSS pixels; without a unit the page's max-width: 100 % and height: auto can scale them.
    root.attrib |= {"width": f"{across * 4 / 3:.0f}", "height": f"{up * 4 / 3:.0f}"}
    root.attrib |= {"xmlns": _SVG, "role": "img", "stroke-linejoin": "round", "stroke-linecap": "butt"}
    root.attrib |= {"aria-labelledby": f"{name}-title {name}-desc"}
    for position, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ElementTree.Element(tag, {"id": f"{name}-{tag}"})
        element.text = text
        root.insert(position, element)
