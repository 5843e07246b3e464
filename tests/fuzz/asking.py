"""What is asked: Hypothesis' strategies for requests, of the fields that each address reads and of what it does not."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

from dossiers.enums import DossierStatus, Product
from invoices.enums import DepositState, DocumentType
from invoices.wizard.steps import STEP_TITLES
from tests.fuzz.place import SIDES, Place
from tests.pdfs import encrypted_for_opening, launch, plain_pdf, truncated

Fields = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """One request; `files` by field, as a name and the bytes. `address` is how the table names it."""

    who: str
    method: str
    address: str
    path: str
    fields: Fields = field(default_factory=dict)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)


NASTY = [
    *("\x00", "a\x00b", "'", '"', "<script>", "%", "%00", "\\", "../../etc/passwd", "${7*7}", "{{ 7 }}", "' OR 1=1 --"),
    *(
        "\u202e",
        "\ufeff",
        "\ufdfa" * 35,
        "é",
        "e\u0301",
        "ﬁ",
        "İ",
        "ß" * 40,
        "𝟙𝟚",
        "٣",
        "½",
        "　",
        "😀",
        "\r\n",
        "\x1b[0m",
    ),
    *("-1", "0", "1e9", "1e9999", "NaN", "Infinity", "9" * 400, "0x10", "1_000", "true", "null", "[]", "a" * 5_000),
]
texts = st.one_of(st.sampled_from(NASTY), st.text(max_size=50))
amounts = st.one_of(
    st.sampled_from(["4 800,00", "1\u202f234,5", "0", "-3", "€ 12", "1.234,56", "12,345", "9" * 13]), texts
)
dates = st.one_of(
    st.dates().map(lambda day: f"{day:%d/%m/%Y}"),
    st.sampled_from(["31/02/2026", "00/00/0000", "2026-11-23", "23112026", "9999-12-31", "1/1/1"]),
    texts,
)
numbers = st.one_of(st.sampled_from(["F2026-1", "D-provider", "d - EMPLOYER", "ﬀ" * 35]), texts)
codes = st.one_of(st.sampled_from([*Product.values, *DossierStatus.values, *DepositState.values, *DocumentType]), texts)
pages = st.one_of(st.sampled_from(["1", "2", "0", "-1", "last", "1.5", "9" * 30]), texts)
file_names = st.one_of(
    st.sampled_from(
        ["facture.pdf", "", ".", "..", "../x.pdf", "a/b\\c.pdf", "\u202efdp.exe", "x" * 300, "a\x00.pdf", "CON"]
    ),
    st.text(max_size=80),
)
# A file that begins and ends as a PDF is read in the box, which takes a process: seldom.
contents = st.one_of(
    *[st.binary(max_size=200), st.binary(max_size=50).map(lambda content: b"%PDF-1.7" + content)] * 6,
    st.sampled_from([b"", plain_pdf(), truncated(), launch(), encrypted_for_opening()]),
)
files = st.tuples(file_names, contents)


def some_of(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Fields]:
    """Some of these fields, seldom with one that nobody reads."""
    known = st.fixed_dictionaries({}, optional=fields)
    return st.one_of(known, known, st.builds(lambda a, b: a | b, known, st.dictionaries(texts, texts, max_size=1)))


# --- Lists and pages: GET -------------------------------------------------------------------------------------------

QUERIES: dict[str, st.SearchStrategy[Fields]] = {
    "/": some_of(page=pages),
    "/dossiers/": some_of(
        q=texts, produit=codes, statut=codes, subroge=st.sampled_from(["oui", "non", "x"]), page=pages
    ),
    "/depots/": some_of(q=texts, statut=codes, cote=codes, du=dates, au=dates, page=pages),
    "/depots/export.csv": some_of(q=texts, statut=codes, cote=codes, du=dates, au=dates),
    "/depots/export.xlsx": some_of(q=texts, statut=codes, du=dates, au=dates),
    "/depots/statuts/": some_of(depot=texts),
    "/verifier/": some_of(reference=texts),
    "/connexion/": some_of(next=texts, compte=texts),
    "/accessibilite/": some_of(x=texts),
    "/donnees-personnelles/": some_of(x=texts),
    "/donnees-personnelles/mes-donnees/": some_of(x=texts),
    "/compte/": some_of(x=texts),
    "/compte/double-authentification/": some_of(next=texts),
    "/compte/double-authentification/activer/": some_of(next=texts),
    "/compte/double-authentification/qr.svg": some_of(x=texts),
    "/connexion/code/": some_of(next=texts),
    "/mot-de-passe/": some_of(email=texts),
    "/proconnect/": some_of(next=texts),
    "/proconnect/retour/": some_of(state=texts, code=texts, error=texts),
    "/admin/login/": some_of(next=texts),
}
LOOKUPS = [
    *("q", "p", "o", "e", "all", "_facets", "_to_field", "_popup", "state__exact", "state", "side", "origin", "id"),
    *("submitted_at__year", "submitted_at__month", "submitted_at__day", "submitted_at__gte", "origin__number"),
    *(
        "uploaded_at__year",
        "uploaded_at__month",
        "created_at__year",
        "created_at__day",
        "date_joined__year",
        "at__year",
    ),
    *("deposit__isempty", "draft__isempty", "deleted_at__isempty", "is_active__exact", "role_assignments__role__exact"),
    *("product__exact", "status__exact", "subrogated__exact", "etat", "last_error__isempty", "password__startswith"),
    *("role__exact", "type__exact", "user__password__contains", "covers_tuition__exact", "saved_at__day"),
]


def pages_of(place: Place) -> st.SearchStrategy[Asked]:
    """Lists, their filters, searches and exports; the back office's lists too."""
    people = st.sampled_from(sorted(place.browsers))

    def get(who: str, path: str, query: Fields) -> Asked:
        return Asked(who, "GET", path, f"{path}?{urlencode(query)}")

    portal = st.one_of(*(st.builds(get, people, st.just(path), query) for path, query in QUERIES.items()))
    raw = st.builds(
        lambda who, path, query: Asked(who, "GET", path, f"{path}?q={quote(query)}&page={quote(query[:3])}"),
        people,
        st.sampled_from(sorted(QUERIES)),
        st.binary(max_size=20),
    )
    lookups = st.dictionaries(st.sampled_from(LOOKUPS), st.one_of(pages, dates, codes, texts), max_size=3)
    back_office = st.builds(
        lambda path, query: Asked("back office", "GET", "/admin/…/", f"{path}?{urlencode(query)}"),
        st.sampled_from(place.lists),
        lookups,
    )
    actions = st.builds(
        lambda path, fields: Asked("back office", "POST", "/admin/…/", path, fields),
        st.sampled_from(place.lists),
        some_of(
            action=st.sampled_from(["delete_selected", "put_back", "unlock", "invite", "x"]),
            _selected_action=texts,
            index=pages,
        ),
    )
    return st.one_of(portal, portal, raw, back_office, back_office, actions)


