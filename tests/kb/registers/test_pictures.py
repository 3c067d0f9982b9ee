"""Uploads become small pictures without metadata, or are refused in one line."""

import zipfile
from io import BytesIO

import pytest
from PIL import ExifTags, Image, TiffImagePlugin

from kb.errors import InputError
from kb.registers.pictures import logo, names_of, photograph, size_in

GPS_TAG, ORIENTATION_TAG = 0x8825, 0x0112


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    stream = BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def from_a_telephone() -> bytes:
    """A photograph that says where it was taken, and lies on its side."""
    image = Image.new("RGB", (2000, 1000), "navy")
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = 6
    exif[0x010F] = "Secret telephone"
    gps = exif.get_ifd(GPS_TAG)
    gps[1], gps[2] = "N", tuple(TiffImagePlugin.IFDRational(n) for n in (45, 39, 0))
    return encoded(image, "JPEG", exif=exif, comment=b"Secret comment")


def test_a_photograph_loses_where_it_was_taken_and_stands_upright() -> None:
    upload = from_a_telephone()
    with Image.open(BytesIO(upload)) as sent:
        assert sent.getexif().get_ifd(GPS_TAG)
    for picture in photograph(upload):
        assert b"Secret" not in picture.content
        with Image.open(BytesIO(picture.content)) as kept:
            assert kept.format == "WEBP"
            assert not kept.getexif()
            assert not {"exif", "xmp", "icc_profile", "comment"} & kept.info.keys()
            assert kept.height == 2 * kept.width


def test_a_photograph_is_kept_in_the_widths_that_its_name_tells() -> None:
    upload = encoded(Image.effect_noise((1200, 800), 40).convert("RGB"), "PNG")
    pictures = photograph(upload)
    names = [picture.name for picture in pictures]
    assert names_of(names[-1]) == names
    assert [size_in(name).width for name in names] == [480, 960, 1200]
    for picture in pictures:
        with Image.open(BytesIO(picture.content)) as kept:
            assert (kept.width, kept.height) == (
                size_in(picture.name).width,
                size_in(picture.name).height,
            )
    # The same content has the same names, another has others.
    assert [picture.name for picture in photograph(upload)] == names
    other = photograph(encoded(Image.new("RGB", (1200, 800), "red"), "PNG"))
    assert not set(names) & {picture.name for picture in other}


def test_a_logo_keeps_what_is_transparent() -> None:
    drawn = Image.new("RGBA", (960, 320), (0, 0, 0, 0))
    picture = logo(encoded(drawn, "PNG"))
    with Image.open(BytesIO(picture.content)) as kept:
        assert (kept.format, kept.size) == ("PNG", (480, 160))
        assert kept.getpixel((0, 0)) == (0, 0, 0, 0)


TURNED = Image.Exif()
TURNED.update({ExifTags.Base.ImageWidth: 9, ExifTags.Base.Orientation: 6})


def with_a_bad_type(jpeg: bytes) -> bytes:
    """The first of its EXIF values said to be a text, which is a number."""
    at = jpeg.index(b"Exif") + 18
    assert jpeg[at : at + 2] == b"\0\4"
    return jpeg[:at] + b"\0\2" + jpeg[at + 2 :]


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def test_what_is_no_picture_is_refused() -> None:
    small = Image.new("RGB", (9, 9))
    for upload, code in (
        (b"", "picture_format"),
        (SVG, "picture_format"),
        (encoded(small, "GIF"), "picture_format"),
        (encoded(Image.effect_noise((90, 90), 40), "JPEG")[:900], "picture_damaged"),
        (with_a_bad_type(encoded(small, "JPEG", exif=TURNED)), "picture_damaged"),
        (b"\0" * 8_000_001, "picture_mb"),
        # A few kilobytes that would be two hundred megabytes of pixels.
        (encoded(Image.new("1", (10_000, 7_000)), "PNG"), "picture_pixels"),
    ):
        with pytest.raises(InputError) as refusal:
            photograph(upload)
        assert refusal.value.code == code


PAGE = b"<!doctype html><script>alert(1)</script>"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_nothing_but_pixels_is_kept_of_a_picture(form: str) -> None:
    """A file that is a picture and a page, a script or an archive too is a picture afterwards."""
    image = Image.effect_noise((90, 90), 40).convert("RGB")
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("index.html", PAGE)
    for tail in (PAGE, archive.getvalue(), b"<?php system($_GET[0]); ?>"):
        upload = encoded(image, form, exif=described(PAGE.decode())) + tail
        kept = [*photograph(upload), logo(upload)]
        for picture in kept:
            assert b"<script>" not in picture.content
            assert tail not in picture.content
            assert not zipfile.is_zipfile(BytesIO(picture.content))
            assert Image.open(BytesIO(picture.content)).format in {"WEBP", "PNG"}


def described(text: str) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = text
    return exif
