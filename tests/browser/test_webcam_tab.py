"""The camera tab as a visitor uses it, with Chromium's camera for tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect


@pytest.mark.nightly  # test_camera.py has what the server does with an image of the camera
def test_answers_come_while_the_camera_runs(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.context.grant_permissions(["camera"])
    page.get_by_role("tab", name="Camera").click()
    page.get_by_text("Switch the camera on", exact=True).click()
    page.locator("#camera button[aria-label='capture photo']").click()

    label = page.locator("#live").get_by_test_id("label-output-value")
    expect(label).to_be_visible()
    page.wait_for_event("request", lambda request: "stream" in request.url)  # it goes on by itself
    page.locator("#camera button[aria-label='capture photo']").click()


@pytest.mark.nightly
def test_a_camera_that_the_browser_refuses_says_what_to_do(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.evaluate(
        """() => {
          navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("", "NotAllowedError"); };
        }"""
    )
    page.get_by_role("tab", name="Camera").click()
    page.get_by_text("Switch the camera on", exact=True).click()

    expect(page.locator("#camera button").get_by_text("Allow it in the browser’s address bar")).to_be_visible()


@pytest.mark.nightly
def test_a_page_that_is_not_secure_says_so_once(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.evaluate("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
    page.get_by_role("tab", name="Camera").click()
    page.get_by_text("Switch the camera on", exact=True).click()

    expect(page.locator("#camera button").get_by_text("Open this page with https")).to_be_visible()
    expect(page.get_by_test_id("toast-body")).to_have_count(0)
