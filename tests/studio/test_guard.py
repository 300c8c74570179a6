"""Who is let in: the token, the server's name, pages of other sites."""

import pytest
from starlette.testclient import TestClient

from figment.studio.app import PAGES, build
from figment.studio.guard import HEADERS
from figment.studio.operations import OPERATIONS
from figment.studio.studio import Studio
from figtest.studios import PORT, TOKEN, asking


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda it: f"{it.method} {it.path}")
def test_nothing_is_served_without_the_token(shelf, operation):
    with asking(shelf, token=None) as client:
        for headers in ({}, {"authorization": "Bearer wrong"}, {"cookie": f"figment-{PORT}=wrong"}, {"cookie": "=;;"}):
            answer = client.request(operation.method, operation.path, headers=headers)
            assert answer.status_code == 401
            assert "figment studio printed" in answer.json()["error"]


def test_the_printed_address_sets_a_cookie_and_loses_the_token(shelf):
    with asking(shelf, token=None) as client:
        answer = client.get(f"/watch/x?token={TOKEN}&a=1")
        assert (answer.status_code, answer.headers["location"]) == (303, "/watch/x?a=1")
        assert "httponly" in answer.headers["set-cookie"].lower()
        assert "samesite=strict" in answer.headers["set-cookie"].lower()
        assert client.get("/api/runs").status_code == 200  # by the cookie
        assert client.get("/?token=older").status_code == 401
        assert (
            client.get(f"http://127.0.0.1:{PORT}//evil.example/?token={TOKEN}").headers["location"] == "/evil.example/"
        )


NOT_OURS = (
    "evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:1", f"127.0.0.1.evil.example:{PORT}", "", "[",
    f"10.0.0.1:{PORT}", "127.0.0.1:99999",
)  # fmt: skip


@pytest.mark.parametrize("host", NOT_OURS)
def test_a_name_that_is_not_ours_is_refused(ask, host):
    assert ask.get("/api/runs", headers={"host": host}).status_code == 421
    assert ask.get("/", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("host", [f"127.0.0.1:{PORT}", f"localhost:{PORT}", f"[::1]:{PORT}", f"LOCALHOST:{PORT}"])
def test_our_names_are_known(ask, host):
    assert ask.get("/api/runs", headers={"host": host}).status_code == 200


def test_shared_with_other_machines_an_address_is_known_but_no_name(shelf):
    app = build(Studio((shelf,)), TOKEN, PORT, is_shared=True)
    headers = {"authorization": f"Bearer {TOKEN}"}
    with TestClient(app, base_url=f"http://10.1.2.3:{PORT}", headers=headers) as client:
        assert client.get("/api/runs").status_code == 200
        assert client.get("/api/runs", headers={"host": f"evil.example:{PORT}"}).status_code == 421


FRAMED = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}
FROM_OTHERS = (
    {"origin": "http://evil.example"}, {"origin": "null"}, {"origin": f"http://127.0.0.1:{PORT + 1}"},
    {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, FRAMED,
)  # fmt: skip


@pytest.mark.parametrize("headers", FROM_OTHERS)
def test_another_site_is_refused_with_the_token_and_all(ask, headers):
    assert ask.get("/api/runs", headers=headers).status_code == 403
    assert ask.post("/api/runs", headers=headers, content=b"{}").status_code == 403


def test_a_link_elsewhere_may_lead_to_a_page(ask):
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert ask.get("/", headers=link).status_code == 200


@pytest.mark.parametrize(
    "path", [*(page.replace("{id}", "x") for page in PAGES), "/api/runs", "/nowhere", "/api/nothing"]
)
def test_every_answer_has_the_policy(ask, path):
    answer = ask.get(path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "unsafe" not in answer.headers["content-security-policy"]


OUTSIDE = (
    "/assets/../index.html", "/assets/%2e%2e/%2e%2e/app.py", "/assets/..%2f..%2fapp.py", "/assets//etc/passwd",
    "/api/runs/..%2f..%2fetc/sheets/0", "/api/runs/%00/sheets/0",
)  # fmt: skip


@pytest.mark.parametrize("path", OUTSIDE)
def test_no_path_leads_outside(ask, path):
    assert ask.get(path).status_code == 404
