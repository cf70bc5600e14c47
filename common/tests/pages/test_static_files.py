"""What browsers can ask for: the pages' own files, and nothing that only tests or tools need."""

from django.contrib.staticfiles import finders


def test_no_test_and_no_package_list_is_served() -> None:
    served = [name for finder in finders.get_finders() for name, _storage in finder.list([])]
    assert len(served) > 200
    assert [
        name
        for name in served
        if name.startswith(("webox/", "chat/", "accounts/", "dashboard/"))
        and ("/tests/" in name or name.endswith((".test.js", ".json")))
    ] == []
    assert "package.json" not in served
