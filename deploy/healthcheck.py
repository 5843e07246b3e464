"""Exit with 0 when the web server of this container answers, else with 1 and the reason.

Liveness alone: a database that is away is no reason to end a web server. A script of its own, so that it costs no
start of Django every ten seconds.
"""

import http.client
import os
import sys


def main() -> None:
    # Django answers to the hosts that it knows; « .example » stands for all below it.
    host = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip().removeprefix(".")
    port = int(os.environ.get("PORT", "8000"))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", "/sante/", headers={"Host": "localhost" if host in ("", "*") else host})
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        sys.exit(f"No answer: {error}")
    finally:
        connection.close()
    if status != 200:
        sys.exit(f"/sante/ answers {status}")


if __name__ == "__main__":
    main()
