"""Mail, through an SMTP server we did not write (aiosmtpd, with STARTTLS): the forgotten password, and word of a new browser."""

import mailbox
import os
import re
import time
from email.message import Message
from urllib.parse import urljoin, urlsplit

from expect import EMAIL, GATEPOST_URL, Say, proof
from login import Browser, _Page, _submission

PASSWORD = os.environ["GATEPOST_TEST_PASSWORD"]
PATIENCE = 20  # seconds


def letters() -> list[Message]:
    """What arrived for the person, oldest first."""
    box = mailbox.Maildir(os.environ["MAILDIR"], create=False)
    return sorted((mail for mail in box if mail["To"] == EMAIL), key=lambda mail: mail["Message-ID"])


def wait_for(subject: str, count: int) -> Message:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = [mail for mail in letters() if mail["Subject"] == subject]
        if len(found) >= count:
            return found[-1]
        time.sleep(0.1)
    raise AssertionError(f"no {count}. mail '{subject}' among {[mail['Subject'] for mail in letters()]}")


def count(subject: str) -> int:
    return sum(mail["Subject"] == subject for mail in letters())


def submit(browser: Browser, path: str, values: dict[str, str]) -> tuple[int, str | None, str]:
    """Opens a page, fills its form, and sends it."""
    url = urljoin(GATEPOST_URL, path)
    status, _, html = browser._send(url, None)
    assert status == 200, f"{url} -> {status}: {_Page(html).text()}"
    form = next(form for form in _Page(html).forms if form["method"] == "post")
    return browser._send(*_submission(form, url, values))


async def steps(say: Say) -> None:
    subject = "A new browser signed in to your account"
    before = count(subject)
    for expected in (303, 303):  # whether or not the first is the first ever, the second is new
        status, _, html = submit(Browser(), "/login", {"email": EMAIL, "password": PASSWORD})
        assert status == expected, _Page(html).text()
    notice = wait_for(subject, before + 1)
    text = notice.get_payload(decode=True).decode()
    assert f"{GATEPOST_URL}/account/sessions" in text and "From: 127.0.0.1" in text, text
    assert notice.get_content_type() == "text/plain" and notice["From"] == "Gatepost <auth@example.com>", notice
    say("a sign-in on a new browser is told by mail")

    subject = "Choose a new password"
    before = count(subject)
    answers = [_Page(submit(Browser(), "/forgot", {"email": who})[2]).text() for who in (EMAIL, "nobody@example.com")]
    assert answers[0] == answers[1] and "Look into your mailbox" in answers[0], answers
    text = wait_for(subject, before + 1).get_payload(decode=True).decode()
    link = re.search(r"https?://\S+", text).group()
    assert link.startswith(f"{GATEPOST_URL}/reset?token="), link
    path = f"{urlsplit(link).path}?{urlsplit(link).query}"
    status, location, html = submit(Browser(), path, {"password": PASSWORD, "password_again": PASSWORD})
    assert (status, location) == (303, "/account"), f"{status} {_Page(html).text()}"
    wait_for("Your password was changed", 1)
    status, _, _ = Browser()._send(link, None)
    assert status == 410, f"the link works twice: {status}"
    say("a forgotten password is replaced by a link in a mail, once")


proof("mail", steps)
