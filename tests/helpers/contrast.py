"""How well text stands out: the WCAG contrast of what a browser draws."""

from __future__ import annotations

from playwright.sync_api import Page

# Every visible text with the colours that it and all backgrounds behind it have. Text over an
# image, a gradient or a chart's mark is left out: its background is not a style.
_LEFT_OUT = (
    "script, style, .katex-mathml, [disabled], [data-testid=stIconMaterial], [data-testid*=humb], "
    "svg .role-mark"
)
_LOW = """([least, leftOut]) => {
    const parse = text => {
        const found = text.match(/[\\d.]+/g);
        if (!found) return [0, 0, 0, 0];
        let [r, g, b, a = 1] = found.map(Number);
        if (text.startsWith("color(srgb")) [r, g, b] = [r, g, b].map(v => v * 255);
        return [r, g, b, a];
    };
    const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3]));
    const light = colour => {
        const [r, g, b] = colour.map(v => v / 255).map(
            v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = element => {
        const layers = [];
        for (let e = element; e; e = e.parentElement) {
            layers.push(parse(getComputedStyle(e).backgroundColor));
        }
        const dark = getComputedStyle(document.documentElement).colorScheme.includes("dark");
        return layers.reverse().reduce((below, top) => over(top, below), dark ? [0, 0, 0]
            : [255, 255, 255]);
    };
    const faded = element => {
        let share = 1;
        for (let e = element; e; e = e.parentElement) share *= Number(getComputedStyle(e).opacity);
        return share;
    };
    const low = {};
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const text = walker.currentNode.textContent.trim();
        const element = walker.currentNode.parentElement;
        if (!text || !element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) {
            continue;
        }
        if (element.closest(leftOut)) continue;
        const box = element.getBoundingClientRect();
        if (box.width < 2 || box.height < 2) continue;
        const style = getComputedStyle(element);
        const inChart = element instanceof SVGElement;
        const paint = parse(inChart ? style.fill : style.color);
        paint[3] *= faded(element) * (inChart ? Number(style.fillOpacity) : 1);
        const below = behind(inChart ? element.closest("svg").parentElement : element);
        const [a, b] = [light(over(paint, below)), light(below)];
        const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (contrast < least) low[text.slice(0, 60)] = Math.round(contrast * 100) / 100;
    }
    return low;
}"""

LEAST = 4.5
"""The contrast that WCAG 2 asks of text, level AA."""


def low_contrast(page: Page) -> dict[str, float]:
    """The texts of a page whose contrast is too low, with their contrast."""
    return page.evaluate(_LOW, [LEAST, _LEFT_OUT])
