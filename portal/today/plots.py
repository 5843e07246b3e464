"""Draws figures with pygal, as SVG that stands in the page.

Of what pygal makes only the shapes and their texts are taken: its own script and styles are left out, as the content
security policy asks; static/css/back_office/home.css gives the colours, so the drawing is light or dark as its page is.
"""

import math
import re
import sys
from xml.etree import ElementTree

import pygal
from django.utils.safestring import SafeString
from pygal.etree import etree as pygals
from pygal.style import Style

from portal.templatetags.french import grouped

from .figures import Figure

# It would find pygal's plugins, of which there are none here, by a way that Python 3.12 has done away with: each import
# that comes after it would warn.
sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]
# Where lxml is installed it would draw with that, whose elements are of another kind than those that are taken here.
pygals.to_etree()

WIDTH, HEIGHT = 640, 260
LABEL_PIXELS = 12
# No more than that many labels below, and guides across.
LABELS, GUIDES = 10, 5
LEFT_OUT = {"defs", "script", "style", "desc", "title"}
# Where pygal puts the name that a bar is given here; a bar of nothing has none.
BAR_NAME = "desc[@class='label']"
LEFT_OUT_CLASSES = ("background", "tooltip-overlay", "overlay", "text-overlay", "titles")


def draw(figure: Figure) -> SafeString:
    """The plot of a figure: bars stacked in the order of its series, each with its words when one points at it.

    For screen readers it is one image with the figure's title; what it shows stands in the figure's table.
    """
    guides = ticks(max((row.total for row in figure.rows), default=0))
    chart = pygal.StackedBar(
        width=WIDTH,
        height=HEIGHT,
        css=(),
        js=(),
        no_prefix=True,
        style=Style(label_font_size=LABEL_PIXELS, major_label_font_size=LABEL_PIXELS),
        classes=("plot__drawing",),
        margin=8,
        spacing=6,
        show_legend=False,
        truncate_label=-1,
        range=(0, guides[-1]),
        y_labels=guides,
        x_labels=[row.short for row in figure.rows],
        # The last row, today, has its label, and so have those before it, as far apart as there is room.
        x_labels_major=[row.short for row in figure.rows[:: -math.ceil(len(figure.rows) / LABELS)]],
        show_minor_x_labels=False,
        value_formatter=lambda value: grouped(round(value)),
    )
    for rank, name in enumerate(figure.series):
        chart.add(
            name,
            [
                {"value": row.counts[rank], "label": f"{row.label}, {name}\u00a0: {grouped(row.counts[rank])}"}
                if row.counts[rank]
                else None
                for row in figure.rows
            ],
        )
    drawing = chart.render_tree()
    _strip(drawing)
    drawing.attrib.pop("id", None)
    drawing.set("role", "img")
    drawing.set("aria-label", figure.title)
    # Made of our own words and of numbers, escaped as XML.
    return SafeString(ElementTree.tostring(drawing, encoding="unicode"))


def ticks(greatest: int) -> list[int]:
    """Whole round numbers from nought to this one, or just above it: at most GUIDES steps of 1, 2 or 5 and noughts."""
    wanted = max(greatest, 1) / GUIDES
    power = 10 ** max(0, math.floor(math.log10(wanted)))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= wanted)
    return list(range(0, max(greatest, 1) + step, step))


def _strip(node: ElementTree.Element) -> None:
    """Take out what is no shape, text or name of a bar, bars of nothing, and the decimals that nobody sees."""
    name_of_bar = node.find(BAR_NAME)
    for child in list(node):
        if _is_left_out(child):
            node.remove(child)
        else:
            _strip(child)
    if name_of_bar is not None:
        ElementTree.SubElement(node, "title").text = name_of_bar.text
    for name in ("style", "rx", "ry"):
        node.attrib.pop(name, None)
    for name, value in node.attrib.items():
        if name != "class":
            node.set(name, re.sub(r"\d+\.\d+", lambda number: f"{float(number[0]):.1f}".removesuffix(".0"), value))


def _is_left_out(node: ElementTree.Element) -> bool:
    # A comment has a function in its tag's place.
    if not isinstance(node.tag, str) or node.tag in LEFT_OUT:
        return True
    classes = (node.get("class") or "").split()
    return any(name in LEFT_OUT_CLASSES for name in classes) or ("bar" in classes and node.find(BAR_NAME) is None)
