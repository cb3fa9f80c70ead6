"""The plot is well-formed and puts points where they belong."""

import re
from xml.etree import ElementTree as Xml

from benches.chart import BOTTOM, HEIGHT, LEFT, TOP, Series, svg

DRAWN = svg("pools", "us", [Series("a < b", [(100, 0.1), (1_000, 1.0), (10_000, 100.0)])])


def test_it_is_well_formed_and_names_its_lines() -> None:
    drawing = Xml.fromstring(DRAWN)  # noqa: S314 - our own text
    texts = [text.text for text in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert {"pools", "us", "a < b", "100", "10,000", "0.1"} <= set(texts)


def test_the_least_is_at_the_bottom_left_and_the_greatest_on_top() -> None:
    points = re.findall(r'points="([^"]+)"', DRAWN)[0].split()
    assert points[0] == f"{LEFT:.1f},{HEIGHT - BOTTOM:.1f}"
    assert points[-1].endswith(f",{TOP:.1f}")


def test_equal_factors_are_equal_distances() -> None:
    points = [float(point.split(",")[0]) for point in re.findall(r'points="([^"]+)"', DRAWN)[0].split()]
    assert abs((points[1] - points[0]) - (points[2] - points[1])) < 0.2
