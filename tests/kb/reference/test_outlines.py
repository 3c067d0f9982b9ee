from tests.tables.contours import Contour, Position
from tests.tables.make_outlines import outlines_of


def square(code: str, x: float, y: float, *, turned: bool = False) -> Contour:
    """A commune of a degree each way, with a vertex that tells nothing on each side."""
    corners = [(x, y), (x + 0.5, y), (x + 1, y), (x + 1, y + 0.5), (x + 1, y + 1)]
    corners += [(x + 0.5, y + 1), (x, y + 1), (x, y + 0.5), (x, y)]
    return Contour(code, (tuple(reversed(corners) if turned else corners),), None)


def area(ring: list[Position]) -> float:
    pairs = zip(ring, [*ring[1:], ring[0]], strict=True)
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs) / 2


def test_communes_of_a_department_become_one_outline() -> None:
    communes = [square("16001", 0, 45), square("16002", 1, 45, turned=True)]
    communes += [square("17001", 0, 46), square("97701", 5, 5)]
    found = outlines_of(communes)
    assert found.keys() == {"16", "17"}
    (charente,), (maritime,) = found["16"], found["17"]
    assert area(charente) == 2
    assert area(maritime) == 1
    # Where both meet, both keep the same corners, and no vertex that tells nothing.
    assert {(0.0, 46.0), (1.0, 46.0)} <= set(charente) & set(maritime)
    assert (0.5, 46.0) not in {*charente, *maritime}
    assert set(charente) - set(maritime) == {(0.0, 45.0), (2.0, 45.0), (2.0, 46.0)}
