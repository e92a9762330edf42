"""What a picture is made of: rectangles, texts and lines across, as SVG."""

from html import escape

from tests.local.dashboard.axis import Box


def rectangle(box: Box, **attributes: str) -> str:
    where = f'x="{box.left:g}" y="{box.top:g}" width="{box.width:g}" height="{box.height:g}"'
    looks = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    return f"<rect {where} {looks}/>"


def text(
    left: float,
    base: float,
    content: str,
    *,
    size: int = 11,
    color: str = "#16191f",
    weight: str = "normal",
    anchor: str = "start",
) -> str:
    where = f'x="{left:g}" y="{base:g}" font-size="{size}" fill="{color}"'
    return f'<text {where} font-weight="{weight}" text-anchor="{anchor}">{escape(content)}</text>'


def across(height: float, plot: Box, **attributes: str) -> str:
    ends = f'x1="{plot.left:g}" y1="{height:g}" x2="{plot.left + plot.width:g}" y2="{height:g}"'
    looks = " ".join(f'{name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f"<line {ends} {looks}/>"
