"""What a simulated manager shows and says: a moving picture with the seat's name, and a tone that resembles a voice.

Pictures are drawn once as a short loop and sounds too, so that eight managers cost little (decision 28). The top
strip of a picture is one flat colour by which a receiver knows whose picture it decodes."""

from __future__ import annotations

import colorsys
import math
import unicodedata
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

SAMPLE_RATE = 48_000
#: One Opus frame of 20 ms.
FRAME_SAMPLES = 960
#: A room has at most this many seats; each has a colour and a pitch of its own.
SEATS = 13
PICTURES_IN_LOOP = 20
#: Height of the flat strip as a share of the picture.
STRIP = 0.14

Pixels = NDArray[np.uint8]
Samples = NDArray[np.int16]


def colour(index: int) -> tuple[int, int, int]:
    """The strip's red, green and blue of the seat in place `index`."""
    red, green, blue = colorsys.hsv_to_rgb((index % SEATS) / SEATS, 0.75, 0.8)
    return round(red * 255), round(green * 255), round(blue * 255)


@lru_cache
def _chroma(index: int) -> tuple[float, float]:
    red, green, blue = colour(index)
    return 128 - 0.1687 * red - 0.3313 * green + 0.5 * blue, 128 + 0.5 * red - 0.4187 * green - 0.0813 * blue


def seat_of_colour(u: float, v: float) -> int:
    """The place of the seat whose strip has the chroma nearest to (u, v), each 0 to 255."""
    return min(range(SEATS), key=lambda index: math.hypot(u - _chroma(index)[0], v - _chroma(index)[1]))


def pictures(name: str, index: int, width: int, height: int) -> list[Pixels]:
    """A loop of RGB pictures, each of shape (height, width, 3): a head that sways and speaks above the name."""
    font = ImageFont.load_default(size=height * 0.16)
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    strip = round(height * STRIP)
    loop: list[Pixels] = []
    for place in range(PICTURES_IN_LOOP):
        angle = 2 * math.pi * place / PICTURES_IN_LOOP
        image = Image.new("RGB", (width, height), (58, 52, 48))
        draw = ImageDraw.Draw(image)
        x, y = width * (0.5 + 0.08 * math.sin(angle)), height * (0.48 + 0.02 * math.cos(2 * angle))
        head, mouth = height * 0.2, height * (0.02 + 0.03 * abs(math.sin(3 * angle)))
        draw.ellipse((x - head * 1.7, y + head * 1.1, x + head * 1.7, height * 1.3), fill=colour(index))
        draw.ellipse((x - head, y - head, x + head, y + head * 1.2), fill=(222, 188, 160))
        for eye in (-0.4, 0.4):
            draw.ellipse(
                (x + head * eye - 2, y - head * 0.25 - 2, x + head * eye + 2, y - head * 0.25 + 2), fill=(40, 30, 25)
            )
        draw.ellipse(
            (x - head * 0.35, y + head * 0.5 - mouth, x + head * 0.35, y + head * 0.5 + mouth), fill=(120, 50, 50)
        )
        # Where a wide tile cuts the picture, the name is still in it. The font at hand has no accents.
        draw.rectangle((0, height * 0.72, width, height), fill=(30, 27, 25))
        draw.text((width / 2, height * 0.79), plain, font=font, fill=(250, 246, 240), anchor="mm")
        draw.rectangle((0, 0, width, strip), fill=colour(index))
        loop.append(np.asarray(image, dtype=np.uint8))
    return loop


def pitch_hz(index: int) -> float:
    """The voice's pitch: from 95 Hz upwards, a semitone and a half apart; whole in a loop of two seconds."""
    return float(round(2 * 95 * 2 ** (index % SEATS / 8)) / 2)


def voice(index: int) -> list[Samples]:
    """Two seconds of sound as frames of FRAME_SAMPLES mono samples, to be repeated: harmonics under two formants, in
    about four syllables a second, never silent for a whole frame."""
    seconds = 2
    time = np.arange(SAMPLE_RATE * seconds) / SAMPLE_RATE
    pitch = pitch_hz(index)
    sound = np.zeros_like(time)
    for harmonic in range(1, 16):
        frequency = pitch * harmonic
        strength = 1 / harmonic + sum(0.6 * math.exp(-(((frequency - formant) / 180) ** 2)) for formant in (600, 1500))
        sound += strength * np.sin(2 * math.pi * frequency * time + harmonic)
    syllables = 0.55 + 0.45 * np.sin(2 * math.pi * 4 * time) * np.sin(2 * math.pi * 0.5 * time)
    sound *= syllables
    samples: Samples = (sound / np.abs(sound).max() * 9000).astype(np.int16)
    return [samples[at : at + FRAME_SAMPLES] for at in range(0, len(samples), FRAME_SAMPLES)]
