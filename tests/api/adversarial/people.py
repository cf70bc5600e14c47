"""Who asks: the owner, a person by a browser's session; and one of everything that is the owner's."""

from dataclasses import dataclass
from typing import Any

import httpx

from tests.site.running import OWNER_EMAIL, PASSWORD, Account, Site
from tests.site.vendor import Vendor, answering


def owner_of(site: Site) -> Account:
    """The owner, by token."""
    sign_in = {"email": OWNER_EMAIL, "password": PASSWORD}
    got = httpx.post(f"{site.url}/api/auth/token", json=sign_in, trust_env=False, timeout=60)
    return Account(site, "owner", got.raise_for_status().json()["access"])


@dataclass
class Visitor(Account):
    """A person by a browser's session: pages may be asked for."""

    cookies: httpx.Cookies

    @property
    def headers(self) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Cookie": cookies, "X-CSRFToken": self.cookies["webox_csrf"], "Referer": self.site.url}


def visitor(site: Site, name: str) -> Visitor:
    """Signed in by the form, with an account that there is."""
    with httpx.Client(base_url=site.url, trust_env=False, timeout=60) as browser:
        browser.get("/accounts/login/")
        form = {"login": name, "password": PASSWORD, "csrfmiddlewaretoken": browser.cookies["webox_csrf"]}
        entered = browser.post("/accounts/login/", data=form, headers={"Referer": site.url})
        assert entered.status_code == 302, entered.text
        return Visitor(site, name, "", browser.cookies)


def one_of_everything(owner: Account, vendor: Vendor) -> dict[str, Any]:
    """The owner's things, by what the paths of the API call them."""
    vendor.scripts["openai"] = answering("Well.")
    sent = owner.post("/api/chat/send", message="Hello", selected_providers=["openai"]).json()
    server = owner.post("/api/chat/providers", label="Lab", base_url=vendor.address("lab"), for_everyone=True)
    assert server.status_code == 201, server.text
    return {
        "conversation_id": sent["conversation_id"],
        "message_id": sent["message_id"],
        "answer_id": sent["answers"][0]["id"],
        "folder_id": owner.post("/api/chat/folders", name="Mine too").json()["id"],
        "line_up_id": owner.post("/api/chat/line-ups", name="My two", targets=["openai"]).json()["id"],
        "token_id": owner.post("/api/auth/tokens", name="mine", scope="read").json()["id"],
        "slug": "lab",
        "name": "openai/first-model",
        "base_url": vendor.address("another"),
    }
