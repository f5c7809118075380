"""Photos of backs that do not exist: drawn from numbers, the scars fading over the course.

The same person has the same scars in every view and at every session; camera, distance and light
differ a little each time, as they do. Nothing here is an image of anybody.
"""

import io
import math
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

WIDTH, HEIGHT = 480, 640
BACKDROP = (52, 66, 84)
#: Skin in daylight by Fitzpatrick type: lit, shaded, and the colour marks leave behind.
TONES = {
    1: ((240, 208, 190), (208, 160, 140), (206, 112, 104)),
    2: ((233, 195, 170), (198, 148, 122), (192, 100, 88)),
    3: ((216, 172, 138), (176, 128, 96), (160, 84, 66)),
    4: ((184, 134, 98), (142, 98, 68), (110, 60, 42)),
    5: ((136, 92, 64), (98, 64, 44), (66, 38, 26)),
    6: ((96, 64, 48), (66, 43, 32), (36, 22, 17)),
}
#: The part of the back a view shows: left, top, right, bottom as shares of the whole.
FRAMES = {
    "BK_FULL": (0.0, 0.0, 1.0, 1.0),
    "BK_UPPER_L": (0.10, 0.22, 0.56, 0.68),
    "BK_UPPER_R": (0.44, 0.22, 0.90, 0.68),
}
FADES_PER_SESSION = 0.31


@dataclass(frozen=True)
class Shot:
    """One press of the shutter: who, their skin type, which view, at which visit.

    Visit 0 is the first talk, visit k session k before its needling.
    """

    person: int
    phototype: int
    view: str
    visit: int


@dataclass(frozen=True)
class Scar:
    """One scar: centre as shares of the whole picture, size in pixels there, depth and colour."""

    x: float
    y: float
    size: float
    stretch: float
    depth: float
    red: float


def photograph(shot: Shot) -> bytes:
    """Return a JPEG, the same one for the same shot."""
    chance = Random(f"{shot.person} {shot.view} {shot.visit}")  # noqa: S311 -- drawing
    window = _window(shot.view, chance)
    picture = _body(shot, window)
    picture = _marked(picture, shot, window)
    picture = _grained(picture, chance)
    light = chance.uniform(0.97, 1.04)
    picture = picture.point(lambda value: min(255, int(value * light)))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=88)
    return out.getvalue()


def scars(person: int) -> list[Scar]:
    """Return a person's scars, most of them on the upper back and shoulders."""
    chance = Random(f"scars of {person}")  # noqa: S311 -- drawing
    found = []
    for _ in range(chance.randint(90, 130)):
        side = chance.choice((-1, 1))
        x = 0.5 + side * min(abs(chance.gauss(0.14, 0.09)), 0.30)
        y = min(max(chance.gauss(0.42, 0.12), 0.24), 0.80)
        found.append(Scar(x, y, chance.choice((2, 2.5, 3, 3, 4, 5.5)), chance.uniform(0.7, 1.5),
                          chance.uniform(0.35, 1), chance.uniform(0.2, 1)))  # fmt: skip
    return found


def _window(view: str, chance: Random) -> tuple[float, float, float, float]:
    """Return the part of the back in the picture, a hand's breadth off each time."""
    left, top, right, bottom = FRAMES[view]
    dx, dy = chance.uniform(-0.012, 0.012), chance.uniform(-0.012, 0.012)
    closer = chance.uniform(-0.008, 0.008)
    return left + dx + closer, top + dy + closer, right + dx - closer, bottom + dy - closer


