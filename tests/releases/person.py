"""One person on a running site, with a program and a browser, for as long as the site is at its address."""

from typing import Any

import httpx

from tests.site.running import PASSWORD, Account, Site

CSRF_COOKIE = "webox_csrf"


class Person:
    """Somebody who has an account."""

    def __init__(self, site: Site, login: str, password: str = PASSWORD, otp: str = "") -> None:
        self.site = site
        self.login = login
        self.password = password
        self.otp = otp
        """For the program alone."""
        self._token = ""
        self.browser = httpx.Client(base_url=site.url, follow_redirects=True, **site.options)

    def rest(self, method: str, path: str, /, **body: Any) -> Any:
        """What the API answers; None where it has nothing to say. Fails where it refuses."""
        got = self.request(method, path, json=body or None)
        assert got.is_success, f"{method} {path}: {got.status_code} {got.text}"
        return got.json() if got.content else None

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The same with other things than JSON, whatever comes of it."""
        headers = self.program.headers | options.pop("headers", {})
        return httpx.request(method, self.site.url + path, headers=headers, **options, **self.site.options)

    @property
    def program(self) -> Account:
        """Signed in over REST, once."""
        if not self._token:
            body = {"username": self.login, "password": self.password}
            body |= {"otp": self.otp} if self.otp else {}
            got = httpx.post(f"{self.site.url}/api/auth/token", json=body, **self.site.options)
            assert got.status_code == 200, got.text
            self._token = got.json()["access"]
        return Account(self.site, self.login, self._token)

    def close(self) -> None:
        """Close the browser."""
        self.browser.close()

    def enter(self) -> httpx.Response:
        """Sign in with the browser; returns the page to which that leads."""
        entered = self.form("/accounts/login/", login=self.login, password=self.password)
        assert entered.url.path != "/accounts/login/", entered.text
        return entered

    def page(self, path: str) -> str:
        got = self.browser.get(path)
        assert got.is_success, f"{path}: {got.status_code}"
        return got.text

    def form(self, path: str, /, **fields: str) -> httpx.Response:
        """Open a page, fill in its form and send it; returns the page after it."""
        self.page(path)
        return self.send(path, fields)

    def send(self, path: str, fields: dict[str, str], files: Any = None) -> httpx.Response:
        """Send a form of the page that is open; returns the page after it."""
        data = {"csrfmiddlewaretoken": self.browser.cookies[CSRF_COOKIE]} | fields
        got = self.browser.post(path, data=data, files=files)
        assert got.is_success, f"{path}: {got.status_code} {got.text}"
        return got
