"""The page of AIs and keys in a real browser, and images from the composer to the turn."""

import struct
import zlib
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.kit.browser import PHONE, Visits, ask, choose, new_name, sign_up, wait_for_state
from tests.site.running import OWNER_EMAIL, PASSWORD, Site
from tests.site.vendor import Vendor

pytestmark = pytest.mark.browser

NOTE = "This AI can’t see images: it was given the text alone."


def png(width: int = 40, height: int = 30) -> bytes:
    """A plain image, all of one colour."""
    rows = b"".join(b"\0" + b"\x3b\x7d\x8a" * width for _ in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def image_file(name: str, content: bytes | None = None) -> FilePayload:
    return {"name": name, "mimeType": "image/png", "buffer": png() if content is None else content}


def row(page: Page, slug: str) -> Locator:
    return page.locator(f'details[data-slug="{slug}"]')


def open_row(page: Page, slug: str) -> Locator:
    """The provider's row, opened by its address."""
    page.goto(f"/chat/ais#{slug}")
    found = row(page, slug)
    expect(found).to_have_attribute("open", "")
    return found


def save_key(provider: Locator, key: str) -> None:
    provider.get_by_label("Key", exact=True).fill(key)
    provider.get_by_role("button", name="Save key").click()


def record(visitor: Any, slug: str) -> dict[str, Any]:
    return dict(visitor.get(f"/api/chat/providers/{slug}"))


def test_a_key_is_refused_saved_used_and_removed(
    embedded_site: Site, vendor_scripts: Vendor, visit: Visits
) -> None:
    vendor_scripts.scripts["openai"] = lambda exchange: exchange.answer("With my own key.")
    visitor = visit(embedded_site)
    visitor.expect_error("400")
    page = visitor.page
    sign_up(page, new_name())
    openai = open_row(page, "openai")
    expect(openai.locator("summary").first).to_contain_text("Ready with this server’s key")

    save_key(openai, "sk-bad-and-rejected-0000")
    expect(openai.get_by_label("Key", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(openai).to_contain_text("OpenAI rejected this key, so it was not saved.")
    assert record(visitor, "openai")["key"] is None

    save_key(openai, "sk-good-one-with-9876")
    expect(openai.locator("summary").first).to_contain_text("Ready with your key")
    expect(openai.locator("summary").first).to_contain_text("…9876")
    expect(openai.get_by_label("Key", exact=True)).to_have_value("")
    expect(page.get_by_role("status")).to_contain_text("The key works and is saved. OpenAI is ready.")
    assert record(visitor, "openai")["key"]["last4"] == "9876"

    openai.get_by_role("button", name="Test").click()
    expect(openai.locator(".work-ok")).to_have_text("OpenAI answers.")

    page.get_by_role("link", name="New conversation").first.click()
    choose(page, "openai")
    ask(page, "Whose key?")
    wait_for_state(page, openai="done")

    openai = open_row(page, "openai")
    expect(openai).to_contain_text("last used")
    openai.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert record(visitor, "openai")["key"] is not None
    openai.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(openai.locator("summary").first).to_contain_text("Ready with this server’s key")
    assert record(visitor, "openai")["key"] is None


def test_a_preference_is_asked_with_and_forgotten(
    embedded_site: Site, vendor_scripts: Vendor, visit: Visits
) -> None:
    vendor_scripts.scripts["openai"] = lambda exchange: exchange.answer("As you like it.")
    visitor = visit(embedded_site)
    page = visitor.page
    sign_up(page, new_name())
    openai = open_row(page, "openai")
    save = openai.get_by_role("button", name="Save", exact=True)
    openai.get_by_label("Temperature").fill("3")
    save.click()
    expect(openai).to_contain_text("Enter a number from 0 to 2.")
    openai.get_by_label("Model", exact=True).fill("a-model-of-mine")
    openai.get_by_label("Temperature").fill("0.5")
    openai.get_by_label("Longest answer").fill("70")
    openai.get_by_label("Instructions").fill("Be brief.")
    save.click()
    expect(openai.locator(".work-ok")).to_contain_text("Saved.")
    expect(openai.locator("summary").first).to_contain_text("a-model-of-mine")

    page.goto("/chat/")
    choose(page, "openai")
    ask(page, "How?")
    wait_for_state(page, openai="done")
    asked = next(body for name, body in vendor_scripts.asked if name == "openai")
    assert (asked["model"], asked["temperature"]) == ("a-model-of-mine", 0.5)
    assert "Be brief." in str(asked["messages"][0])

    openai = open_row(page, "openai")
    expect(openai.get_by_label("Instructions")).to_have_value("Be brief.")
    openai.get_by_role("button", name="Back to the defaults").click()
    expect(openai.get_by_label("Instructions")).to_have_value("")
    assert record(visitor, "openai")["preference"]["model"] == ""


def test_the_owner_adds_a_server_for_everybody_and_removes_it(
    keyless_site: Site, vendor_scripts: Vendor, visit: Visits
) -> None:
    vendor_scripts.models["house"] = tuple(f"model-{number}" for number in range(60))
    owner = visit(keyless_site)
    owner.expect_error("403|400")
    page = owner.page
    page.goto("/accounts/login/?next=/chat/ais")
    page.get_by_label("Email or username").fill(OWNER_EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(row(page, "openai")).to_be_visible()
    page.get_by_text("Add a server").click()
    form = page.locator("#add-server")
    form.get_by_role("button", name="Add the server").click()
    expect(form).to_contain_text("Give it a name.")
    form.get_by_label("Name").fill("House")
    form.get_by_label("Address").fill(vendor_scripts.address("house"))
    form.get_by_role("button", name="Add the server").click()
    expect(form).to_contain_text("This address leads into a private network.")
    form.get_by_label("For everybody").check()
    form.get_by_role("button", name="Add the server").click()
    house = row(page, "house")
    expect(house).to_have_attribute("open", "")
    house.get_by_text("60 models").click()
    expect(house.get_by_text("The first 50 of 60: search for the others.")).to_be_visible()
    house.get_by_label("Search the models").fill("model-59")
    expect(house.locator("tbody tr")).to_have_count(1)

    guest = visit(keyless_site).sign_in("guest")
    guest.page.goto("/chat/ais#house")
    expect(row(guest.page, "house").locator("summary").first).to_contain_text("Ready")
    expect(row(guest.page, "house").get_by_role("button", name="Remove this server")).to_have_count(0)

    house.get_by_text("Name and address").click()
    house.get_by_label("Name", exact=True).fill("The house")
    house.get_by_role("button", name="Save", exact=True).last.click()
    expect(house.locator("summary").first).to_contain_text("The house")
    house.get_by_role("button", name="Remove this server").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(house).to_have_count(0)
    assert "house" not in [one["slug"] for one in owner.get("/api/chat/providers")]


def test_without_its_script_the_page_sends_no_key_anywhere(keyless_site: Site, visit: Visits) -> None:
    page = visit(keyless_site, java_script_enabled=False).sign_in("scriptless").page
    page.goto("/chat/ais")
    page.get_by_text("Add a server").click()
    page.locator("#add-server").get_by_label("Key").fill("sk-secret")
    page.locator("#add-server").get_by_role("button", name="Add the server").click()
    assert page.url == f"{keyless_site.url}/chat/ais"


def test_who_has_no_key_is_led_to_the_page_where_they_are_added(keyless_site: Site, visit: Visits) -> None:
    page = visit(keyless_site).page
    sign_up(page, new_name())
    page.get_by_role("link", name="Add a key").click()
    expect(page.get_by_text("Add your first key")).to_be_visible()
    page.goto("/chat/")
    page.get_by_role("button", name="Choose the AIs").click()
    page.locator("#ai-list").get_by_role("link", name="Anthropic").click()
    expect(row(page, "anthropic")).to_have_attribute("open", "")
    expect(row(page, "anthropic").get_by_role("button", name="Save key")).to_be_visible()


def test_a_rejected_key_leads_to_its_place(
    embedded_site: Site, vendor_scripts: Vendor, visit: Visits
) -> None:
    vendor_scripts.scripts["groq"] = lambda exchange: exchange.refuse(401, "no such key")
    page = visit(embedded_site).sign_in("rejected").page
    page.goto("/chat/")
    choose(page, "groq")
    ask(page, "Who are you?")
    wait_for_state(page, groq="failed")
    page.locator(".turn.live").get_by_role("link", name="Open AIs and keys").click()
    expect(row(page, "groq")).to_have_attribute("open", "")


def test_a_refusal_is_shown_as_what_the_ai_said(
    embedded_site: Site, vendor_scripts: Vendor, visit: Visits
) -> None:
    vendor_scripts.scripts["openai"] = lambda exchange: exchange.decline("I would rather not.")
    page = visit(embedded_site).sign_in("refused").page
    page.goto("/chat/")
    choose(page, "openai")
    ask(page, "Would you?")
    wait_for_state(page, openai="done")
    card = page.locator(".turn.live .card")
    expect(card).to_contain_text("The AI declined to answer.")
    expect(card).to_contain_text("I would rather not.")


def test_an_image_goes_along_and_stays_with_its_question(
    embedded_site: Site, vendor_scripts: Vendor, visit: Visits
) -> None:
    vendor_scripts.scripts["openai"] = lambda exchange: exchange.answer("A plain colour.")
    visitor = visit(embedded_site)
    visitor.expect_error("415")
    page = visitor.page
    sign_up(page, new_name())
    choose(page, "openai", "demo:quick")
    files = page.locator("#attach-file")
    files.set_input_files([image_file("one.png"), image_file("two.png")])
    expect(page.locator(".tray-image")).to_have_count(2)
    files.set_input_files(image_file("no.png", b"not an image"))
    expect(page.locator("#composer-note")).to_contain_text("This is not an image WeBox can read.")
    expect(page.locator(".tray-image")).to_have_count(2)

    # A reload keeps what was added; an image alone is no question.
    page.reload()
    expect(page.locator(".tray-image")).to_have_count(2)
    page.get_by_role("button", name="Remove the image").last.click()
    page.get_by_label("Your question").press("Enter")
    expect(page.locator("#composer-note")).to_have_text("Write a question about the images.")
    ask(page, "What is this?")
    expect(page.locator(".tray-image")).to_have_count(0)
    wait_for_state(page, openai="done", demo="done")
    expect(page.locator('.turn.live .column[data-provider="demo"]')).to_contain_text(NOTE)
    expect(page.locator('.turn.live .column[data-provider="openai"]')).not_to_contain_text(NOTE)
    asked = next(body for name, body in vendor_scripts.asked if name == "openai")
    assert "data:image/png;base64," in str(asked["messages"])

    page.reload()
    thumbnail = page.locator(".gallery img")
    expect(thumbnail).to_have_count(1)
    page.wait_for_function("() => document.querySelector('.gallery img').naturalWidth === 40")
    thumbnail.click()
    expect(page.get_by_role("dialog", name="Image")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Image")).to_be_hidden()


def test_a_question_waits_for_its_images(embedded_site: Site, visit: Visits) -> None:
    page = visit(embedded_site).sign_in("waiting").page
    page.goto("/chat/")
    choose(page, "demo:quick")
    held: list[Any] = []
    page.route("**/api/chat/attachments", lambda route: held.append(route))
    page.locator("#question").evaluate(
        """(field, bytes) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(bytes)], "pasted.png", { type: "image/png" }));
          field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true }));
        }""",
        list(png()),
    )
    page.get_by_label("Your question").fill("Do you wait?")
    page.get_by_label("Your question").press("Enter")
    expect(page.locator("#composer-note")).to_contain_text("Waiting for the images.")
    assert page.locator(".turn").count() == 0
    held[0].continue_()
    page.locator(".turn .gallery img").wait_for()


def test_an_image_can_be_dropped_anywhere(embedded_site: Site, visit: Visits) -> None:
    page = visit(embedded_site).sign_in("dropping").page
    page.goto("/chat/")
    page.locator("#first").evaluate(
        """(target, bytes) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([new Uint8Array(bytes)], "dropped.png", { type: "image/png" }));
          for (const type of ["dragover", "drop"]) {
            target.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
          }
        }""",
        list(png()),
    )
    expect(page.locator(".tray-image progress")).to_have_count(0)
    expect(page.locator(".tray-image")).to_have_count(1)
    page.get_by_role("button", name="Remove the image").click()
    expect(page.locator(".tray-image")).to_have_count(0)


def test_the_page_fits_a_phone_with_everything_open(embedded_site: Site, visit: Visits) -> None:
    page = visit(embedded_site, PHONE).sign_in("narrow").page
    openai = open_row(page, "openai")
    for fold in openai.locator(".part-fold > summary").all():
        fold.click()
    for one in ("html", ".page"):
        wide = page.locator(one).evaluate("(node) => node.scrollWidth - node.clientWidth")
        assert wide <= 0, one


def test_the_list_works_by_keyboard_alone(embedded_site: Site, visit: Visits) -> None:
    page = visit(embedded_site).sign_in("keyboard").page
    page.goto("/chat/ais")
    summary = row(page, "mistral").locator("summary").first
    summary.focus()
    page.keyboard.press("Enter")
    expect(row(page, "mistral")).to_have_attribute("open", "")
    key = row(page, "mistral").get_by_label("Key", exact=True)
    expect(key).to_be_visible()
    page.keyboard.press("Tab")
    expect(key).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(key).to_have_attribute("type", "text")
