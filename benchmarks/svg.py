"""Line charts as SVG, side by side, for pages with a light or a dark ground. For `benchmarks.plot` alone.

Both axes are logarithmic or the horizontal one counts steps; colours are of a middle brightness and nothing is filled,
so that the ground does not matter.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final
from xml.etree import ElementTree

import attrs

_COLOURS: Final = ("#e8590c", "#1c7ed6", "#2f9e44", "#ae3ec9", "#b08900", "#0c8599", "#e64980")
_TEXT: Final = "#767e87"
_WIDTH, _HEIGHT = 236, 158  # of a panel
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 14, 26, 24  # around its lines
_HEAD: Final = 54  # of the page: title and legend


@attrs.frozen
class Panel:
    """One chart.

    Attributes:
        title: with the unit.
        lines: by name, points of a position and a value above 0, in order.
        ticks: positions that are marked, with what is written there.
    """

    title: str
    lines: Mapping[str, Sequence[tuple[float, float]]]
    ticks: Sequence[tuple[float, str]]


def page(title: str, names: Sequence[str], panels: Sequence[Panel], columns: int) -> str:
    """An SVG document of all panels.

    Args:
        names: every name that a line may have; its place fixes its colour, in this document and in others.
        columns: of panels, at most.
    """
    columns = max(min(columns, len(panels)), 1)
    width, height = columns * _WIDTH + 8, _HEAD + -(-len(panels) // columns) * _HEIGHT + 4
    attributes = {"xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {width} {height}", "role": "img"}
    root = ElementTree.Element("svg", attributes | {"width": str(width), "height": str(height)})
    root.set("font-family", "system-ui, sans-serif")
    root.set("font-size", "11")
    ElementTree.SubElement(root, "title").text = title
    _text(root, 8, 18, title, size="14")
    colours = {name: _COLOURS[number % len(_COLOURS)] for number, name in enumerate(names)}
    place = 8.0
    for name in [name for name in names if any(panel.lines.get(name) for panel in panels)]:
        _line(root, [(place, 36), (place + 16, 36)], colours[name])
        _text(root, place + 21, 40, name)
        place += 36 + 7 * len(name)
    for number, panel in enumerate(panels):
        left, top = number % columns * _WIDTH, _HEAD + number // columns * _HEIGHT
        group = ElementTree.SubElement(root, "g", {"transform": f"translate({left} {top})"})
        _draw(group, panel, colours)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _draw(group: ElementTree.Element, panel: Panel, colours: Mapping[str, str]) -> None:
    values = [value for line in panel.lines.values() for _, value in line]
    _text(group, _LEFT, 16, panel.title)
    if not values or not panel.ticks:
        return
    marks = _marks(min(values), max(values))
    low, high = math.log(marks[0]), math.log(marks[-1])
    first, last = panel.ticks[0][0], panel.ticks[-1][0]
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM

    def x(position: float) -> float:
        inner = (position - first) / (last - first) if last > first else 0.5
        return _LEFT + 6 + inner * (right - _LEFT - 12)

    def y(value: float) -> float:
        return bottom - (math.log(value) - low) / (high - low) * (bottom - _TOP)

    for mark in marks:
        _line(group, [(_LEFT, y(mark)), (right, y(mark))], _TEXT, width="0.5", opacity="0.45")
        _text(group, _LEFT - 5, y(mark) + 4, f"{mark:,.10g}", anchor="end")
    for position, label in panel.ticks:
        _text(group, x(position), bottom + 15, label, anchor="middle")
    for name, line in panel.lines.items():
        points = [(x(position), y(value)) for position, value in line]
        _line(group, points, colours[name])
        for across, down in points:
            place = {"cx": f"{across:.1f}", "cy": f"{down:.1f}", "r": "2.5", "fill": colours[name]}
            ElementTree.SubElement(group, "circle", place)


def _marks(low: float, high: float) -> list[float]:
    """Round numbers from the lowest value to the highest, both included: powers of ten where others would be many.

    >>> _marks(3, 40), _marks(0.2, 0.2), _marks(1, 5_000)
    ([2.0, 5.0, 10.0, 20.0, 50.0], [0.1, 0.2, 0.5], [1.0, 10.0, 100.0, 1000.0, 10000.0])
    """
    powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    fine = [float(f"{digit}e{power}") for power in powers for digit in (1, 2, 5)]
    for steps in (fine, fine[::3]):
        begin = max(place for place, step in enumerate(steps) if step <= low)
        end = min(place for place, step in enumerate(steps) if step >= high)
        if begin == end:
            begin, end = begin - 1, end + 1
        if end - begin < 7:
            break
    return steps[begin : end + 1]


def _line(
    parent: ElementTree.Element,
    points: Sequence[tuple[float, float]],
    colour: str,
    width: str = "1.8",
    opacity: str = "1",
) -> None:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    style = {"points": path, "fill": "none", "stroke": colour, "stroke-width": width, "stroke-opacity": opacity}
    ElementTree.SubElement(parent, "polyline", style)


def _text(
    parent: ElementTree.Element, x: float, y: float, text: str, anchor: str = "start", size: str | None = None
) -> None:
    style = {"x": f"{x:.1f}", "y": f"{y:.1f}", "fill": _TEXT, "text-anchor": anchor}
    ElementTree.SubElement(parent, "text", style | ({"font-size": size} if size else {})).text = text
