"""Fixtures for tests in a real browser: watched pages, light and dark, on an iPad and at a desk."""

import os
from pathlib import Path

import pytest

from clinic.models import Resource
from tests import factories
from tests.support.browser import choose_playwright_node, launch_args
from tests.support.pages import SIZES, sign_in, watch

HERE = Path(__file__).parent

# Playwright's synchronous interface keeps an event loop in this thread; Django would refuse the
# database there, though nothing in these tests is asynchronous.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark every test in this folder, so that `-m "not browser"` leaves them out."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("browser")


@pytest.fixture(scope="session", autouse=True)
def playwright_node():
    """Choose the Node.js that drives the browser before anything starts it."""
    choose_playwright_node()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Start the browser that is there (tests/support/browser.py)."""
    return {**browser_type_launch_args, **launch_args()}


@pytest.fixture
def theme(request):
    """The colour scheme of `page`: parametrise indirectly with "light" and "dark"."""
    return getattr(request, "param", "light")


@pytest.fixture
def size(request):
    """The screen of `page`: parametrise indirectly with "ipad" and "desk"."""
    return getattr(request, "param", "desk")


@pytest.fixture
def complaints():
    """What the watched pages of this test complained about; a test may remove what it provoked."""
    return []


@pytest.fixture
def open_context(new_context, live_server, complaints):
    """Return a function that opens a browser context of its own, for a second person."""

    def open_context(*, theme="light", size="desk", **options):
        context = new_context(
            base_url=live_server.url,
            color_scheme=theme,
            viewport=SIZES[size],
            has_touch=size == "ipad",
            locale="en-GB",
            timezone_id="Europe/London",
            reduced_motion="reduce",
            **options,
        )
        watch(context, complaints)
        return context

    yield open_context
    assert complaints == []


@pytest.fixture
def context(open_context, theme, size):
    """One person's browser, in the test's theme and size."""
    return open_context(theme=theme, size=size)


@pytest.fixture
def robin(page, live_server, clinic):
    """Return a practitioner with a place in the diary, signed in."""
    person = factories.staff(clinic, first_name="Robin", last_name="Sample")
    unit = clinic.resources.practitioners().first()
    Resource.objects.filter(pk=unit.pk).update(user=person)
    sign_in(page, live_server, person)
    return person
