"""Every sentence that refuses something, as it stands in the code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

APPS = ("roles", "dossiers", "invoices", "exchange", "outbox", "trail", "portal")
# What is not said to people of the portal: the demo, the launcher, commands, checks, the design system, mails and
# receipts.
APART = re.compile(
    r"migrations/|portal/(demo|launch|management)/|portal/(style|settings|environment)\.py"
    r"|invoices/receipts/(mails|paper)\.py|roles/accounts/mails\.py|/checks\.py"
    r"|invoices/consequences\.py"  # told before a change is made, and refusing none
)
# Calls whose words are for logs and programmers, confirm something, or explain a field beforehand.
NOT_SAID = {
    *("Http404", "SuspiciousOperation", "BadRequest", "ConnectionResetError", "ValueError", "RuntimeError"),
    *("DatabaseError", "CommandError"),
    *("debug", "info", "warning", "error", "exception"),
    *("success", "log_change", "SearchField"),
    # The home of the back office says what to do, and what its plots show.
    *("Need", "Figure"),
}
# Also one that another follows, which is filled in.
SENTENCE = re.compile(r".*[\w…}»)]\.( …)?", re.DOTALL)


def written_in(source: str) -> Iterator[str]:
    """The sentences of a module, with « … » for what is filled in; what no person is told is left out."""
    tree = ast.parse(source)
    left_out: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):  # docstrings
            left_out.add(id(node.value))
        elif (isinstance(node, ast.keyword) and node.arg == "help_text") or (
            isinstance(node, ast.Assign) and any(_name(target).endswith("help_text") for target in node.targets)
        ):
            left_out |= {id(part) for part in ast.walk(node.value)}
        elif isinstance(node, ast.Call) and _name(node.func) in NOT_SAID and not _to_the_person(node.func):
            left_out |= {id(part) for part in ast.walk(node)}
        elif isinstance(node, ast.JoinedStr | ast.BinOp):
            left_out |= {id(part) for part in ast.walk(node) if part is not node}
    for node in ast.walk(tree):
        text = _text(node)
        if text and id(node) not in left_out and " " in text and SENTENCE.fullmatch(text):
            yield re.sub(r"\{\w*\}|%\(\w+\)d", "…", text).replace("\xa0", " ").replace("\u202f", " ")


def _to_the_person(function: ast.expr) -> bool:
    """`messages.warning`, and not `logger.warning`."""
    return (
        isinstance(function, ast.Attribute)
        and _name(function.value) == "messages"
        and function.attr not in ("success", "debug")
    )


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _text(node: ast.AST) -> str | None:
    """What a literal says, « … » for what is filled in; None for what is no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _text(node.left), _text(node.right)
        return left + right if left and right else None
    return None


def refusals() -> dict[str, set[str]]:
    """Every sentence with the modules that say it."""
    found: dict[str, set[str]] = {}
    for app in APPS:
        for path in sorted((settings.BASE_DIR / app).rglob("*.py")):
            module = str(path.relative_to(settings.BASE_DIR))
            if not APART.search(module):
                for sentence in written_in(path.read_text()):
                    found.setdefault(sentence, set()).add(module)
    return found


PAGES = ("400", "403", "403_csrf", "404", "413", "500", "503", "roles/choose_password")


def pages() -> dict[str, str]:
    """The headings of the pages that refuse a whole request, by their templates."""
    headings = {}
    for name in PAGES:
        text = (Path(settings.BASE_DIR) / f"templates/{name}.html").read_text()
        headings[f"templates/{name}.html"] = re.search(r"<h1[^>]*>(.*?)</h1>", text, re.DOTALL)[1].strip()
    return headings
