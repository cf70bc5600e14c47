"""One's own data in a browser: exported to a file, and brought in again by somebody else."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.kit.browser import Visits, new_name
from tests.site.running import Site
from tests.site.vendor import Vendor, answering

pytestmark = pytest.mark.browser


def test_what_was_exported_is_imported_by_choosing_the_file(
    embedded_site: Site, vendor_scripts: Vendor, visit: Visits, tmp_path: Path
) -> None:
    vendor_scripts.scripts = {"openai": answering("An answer to keep.")}
    one, other = visit(embedded_site).sign_in(new_name()), visit(embedded_site).sign_in(new_name())
    one.post("/api/chat/send", message="Which bicycle?", selected_providers=["openai"])
    one.page.goto("/accounts/data")
    with one.page.expect_download() as download:
        one.page.get_by_role("link", name="Export as JSON").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)

    for said in ("1 conversation was brought in.", "0 conversations were brought in. 1 was here already."):
        other.page.goto("/accounts/data")
        other.page.get_by_label("Choose a file…").set_input_files(file)
        expect(other.page.get_by_role("status").get_by_text(said)).to_be_visible()
    other.page.get_by_role("link", name="Which bicycle?").click()
    expect(other.page.get_by_text("An answer to keep.")).to_be_visible()

    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"format": "another"}')
    other.page.goto("/accounts/data")
    other.page.get_by_label("Choose a file…").set_input_files(wrong)
    expect(other.page.get_by_text("This is not a file that WeBox exported")).to_be_visible()