# --- Things, by their addresses -------------------------------------------------------------------------------------


def things_of(place: Place) -> st.SearchStrategy[Asked]:
    """Dossiers, deposits and documents, own and forged, read and posted to."""
    people = st.sampled_from(sorted(place.browsers))
    secrets = st.one_of(
        st.sampled_from(["choisir/", *(f"{secret}/" for secret in place.links.values())]),
        texts.map(lambda text: f"{quote(text, safe='')}/"),
    )
    tails = {
        "/dossiers/<numero>/": st.sampled_from(["", "documents/", "factures/ajouter/"]),
        "/depots/<uuid>/": st.sampled_from(
            ["recepisse/", "recepisse.pdf", "annuler/", "supprimer/", "documents.zip", "dossiers/", "facture/", "x/"]
        ),
        "/documents/<uuid>/": st.sampled_from(
            ["", "apercu/", "vignette.webp", "pages/0.webp", "pages/99999999999.webp"]
        ),
        "/recepisses/<reference>/": st.just(""),
        "/mot-de-passe/<uid>/": secrets,
        "/invitation/<uid>/": secrets,
    }
    ids = {
        "/dossiers/<numero>/": st.sampled_from(place.dossiers["provider"] + place.dossiers["employer"]),
        "/depots/<uuid>/": st.sampled_from(place.deposits + place.drafts["provider"] + place.drafts["employer"]),
        "/documents/<uuid>/": st.sampled_from(place.documents),
        "/recepisses/<reference>/": st.sampled_from(place.references),
        "/mot-de-passe/<uid>/": st.sampled_from(sorted(place.links)),
        "/invitation/<uid>/": st.sampled_from(sorted(place.links)),
    }
    query = some_of(
        **dict.fromkeys(("depot", "recherche", "new_password1", "new_password2"), texts),
        **{"page": pages, "type": codes, "cote": codes},
    )

    def ask(who: str, method: str, address: str, thing: str, tail: str, query: Fields) -> Asked:
        path = address.replace("<numero>", thing).replace("<uuid>", thing).replace("<reference>", thing)
        path = path.replace("<uid>", thing)
        if method == "POST":
            return Asked(who, method, address, path + tail, query)
        return Asked(who, method, address, f"{path}{tail}?{urlencode(query)}")

    return st.one_of(
        *(
            st.builds(
                ask,
                people,
                st.sampled_from(["GET", "GET", "HEAD", "POST"]),
                st.just(address),
                st.one_of(ids[address], ids[address], texts.map(lambda text: quote(text, safe=""))),
                tails[address],
                query,
            )
            for address in tails
        )
    )


# --- Forms: POST ----------------------------------------------------------------------------------------------------

