"""ScaleKit's SDK for Python, unmodified, with Gatepost as its environment: constructed, good tokens believed, each kind
of bad one refused, and a key rotated under a process that never fetches keys again."""

import json
import subprocess
import sys
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import jwt.api_jwt
from scalekit import ScalekitClient
from scalekit.common.exceptions import ScalekitUnauthorizedException
from scalekit.common.scalekit import TokenValidationOptions

from common import ENVIRONMENT, documented, free_port, token_of_next_key


def main() -> None:
    made = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("tokens.py")), "Python SDK", str(free_port())],
        capture_output=True, text=True, check=False,
    )
    assert made.returncode == 0, made.stderr
    given = json.loads(made.stdout)
    client_id, secret = given["client"]
    rows = []

    sdk = ScalekitClient(ENVIRONMENT, client_id, secret)
    rows.append(("constructed, with the token it asks for at once", "works"))
    ScalekitClient(f"{ENVIRONMENT}/", client_id, secret)
    rows.append(("constructed with a slash at the end of the URL", "works"))
    try:
        ScalekitClient(ENVIRONMENT, client_id, "wrong")
    except ScalekitUnauthorizedException:
        rows.append(("constructed with a wrong secret", "`ScalekitUnauthorizedException`"))
    else:
        raise AssertionError("a wrong secret was taken")

    for case in given["cases"]:
        rows.append((case["what"], verdict(sdk, case)))
        believed = rows[-1][1] == "believed"
        assert believed is case["good"], rows[-1]

    expired = given["cases"][0]
    with Later(hours=25):
        rows.append(("a token that is over", verdict(sdk, expired)))
    assert rows[-1][1] != "believed"

    # The SDK fetched the keys long ago and never will again: the next one was among them.
    before = dict(expired)
    before["token"] = token_of_next_key(given["resource"], (client_id, secret), expired["token"])
    rows.append(("a token signed after the keys were rotated, in a process of before", verdict(sdk, before)))
    rows.append(("a token signed before", verdict(sdk, expired)))
    assert [result for _, result in rows[-2:]] == ["believed", "believed"], rows[-2:]
    documented(f"scalekit-sdk-python {version('scalekit-sdk-python')}", rows)


def verdict(sdk: ScalekitClient, case: dict) -> str:
    options = TokenValidationOptions(**case["options"])
    try:
        claims = sdk.validate_token(case["token"], options=options)
    except Exception as error:  # whatever it raises is its way to refuse
        return f"refused: `{type(error).__name__}`"
    assert claims["client_id"] and claims["sub"] and claims["oid"], claims
    assert sdk.validate_access_token(case["token"], options=options) is True
    return "believed"


class Later:
    """The clock of PyJWT, put forward."""

    def __init__(self, **by: int) -> None:
        delta = timedelta(**by)

        class Shifted(datetime):
            @classmethod
            def now(cls, tz=None):
                return datetime.now(tz) + delta

        self._shifted = Shifted

    def __enter__(self) -> None:
        self._before, jwt.api_jwt.datetime = jwt.api_jwt.datetime, self._shifted

    def __exit__(self, *_) -> None:
        jwt.api_jwt.datetime = self._before


if __name__ == "__main__":
    main()
