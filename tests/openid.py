"""An OpenID provider of the tests' own, as a process: oidc-provider-mock, with what ProConnect adds to it.

    with openid.running() as provider:
        provider.knows("sub-1", email="camille@essai.example")

Like ProConnect it insists on PKCE with S256 and on a nonce, signs userinfo and names its key. Unlike it, it lies:
`provider.lies("userinfo-of-another")`, by one of the LIES below.
"""

import base64
import contextlib
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import jwt
import requests
from django.conf import settings

CLIENT = "portail-tests"
KEY_ID = "key-1"
TIMEOUT_SECONDS = 10

Claims = dict[str, Any]
Key = Any

# What becomes of a token on its way: (its claims, the provider's key and its id) → the token that is sent.
Lie = Callable[[Claims, Key, str], str]


def signed(claims: Claims, key: Key, kid: str, algorithm: str = "RS256") -> str:
    return jwt.encode(claims, key, algorithm, headers={"kid": kid})


@cache
def another_key() -> Key:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def changed(**changes: Any) -> Lie:
    return lambda claims, key, kid: signed(claims | changes, key, kid)


def without(name: str) -> Lie:
    return lambda claims, key, kid: signed({k: v for k, v in claims.items() if k != name}, key, kid)


def by_hand(claims: Claims, kid: str, algorithm: str, sign: Callable[[bytes], bytes]) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": algorithm, "typ": "JWT", "kid": kid}, claims)]
    body = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    return (body + b"." + base64.urlsafe_b64encode(sign(body)).rstrip(b"=")).decode()


def with_public_key_as_secret(claims: Claims, key: Key, kid: str) -> str:
    """The classic: HMAC, keyed with what everybody may read."""
    import hmac

    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return by_hand(claims, kid, "HS256", lambda body: hmac.digest(public, body, "sha256"))


LIES: dict[str, Lie] = {
    "of-another-key": lambda claims, key, kid: signed(claims, another_key(), kid),
    "of-an-unknown-key": lambda claims, key, kid: signed(claims, another_key(), "unknown"),
    "without-signature": lambda claims, key, kid: by_hand(claims, kid, "none", lambda body: b""),
    "with-public-key-as-secret": with_public_key_as_secret,
    "of-another-algorithm": lambda claims, key, kid: signed(claims, key, kid, "PS512"),
    "for-another-client": changed(aud="another"),
    "for-other-clients-too": changed(aud=[CLIENT, "another"]),
    "of-another-issuer": changed(iss="https://elsewhere.example"),
    "of-another-person": changed(sub="somebody-else"),
    "of-nobody": without("sub"),
    "for-no-client": without("aud"),
    "expired": changed(exp=1_700_000_000),
    "of-tomorrow": changed(nbf=4_000_000_000),
    "not-a-token": lambda claims, key, kid: "not.a.token",
}
ID_TOKEN_LIES = LIES | {
    "of-another-nonce": changed(nonce="another"),
    "without-nonce": without("nonce"),
    "that-never-expires": without("exp"),
}
USERINFO_LIES = LIES | {
    "without-e-mail": without("email"),
    "with-a-number-for-e-mail": changed(email=7),
    "with-nul-in-e-mail": changed(email="camille\x00@essai.example"),
    "not-signed-at-all": lambda claims, key, kid: json.dumps(claims),
    "said-to-be-plain": signed,
}
PLAIN = {"not-signed-at-all", "said-to-be-plain"}
# Paths that answer 500, or something else than they should.
FAILURES = {"token-fails": "/oauth2/token", "userinfo-fails": "/userinfo", "keys-fail": "/jwks"}


class Provider:
    """The tests' side of the process."""

    def __init__(self, url: str) -> None:
        self.url = url

    def knows(self, sub: str, **claims: Any) -> None:
        """Somebody, and what the provider says of them; `acr` goes into the id token."""
        requests.put(f"{self.url}/users/{sub}", json=claims, timeout=TIMEOUT_SECONDS).raise_for_status()

    def lies(self, name: str = "") -> None:
        """From now on: « id-… » or « userinfo-… » and one of the LIES, a failure, or nothing."""
        requests.put(f"{self.url}/lie", data=name, timeout=TIMEOUT_SECONDS).raise_for_status()

    def answer(self, departure: str, sub: str, action: str = "") -> requests.Response:
        """What a person's browser gets who agrees to be `sub`, or denies."""
        return requests.post(
            departure, data={"sub": sub, "action": action}, allow_redirects=False, timeout=TIMEOUT_SECONDS
        )


@contextlib.contextmanager
def running() -> Iterator[Provider]:
    """The provider, on a port of its own, until the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.openid"],
        cwd=settings.BASE_DIR,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout
        url = process.stdout.readline().strip()
        assert url, "The provider did not start."
        yield Provider(url)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def serve() -> None:
    """Run in the process: print the address, and answer until killed."""
    import flask
    import oidc_provider_mock
    from werkzeug.serving import make_server

    app = oidc_provider_mock.app(require_nonce=True)
    challenges: dict[str, str] = {}
    lie, key = "", None

    @app.put("/lie")
    def tell() -> str:
        nonlocal lie
        lie = flask.request.get_data(as_text=True)
        return ""

    @app.before_request
    def insist() -> tuple[str, int] | None:
        path, sent = flask.request.path, flask.request.values
        if FAILURES.get(lie) == path:
            return "out of order", 500
        if path == "/oauth2/authorize" and sent.get("code_challenge_method") != "S256":
            return "PKCE is required", 400
        if path == "/oauth2/token":
            proved = base64.urlsafe_b64encode(hashlib.sha256(sent.get("code_verifier", "").encode()).digest())
            if challenges.pop(sent.get("code", ""), None) != proved.rstrip(b"=").decode():
                return '{"error": "invalid_grant"}', 400
        return None

    @app.after_request
    def alter(response: flask.Response) -> flask.Response:
        nonlocal key
        path = flask.request.path
        if path == "/oauth2/authorize" and "code=" in response.headers.get("Location", ""):
            code = response.headers["Location"].partition("code=")[2].partition("&")[0]
            challenges[code] = flask.request.args["code_challenge"]
        if path not in ("/oauth2/token", "/userinfo", "/jwks") or response.status_code != 200:
            return response
        told = response.get_json()
        if key is None:  # taken apart once: checking a private key takes a while
            key = jwt.PyJWK(flask.g.oidc_provider_mock_storage.jwk.as_dict(is_private=True), "RS256").key
        if path == "/jwks":
            response.set_data(json.dumps({"keys": [public | {"kid": KEY_ID} for public in told["keys"]]}))
        elif path == "/userinfo":
            own = {"iss": flask.request.host_url.rstrip("/"), "aud": CLIENT, "exp": int(time.time()) + 60}
            name = lie.removeprefix("userinfo-")
            response.set_data(USERINFO_LIES.get(name, signed)(told | own, key, KEY_ID))
            response.headers["Content-Type"] = "application/json" if name in PLAIN else "application/jwt"
        else:
            claims = jwt.decode(told["id_token"], options={"verify_signature": False})
            told["id_token"] = ID_TOKEN_LIES.get(lie.removeprefix("id-"), signed)(claims, key, KEY_ID)
            response.set_data(json.dumps(told))
        return response

    server = make_server("127.0.0.1", 0, app, threaded=True)
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    serve()
