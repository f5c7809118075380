"""What the browser fixtures promise: a page's faults do not go unheard."""

import pytest

from tests.support.pages import axe

ADD = "html => document.querySelector('main').insertAdjacentHTML('beforeend', html)"


@pytest.fixture
def sign_in_page(page):
    """The first page a stranger sees."""
    page.goto("/account/login/")
    return page


@pytest.mark.parametrize("size", ["ipad", "desk"], indirect=True)
@pytest.mark.parametrize("theme", ["light", "dark"], indirect=True)
def test_the_sign_in_page_is_accessible_in_every_look(sign_in_page, theme, size):
    assert sign_in_page.locator("html").get_attribute("data-bs-theme") == theme
    axe(sign_in_page)


def test_a_breach_of_the_content_policy_is_heard(sign_in_page, complaints):
    with sign_in_page.expect_console_message(lambda said: said.text.startswith("Content-Sec")):
        sign_in_page.evaluate(ADD, "<p style='color: red'>Inline style</p>")

    assert "console: Content-Security-Policy: style-src-attr blocked inline" in complaints
    complaints.clear()


def test_a_script_that_fails_is_heard(sign_in_page, complaints):
    with sign_in_page.expect_event("pageerror"):
        sign_in_page.evaluate("() => void setTimeout(() => { throw new Error('broken'); })")

    assert [text.splitlines()[0] for text in complaints] == ["script: broken"]
    complaints.clear()


def test_an_image_without_words_fails_the_accessibility_check(sign_in_page):
    sign_in_page.evaluate(ADD, "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA='>")

    with pytest.raises(AssertionError, match="image-alt"):
        axe(sign_in_page)


def test_a_target_too_small_for_a_finger_fails_the_accessibility_check(sign_in_page):
    sign_in_page.evaluate(ADD, "<button id='a'>x</button><button id='b'>y</button>")
    sign_in_page.evaluate(
        "() => { for (const id of 'ab') { const one = document.getElementById(id);"
        " one.style.width = one.style.height = '9px'; one.style.padding = '0'; } }"
    )

    with pytest.raises(AssertionError, match="target-size"):
        axe(sign_in_page)
