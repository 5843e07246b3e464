"""What no page may do, whatever a test does with it."""

from playwright.sync_api import BrowserContext, Request, Response

# select2, in which Django fills the lists of choices, styles itself: what the policy refuses of it is not needed.
LISTS_OF_DJANGO = "Applying inline style violates the following Content Security Policy directive 'style-src 'self''"


class Watch:
    """What the pages do that no page may: print to the console, fail, ask another host.

    For what a test provokes: `may_answer` takes statuses of answers, of which the console tells too, and `may_say`
    the beginnings of further lines of the console.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.complaints: list[str] = []
        self.may_answer: set[int] = set()
        # Answers are judged by on_response.
        self.may_say = {"Failed to load resource: the server responded with a status of "}

    def attach(self, context: BrowserContext) -> None:
        """Watch every page of this browser."""
        context.on("console", lambda message: self.on_console(message.text))
        context.on("weberror", lambda error: self.complaints.append(f"script: {error.error}"))
        context.on("request", self.on_request)
        context.on("response", self.on_response)

    def on_console(self, text: str) -> None:
        if not text.startswith(tuple(self.may_say)):
            self.complaints.append(f"console: {text}")

    def on_request(self, request: Request) -> None:
        if not request.url.startswith(f"{self.url}/"):
            self.complaints.append(f"another host: {request.url}")

    def on_response(self, response: Response) -> None:
        # A thumbnail may be asked for just as its file is replaced, or when all are drawn at once: the icon stays.
        if response.url.endswith("/vignette.webp") and response.status in (404, 503):
            return
        if response.status >= 400 and response.status not in self.may_answer:
            self.complaints.append(f"status {response.status}: {response.url}")
