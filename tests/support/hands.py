"""The hands of a person at a page, who count what they do: a click, a key, a field typed."""


class Keyboard:
    """A person at the keys of a page; `count` is how many actions it took."""

    def __init__(self, page):
        self.page, self.count = page, 0

    def press(self, key):
        """Press one key; a page that has just come listens once it is loaded."""
        self.page.wait_for_load_state()
        self.page.keyboard.press(key)
        self.count += 1

    def type(self, text):
        """Fill the field in focus."""
        self.page.keyboard.type(text)
        self.count += 1


class Mouse:
    """A person with a mouse; `count` is how many actions it took."""

    def __init__(self, page):
        self.page, self.count = page, 0

    def click(self, name, role="button"):
        """Press what has a name, the first of it."""
        self.page.get_by_role(role, name=name).first.click()
        self.count += 1

    def tap(self, selector):
        """Press what a selector finds first."""
        self.page.locator(selector).first.click()
        self.count += 1
