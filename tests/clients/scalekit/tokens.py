"""The tokens that the proofs of the SDKs check, good and bad, as JSON: one list for Python and Node.

Each has a name, the token, the options it is checked with, and whether it is good. Good ones come from Gatepost; bad
ones too, or are made of them."""

import hashlib
import hmac
import json

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from common import ENVIRONMENT, SEARCH, machine, machine_token, part, person_tokens, resource, written


def signed_by_another(token: str) -> str:
    """The same claims, signed with a key that Gatepost does not publish."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    header = {**part(token, 0), "kid": "key_of_another"}
    text = written(header, part(token, 1))[:-1]
    return written(header, part(token, 1), key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))


def signed_with_the_public_key(token: str, jwks: dict) -> str:
    """HS256 with the text of the public RSA key as the secret."""
    from jwt import PyJWK

    kid = part(token, 0)["kid"]
    jwk = next(key for key in jwks["keys"] if key["kid"] == kid)
    pem = PyJWK(jwk).key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    header = {**part(token, 0), "alg": "HS256"}
    text = written(header, part(token, 1))[:-1]
    return written(header, part(token, 1), hmac.new(pem, text.encode(), hashlib.sha256).digest())


def cases(name: str, port: int, jwks: dict) -> dict:
    url = f"http://localhost:{port}/mcp"
    own, other = resource(name, url)["id"], resource(f"{name}, another", f"http://localhost:{port}/other")["id"]
    client = machine(name)
    tokens = person_tokens(own)
    good, machines = tokens["access_token"], machine_token(own, client)
    options = {"issuer": ENVIRONMENT, "audience": [own], "required_scopes": [SEARCH]}

    def case(what: str, token: str, is_good: bool, **changes) -> dict:
        return {"what": what, "token": token, "options": {**options, **changes}, "good": is_good}

    header, body, _ = good.split(".")
    return {
        "environment": ENVIRONMENT,
        "client": client,
        "resource": own,
        "cases": [
            case("a person's token, for the resource id", good, True),
            case("a person's token, for the server URL", good, True, audience=[url]),
            case("a machine's token", machines, True),
            case("the server URL with a slash at its end", good, False, audience=[f"{url}/"]),
            case("another audience", good, False, audience=["https://other.example/mcp"]),
            case("a token for another resource", machine_token(other, client), False),
            case("another issuer", good, False, issuer="https://other.example"),
            case("the issuer with a slash at its end", good, False, issuer=f"{ENVIRONMENT}/"),
            case("a scope that the token lacks", good, False, required_scopes=["search:write"]),
            case("changed claims", f"{header}.{written({}, {**part(good, 1), 'sub': 'x'}).split('.')[1]}.{good.split('.')[2]}", False),
            case("no signature, alg none", written({"alg": "none", "typ": "JWT"}, part(good, 1)), False),
            case("HS256 with the public key", signed_with_the_public_key(good, jwks), False),
            case("a key that is not published", signed_by_another(good), False),
            case("an ID token", tokens["id_token"], False),
            case("text that is no token", "opaque", False),
        ],
    }


if __name__ == "__main__":
    import sys
    import urllib.request

    with urllib.request.urlopen(f"{ENVIRONMENT}/keys", timeout=15) as answer:
        json.dump(cases(sys.argv[1], int(sys.argv[2]), json.loads(answer.read())), sys.stdout)