BUTTONS = {
    "wizard_goto_step": st.one_of(st.sampled_from(sorted(STEP_TITLES)), texts),
    "recevoir": st.one_of(st.sampled_from(["facture", "certificat", "piece1"]), texts),
    "retirer-piece": st.one_of(st.sampled_from(["facture", "certificat", "piece1"]), texts),
    "ajouter-piece": texts,
    "rechercher": texts,
    "entree": texts,
    "garder": texts,
    "vu": st.one_of(st.just("details-number:e3b0c44298fc facture-covers_tuition:zz"), texts),
}


passwords = st.one_of(st.sampled_from(["demo", "Brouette7!Lune"]), texts)
six_signs = st.one_of(st.sampled_from(["000000", "000 000", "aaaa-bbbb", "٠٠٠٠٠٠", "½" * 6]), texts)
# What a person does with their account.
ACCOUNTS: dict[str, st.SearchStrategy[Fields]] = {
    "/compte/mot-de-passe/": some_of(old_password=passwords, new_password1=passwords, new_password2=passwords),
    "/compte/deconnexion/": some_of(x=texts),
    "/mot-de-passe/": some_of(email=st.one_of(st.sampled_from(["camille@essai.example", "é@essai.example"]), texts)),
    "/connexion/code/": some_of(code=six_signs),
    "/connexion/code-de-secours/": some_of(code=six_signs),
    "/compte/double-authentification/": some_of(password=passwords),
    "/compte/double-authentification/activer/": some_of(code=six_signs),
    "/compte/double-authentification/codes/": some_of(code=six_signs),
    "/compte/double-authentification/codes.txt": some_of(code=six_signs),
    "/compte/double-authentification/desactiver/": some_of(password=passwords, code=six_signs),
}


def forms_of(place: Place) -> st.SearchStrategy[Asked]:
    """The wizard's four steps, a document outside an invoice, the log-in, the account."""

    def step(who: str, draft: str, name: str, posted_step: str, typed: Fields, buttons: Fields, sent: Fields) -> Asked:
        fields = {f"{name}-{key}": value for key, value in typed.items()} | buttons
        fields[f"depot-{draft}-current_step"] = posted_step
        uploads = {f"{name}-{key}": value for key, value in sent.items()}
        return Asked(who, "POST", f"/depots/<uuid>/{name}/", f"/depots/{draft}/{name}/", fields, uploads)

    typed: dict[str, st.SearchStrategy[Fields]] = {
        "facture": some_of(covers_tuition=st.one_of(st.sampled_from(["oui", "non"]), texts)),
        "details": some_of(number=numbers, issue_date=dates, amount_ht=amounts, amount_ttc=amounts, recherche=texts),
        "justificatifs": some_of(type=codes),
        "transmettre": some_of(shown=texts),
    }
    sent = {
        "facture": st.fixed_dictionaries({}, optional={"facture": files}),
        "justificatifs": st.fixed_dictionaries({}, optional={"certificat": files, "piece1": files}),
    }

    def steps(who: str) -> st.SearchStrategy[Asked]:
        dossiers = st.one_of(st.sampled_from(place.dossiers[who]), texts)
        buttons = st.one_of(
            st.just({}), st.fixed_dictionaries({}, optional=BUTTONS | {"associer": dossiers, "dissocier": dossiers})
        )
        return st.one_of(
            *(
                st.builds(
                    step,
                    st.just(who),
                    st.sampled_from(place.drafts[who]),
                    st.just(name),
                    st.one_of(st.just(name), st.just(name), st.just(name), texts),
                    typed[name],
                    buttons,
                    sent.get(name, st.just({})),
                )
                for name in STEP_TITLES
            )
        )

    document = st.builds(
        lambda who, number, fields, sent: Asked(
            who, "POST", "/dossiers/<numero>/documents/ajouter/", f"/dossiers/{number}/documents/ajouter/", fields, sent
        ),
        st.sampled_from(sorted(SIDES)),
        st.sampled_from(place.dossiers["provider"]),
        some_of(
            type=codes,
            depot=st.one_of(st.uuids().map(str), st.sampled_from(place.deposits + place.drafts["provider"]), texts),
            side=codes,
        ),
        st.fixed_dictionaries({}, optional={"fichier": files}),
    )
    log_in = st.builds(
        lambda fields: Asked("anonymous", "POST", "/connexion/", "/connexion/", fields),
        some_of(username=texts, password=texts, next=texts),
    )
    accounts = st.one_of(
        *(
            st.builds(
                lambda who, address, fields: Asked(who, "POST", address, address, fields),
                st.sampled_from(sorted(place.browsers)),
                st.just(address),
                fields,
            )
            for address, fields in ACCOUNTS.items()
        )
    )
    anonymous_step = steps("provider").map(
        lambda asked: Asked("anonymous", asked.method, asked.address, asked.path, asked.fields, asked.files)
    )
    return st.one_of(*[steps(who) for who in SIDES] * 3, document, log_in, accounts, anonymous_step)


def requests_to(place: Place) -> st.SearchStrategy[Asked]:
    """Any request."""
    forms = forms_of(place)
    return st.one_of(forms, forms, pages_of(place), things_of(place))
