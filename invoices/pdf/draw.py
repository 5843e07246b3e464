"""Draws one page of the PDF on standard input as WebP, which it prints; prints nothing for what cannot be drawn.

Its `main` runs in the box (box.py), for picture.py; never imported by the portal. Its arguments: PAGE, from 1,
and the WIDTH and HEIGHT in pixels that the picture fits in, whatever size the page says it has.

pdfium is built without JavaScript and XFA here, follows no link, and opens no other file: it draws the page as
it lies there, with its annotations and the values of its form's fields.
"""

import io
import math
import sys

import pypdfium2
from PIL import Image

QUALITY = 60
WHITE = (255, 255, 255, 255)


def picture(content: bytes, number: int, width: int, height: int) -> bytes:
    """The page as WebP; raises PdfiumError, ValueError or MemoryError."""
    document = pypdfium2.PdfDocument(content)
    document.init_forms()  # before any page is opened, or the fields' values are not drawn
    page = document[number - 1]
    size = page.get_size()
    if not all(math.isfinite(side) and side > 0 for side in size):
        raise ValueError("a page without a size")
    scale = min(width / size[0], height / size[1])
    bitmap = page.render(scale=scale, fill_color=WHITE, rev_byteorder=True, limit_image_cache=True)
    drawn: Image.Image = bitmap.to_pil()
    # What a scale rounds up to is a pixel too many at most.
    drawn = drawn.crop((0, 0, min(drawn.width, width), min(drawn.height, height)))
    encoded = io.BytesIO()
    drawn.save(encoded, "WEBP", quality=QUALITY, method=4)
    return encoded.getvalue()


def main() -> None:
    try:
        answer = picture(sys.stdin.buffer.read(), *map(int, sys.argv[1:4]))
    except (pypdfium2.PdfiumError, ValueError, MemoryError):
        answer = b""
    sys.stdout.buffer.write(answer)
