"""A person who has a keyboard and nothing else."""

from playwright.sync_api import Locator, Page, expect

FURTHEST = 120

# What is wrong with the place that has the focus: not seen to have it (WCAG 2.4.7), or hidden by what lies over it
# (2.4.11). The ring may be drawn by the box of a choice, or by the area of a link that covers its whole card.
FOCUS = """() => {
    const element = document.activeElement;
    if (element === document.body) return [];
    const name = `${element.tagName}#${element.id} « ${element.textContent.trim().slice(0, 40)} »`;
    const rings = [getComputedStyle(element), getComputedStyle(element, "::after")];
    if (element.closest(".choice")) rings.push(getComputedStyle(element.closest(".choice")));
    const wrong = [];
    if (!rings.some((ring) => ring.outlineStyle !== "none" && parseFloat(ring.outlineWidth) >= 2)) {
        wrong.push(`${name} has the focus, and does not show it`);
    }
    const box = element.getBoundingClientRect();
    const seen = [0.1, 0.5, 0.9].some((part) => {
        const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height * part);
        return top && (top === element || element.contains(top) || top.contains(element));
    });
    if (!seen) wrong.push(`${name} has the focus, and is hidden at ${box.top} to ${box.bottom} px`);
    return wrong;
}"""


class Keyboard:
    """The keys of one tab; AssertionError as soon as the focus cannot be seen."""

    def __init__(self, page: Page) -> None:
        self.page = page
        # From now on Playwright stands in for the system's dialog. Asked only when a file is chosen, it may come to
        # that after the key, and the real dialog then stays open out of its reach.
        page.on("filechooser", lambda chooser: None)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        """Write over what the field holds."""
        self.press("ControlOrMeta+a")
        self.page.keyboard.type(text)

    def go_to(self, target: Locator, key: str = "Tab") -> None:
        """Tab (or Shift+Tab) as far as the target."""
        expect(target).to_be_visible()
        for _ in range(FURTHEST):
            if target.evaluate("element => element === document.activeElement"):
                return
            self.press(key)
            assert not (wrong := self.page.evaluate(FOCUS)), wrong
        raise AssertionError(f"{target} is not reached with {key}")

    def fill(self, target: Locator, text: str) -> None:
        self.go_to(target)
        self.type(text)

    def choose_file(self, target: Locator, file: object, key: str = "Tab") -> None:
        """Open the file field, and choose in the system's own dialog."""
        self.go_to(target, key)
        with self.page.expect_file_chooser() as chooser:
            self.press("Space")
        chooser.value.set_files(file)
