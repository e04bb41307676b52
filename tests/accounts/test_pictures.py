"""What becomes of a file that somebody calls a picture."""

from __future__ import annotations

import io
import zlib
from typing import cast

import pytest
from PIL import Image

from accounts import logos, pictures
from accounts.errors import Invalid, Unavailable
from tests.photographs import a_picture

ORIENTATION = 0x0112
UPSIDE_DOWN = 3


def made(raw: bytes) -> Image.Image:
    """What is kept of ``raw``."""
    image = Image.open(io.BytesIO(pictures.square(raw)))
    image.load()
    return image


def pixel(image: Image.Image, at: tuple[int, int]) -> tuple[int, int, int]:
    """Red, green and blue of one point."""
    return cast("tuple[int, int, int]", image.convert("RGB").getpixel(at))


def slow() -> bytes:
    """A small JPEG with its last scan two hundred times over, each of which a decoder works through."""
    raw = a_picture("JPEG", (64, 64), progressive=True)
    scan = raw[raw.rindex(b"\xff\xda") : -2]
    return raw[:-2] + 200 * scan + raw[-2:]


def bomb() -> bytes:
    """A PNG of a few hundred bytes that says to have 900 million pixels, and of a kind that unpacks to what it says."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checked = name + content
        return len(content).to_bytes(4) + checked + zlib.crc32(checked).to_bytes(4)

    side = 30_000
    header = side.to_bytes(4) + side.to_bytes(4) + bytes((1, 0, 0, 0, 0))
    body = zlib.compress(bytes((side // 8 + 1) * 100), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("size", [(40, 30), (30, 4000), (1, 1), (3000, 2000)])
def test_every_picture_becomes_a_small_square(kind: str, size: tuple[int, int]) -> None:
    kept = made(a_picture(kind, size))
    assert (kept.format, kept.size) == ("WEBP", (pictures.SIDE, pictures.SIDE))
    red, green, blue = pixel(kept, (100, 100))
    assert (red < 30, 90 < green < 160, 90 < blue < 160) == (True, True, True)
    assert len(pictures.square(a_picture(kind, size))) < 30_000


def test_it_stands_upright_and_says_nothing_of_where_it_was_taken() -> None:
    half = Image.new("RGB", (200, 200), "white")
    half.paste("red", (0, 0, 200, 100))
    exif = Image.Exif()
    exif[ORIENTATION] = UPSIDE_DOWN
    exif[0x010F] = "Secret camera 4711"
    raw = io.BytesIO()
    half.save(raw, "JPEG", exif=exif, comment=b"Secret remark", icc_profile=b"Secret profile")
    kept = pictures.square(raw.getvalue())
    assert b"Secret" in raw.getvalue()
    assert b"Secret" not in kept
    assert b"EXIF" not in kept
    image = made(raw.getvalue())
    assert pixel(image, (128, 20)) > (240, 240, 240), "the red half is below now"
    assert image.info.keys() <= {"loop", "background", "timestamp", "duration"}


def test_an_animation_stands_still_and_what_was_clear_stays_clear() -> None:
    raw = io.BytesIO()
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    frames[0].save(raw, "GIF", save_all=True, append_images=frames[1:])
    assert getattr(made(raw.getvalue()), "n_frames", 1) == 1
    clear = io.BytesIO()
    Image.new("RGBA", (64, 64), (0, 0, 0, 0)).save(clear, "PNG")
    assert made(clear.getvalue()).convert("RGBA").getchannel("A").getextrema() == (0, 0)


def test_a_camera_may_send_in_steps_and_a_logo_in_no_more_than_a_picture() -> None:
    assert made(a_picture("JPEG", (900, 900), progressive=True)).format == "WEBP"
    with pytest.raises(Invalid, match="not a picture that can be read"):
        logos.drawn_anew(slow())


def test_who_comes_while_another_picture_takes_long_is_asked_to_try_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pictures, "_WAIT_S", 0.01)
    with pictures._unpacking, pytest.raises(Unavailable) as refused:
        pictures.square(a_picture())
    assert refused.value.code == "busy"
    assert made(a_picture()).format == "WEBP", "and then it is done"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "no picture in what was sent"),
        (b"x" * (pictures.UPLOAD_MAX + 1), "more than 5 MB"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "no picture that can"),
        (b"%PDF-1.7", "no picture that can"),
        (b"GIF89a", "no picture that can"),
        (a_picture("BMP"), "no picture that can"),
        (a_picture("TIFF"), "no picture that can"),
        (a_picture("JPEG", (900, 900))[:2000], "no picture that can"),
        (bomb(), "million pixels"),
        (a_picture("PNG", (5000, 4001)), "20 million pixels"),
        (slow(), "no picture that can"),
    ],
    ids=["nothing", "long", "svg", "pdf", "beginning", "bmp", "tiff", "cut", "bomb", "large", "slow"],
)
def test_what_is_no_picture_or_too_much_of_one_is_refused_in_a_sentence(raw: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words) as refused:
        pictures.square(raw)
    assert (refused.value.code, refused.value.field) == ("invalid_picture", "picture")
