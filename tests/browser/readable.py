"""Whether text stands out from what is behind it, by the measure of WCAG 2 (level AA)."""

from playwright.sync_api import Page

from tests.browser.visitor import at_rest

# Colours of any notation become pixels on a canvas; backgrounds that are partly clear are laid over what is behind.
_LOOK = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], under) => [r, g, b].map((part, n) => part * a + under[n] * (1 - a));
  const behind = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) layers.push(rgba(getComputedStyle(e).backgroundColor));
    return layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255]);
  };
  const light = (colour) => {
    const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = colour.map((part) => linear(part / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const faint = [];
  const main = document.querySelector("main.harvest-upsales");
  const walker = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const style = getComputedStyle(element);
    if (!walker.currentNode.data.trim()) continue;
    if (!element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) continue;
    if (element.closest(":disabled, [data-disabled]") || element.closest("title")) continue;
    seen += 1;
    const under = behind(element);
    const text = over(rgba(element.closest("svg") ? style.fill : style.color), under);
    const [bright, dim] = [light(text), light(under)].sort((a, b) => b - a);
    const ratio = (bright + 0.05) / (dim + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) faint.push(`${ratio.toFixed(2)} ${walker.currentNode.data.trim().slice(0, 40)}`);
  }
  return seen < 10 ? ["hardly any text was seen"] : faint;
}"""


def too_faint(page: Page) -> list[str]:
    """Texts of the page with less contrast than 4.5 to 1 (large ones 3 to 1); disabled fields don't count."""
    # Colours fade in when a tab opens or the mouse leaves.
    at_rest(page)
    found: list[str] = page.evaluate(_LOOK)
    return sorted(set(found))