class _Paper:
    """A grey layer of the picture to draw on in shares of the whole back."""

    def __init__(self, window, *, shrunk: int = 1) -> None:
        size = WIDTH // shrunk, HEIGHT // shrunk
        self.image = Image.new("L", size)
        self.draw = ImageDraw.Draw(self.image)
        self.left, self.top, right, bottom = window
        self.zoom_x, self.zoom_y = size[0] / (right - self.left), size[1] / (bottom - self.top)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return the pixel of a point of the back."""
        return (x - self.left) * self.zoom_x, (y - self.top) * self.zoom_y

    def polygon(self, points, fill: int) -> None:
        """Fill a shape."""
        self.draw.polygon([self.place(x, y) for x, y in points], fill=fill)

    def ellipse(self, x: float, y: float, rx: float, ry: float, fill: int) -> None:
        """Fill an ellipse around a point; radii in shares of the width."""
        px, py = self.place(x, y)
        wide, high = rx * self.zoom_x, ry * self.zoom_x
        self.draw.ellipse((px - wide, py - high, px + wide, py + high), fill=fill)

    def soft(self, share: float) -> Image.Image:
        """Return the layer blurred by a share of the width."""
        return self.image.filter(_blur(share * self.zoom_x))


def _blur(radius: float) -> ImageFilter.BoxBlur:
    """Return a blur that looks like a Gaussian one of that radius here, in a third of its time."""
    return ImageFilter.BoxBlur(1.2 * radius)


def _outline(phase: str) -> list[tuple[float, float]]:
    """Return the right half of a silhouette from the neck down, as shares."""
    if phase == "arm":
        return [(0.80, 0.30), (0.88, 0.36), (0.93, 0.55), (0.96, 0.82), (0.97, 1.1), (0.86, 1.1),
                (0.84, 0.80), (0.81, 0.56)]  # fmt: skip
    return [
        (0.565, -0.1),
        (0.565, 0.09),
        (0.585, 0.15),
        (0.70, 0.20),
        (0.83, 0.25),
        (0.885, 0.32),
        (0.88, 0.42),
        (0.815, 0.47),
        (0.79, 0.60),
        (0.755, 0.76),
        (0.745, 0.88),
        (0.79, 1.1),
    ]


def _rounded(points: list) -> list:
    """Cut the corners of a line three times over (Chaikin 1974)."""
    for _ in range(3):
        cut = [points[0]]
        for (ax, ay), (bx, by) in pairwise(points):
            cut += [(0.75 * ax + 0.25 * bx, 0.75 * ay + 0.25 * by),
                    (0.25 * ax + 0.75 * bx, 0.25 * ay + 0.75 * by)]  # fmt: skip
        points = [*cut, points[-1]]
    return points


def _body(shot: Shot, window) -> Image.Image:
    """Draw the back before a dark backdrop, lit from the upper left."""
    lit, shaded, _ = TONES[shot.phototype]
    wide = 1 + 0.05 * math.sin(shot.person)
    body = _Paper(window)
    for phase in ("arm", "torso"):
        half = _rounded([(0.5 + (x - 0.5) * wide, y) for x, y in _outline(phase)])
        mirrored = [(1 - x, y) for x, y in reversed(half)]
        shapes = [half, mirrored] if phase == "arm" else [half + mirrored]
        for shape in shapes:
            body.polygon(shape, 255)
    shade = _Paper(window, shrunk=4)  # soft anyway
    shade.image.paste(110, (0, 0, *shade.image.size))
    shade.ellipse(0.36, 0.42, 0.17, 0.28, 205)
    shade.ellipse(0.64, 0.42, 0.15, 0.28, 170)
    shade.ellipse(0.42, 0.85, 0.12, 0.26, 175)
    shade.ellipse(0.58, 0.85, 0.11, 0.26, 150)
    for x in (0.34, 0.66):  # shoulder blades: lit above, shaded below
        shade.ellipse(x, 0.47, 0.085, 0.10, 120)
        shade.ellipse(x, 0.39, 0.085, 0.13, 250 if x < 0.5 else 205)
    for x in (0.12, 0.89):
        shade.ellipse(x, 0.60, 0.03, 0.5, 190)
    shade.polygon([(0.488, 0.18), (0.512, 0.18), (0.516, 1.1), (0.484, 1.1)], 20)
    light = shade.soft(0.032)
    edge = body.image.resize(light.size)
    edge = edge.filter(_blur(0.05 * shade.zoom_x))
    light = ImageChops.multiply(light, edge.point(lambda value: min(255, 60 + value)))
    light = light.resize(body.image.size, Image.Resampling.BICUBIC)
    skin = Image.composite(
        Image.new("RGB", light.size, lit), Image.new("RGB", light.size, shaded), light
    )
    backdrop = Image.new("RGB", light.size, BACKDROP)
    return Image.composite(skin, backdrop, body.soft(0.003))


def _marked(picture: Image.Image, shot: Shot, window) -> Image.Image:
    """Lay scars and the colour they left over the skin, fainter after every session."""
    _, _, mark = TONES[shot.phototype]
    left = (1 - FADES_PER_SESSION) ** max(shot.visit - 1, 0)
    colour, pits, rims = _Paper(window), _Paper(window), _Paper(window)
    unit = 1 / 768  # sizes are pixels of a picture of the whole back, 768 wide
    for scar in scars(shot.person):
        radius = scar.size * unit
        high = radius * scar.stretch
        colour.ellipse(scar.x, scar.y, radius * 2.2, high * 2.2, int(135 * scar.red * left**1.4))
        pits.ellipse(scar.x, scar.y, radius, high, int(105 * scar.depth * left))
        rims.ellipse(scar.x + 0.4 * radius, scar.y + 0.5 * high, radius, high,
                     int(95 * scar.depth * left))  # fmt: skip
    dark = tuple(int(value * 0.72) for value in mark)
    bright = tuple(min(255, int(value * 1.12)) for value in TONES[shot.phototype][0])
    for paper, tint, blur in ((colour, mark, 0.0035), (rims, bright, 0.0014), (pits, dark, 0.0012)):
        picture = Image.composite(Image.new("RGB", picture.size, tint), picture, paper.soft(blur))
    return picture


def _grained(picture: Image.Image, chance: Random) -> Image.Image:
    """Give the skin pores and the picture the noise of a small sensor."""
    for size, strength in (((WIDTH // 2, HEIGHT // 2), 0.035), ((WIDTH // 12, HEIGHT // 12), 0.02)):
        noise = Image.frombytes("L", size, chance.randbytes(size[0] * size[1]))
        noise = noise.resize(picture.size, Image.Resampling.BICUBIC)
        tinted = Image.merge("RGB", (noise, noise, noise))
        picture = Image.blend(picture, ImageChops.soft_light(picture, tinted), strength * 6)
    return picture
