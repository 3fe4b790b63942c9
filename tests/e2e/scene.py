"""What the camera at the front door of the demo house sees at night: drawn, so that nobody was filmed for it."""

import io

from PIL import Image, ImageDraw, ImageFilter

SIZE = (1280, 720)
PERSON = (690, 205, 835, 620)
"""Left, top, right, bottom of whoever stands there, in pixels."""


def front_door_at_night() -> bytes:
    """Return the picture as JPEG: a door, a lamp, and somebody before it."""
    picture = Image.new("RGB", SIZE, (17, 20, 27))
    draw = ImageDraw.Draw(picture)
    for row in range(0, 560, 46):
        shift = 60 if row // 46 % 2 else 0
        for column in range(-120, 1280, 120):
            draw.rectangle((column + shift, row, column + shift + 114, row + 41), fill=(46, 41, 39))
    draw.polygon([(0, 560), (1280, 560), (1280, 720), (0, 720)], fill=(38, 41, 42))
    draw.rectangle((470, 140, 660, 575), fill=(28, 42, 52), outline=(74, 86, 92), width=8)
    draw.rectangle((500, 180, 630, 330), fill=(52, 63, 66))
    draw.ellipse((620, 350, 640, 370), fill=(160, 150, 110))
    glow = Image.new("L", SIZE, 0)
    ImageDraw.Draw(glow).ellipse((330, -60, 1000, 700), fill=120)
    lamp = Image.new("RGB", SIZE, (214, 180, 110))
    picture = Image.composite(lamp, picture, glow.filter(ImageFilter.GaussianBlur(150)))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((548, 92, 582, 128), fill=(255, 236, 180))
    dark = (13, 13, 17)
    left, top, right, bottom = PERSON
    middle = (left + right) // 2
    draw.ellipse((middle - 36, top, middle + 36, top + 88), fill=dark)
    draw.rounded_rectangle((left + 8, top + 78, right - 8, top + 275), radius=44, fill=dark)
    draw.rounded_rectangle((left - 34, top + 110, left + 40, top + 150), radius=18, fill=dark)
    draw.rectangle((left + 24, top + 240, middle - 8, bottom), fill=dark)
    draw.rectangle((middle + 8, top + 240, right - 24, bottom), fill=dark)
    draw.rectangle((left - 40, top - 14, right + 14, bottom + 12), outline=(255, 64, 64), width=4)
    draw.rectangle((left - 40, top - 52, left + 130, top - 14), fill=(255, 64, 64))
    draw.text((left - 28, top - 46), "person 87%", fill=(255, 255, 255), font_size=26)
    draw.text((24, 664), "Front door", fill=(235, 235, 235), font_size=34)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=82)
    return out.getvalue()
